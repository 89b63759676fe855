import json, sys
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

asked = json.loads(sys.stdin.readline())
widths = [node["op"]["Conv"]["channels"] for node in asked["architecture"]["nodes"] if "Conv" in node["op"]]
x, y = load_digits(return_X_y=True)
train, judge = list(StratifiedKFold(asked["n_folds"]).split(x, y))[asked["fold"] - 1]
model = MLPClassifier(widths, random_state=asked["seed"])
for epoch in range(1, asked["epochs"] + 1):
    model.partial_fit(x[train] / 16, y[train], classes=range(10))
    print(json.dumps({"epoch": epoch, "loss": float(model.loss_)}), flush=True)
said = model.predict(x[judge] / 16)
print(json.dumps({"metrics": {"accuracy": accuracy_score(y[judge], said), "macro_f1": f1_score(y[judge], said, average="macro")}}))
