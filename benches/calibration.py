"""Do certificates hold? Searches on drawn faces, and what each one's variants have on 1,998 people whom no search saw.

    python3 benches/calibration.py NETSYNTH [RUNS]      # in an empty folder; 40 runs, about three minutes of one core each

Each run has other people and another seed. A run's certificates hold if each of its variants has at least the accuracy on the new
people that its certificate states: all of a run's bounds together should in 95 of 100 runs. Prints a row for each variant and the counts, with Clopper and
Pearson's interval for the share of runs that hold. A folder in which it was interrupted is gone on with. Also how many pairs of a front the search itself had in the order of their certificates.
"""

import csv
import itertools
import os
import re
import subprocess
import sys
import tempfile

PLAN = """(schema: 1, space: "emotionnet",
    data: (
        source: Synthetic(subjects: 75, seed: {data}, side: 48, frames: 2),
        options: (height: 24, width: 24, frames: 1), n_folds: 4, held_out: 0.15,
    ),
    search: (
        seed: {seed}, n_trials: 60, generation_size: 6, strategy: Synthesis,
        indicator: ["accuracy >= 60 %", "parameters <= 100k", "macs <= 12M"],
        performance: (alpha: 2.0, beta: 0.5, gamma: 0.5), objectives: [Maximise(Accuracy), Minimise(Parameters)],
        rungs: [(epochs: 1000, macs: 12e6, folds: 1, keep: 0.4), (epochs: 3000, macs: 45e6, folds: 1, keep: 1.0)],
        prior: (family: 8, shapes: true, sizes: true), limits: (failures_in_a_row: 12, macs: 500e6),
    ),
    final_epochs: 3000, final_macs: 60e6, certify: true,
)"""
LABELS = ["", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"]
# A set of drawn faces has 999 people at most.
PEOPLE = ["new-777", "new-778"]


def labels(people):
    """The label of each new person's image of an expression."""
    found = {}
    for folder, _, names in os.walk(os.path.join(people, "Emotion")):
        for name in names:
            with open(os.path.join(folder, name)) as file:
                found[name.removesuffix("_emotion.txt")] = LABELS[int(float(file.read()))]
    return found


def accuracy(netsynth, model, known):
    said = []
    for people, labels in known.items():
        printed = subprocess.run([netsynth, "classify", model, people, "--csv", "--quiet"], check=True, capture_output=True, text=True)
        rows = [(os.path.basename(row["image"]).removesuffix(".png"), row["label"]) for row in csv.DictReader(printed.stdout.splitlines())]
        said += [labels[image] == label for image, label in rows if image in labels]
    assert len(said) == sum(map(len, known.values()))
    return sum(said) / len(said)


def certificates(run):
    """What is stated of each finalist, by trial."""
    with open(os.path.join(run, "certificates.ron")) as file:
        found = re.findall(r"trial: (\d+),\s*certificate: \(accuracy: ([\d.e-]+), at_least: ([\d.e-]+)", file.read())
    return {int(trial): (float(mean), float(bound)) for trial, mean, bound in found}


def held_out(netsynth, model):
    """What is stated of a variant by the run's own held-out people."""
    with tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, "model.netsynth")
        subprocess.run([netsynth, "export", model, "--to", "netsynth", "--out", file, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        with open(file, "rb") as packed:
            return float(re.search(rb"at_least: ([\d.e-]+)", packed.read()).group(1))


def pairs(run, stated):
    """Pairs of finalists that the search put in the certificates' order, and those that it put in the other."""
    with open(os.path.join(run, "front.csv")) as file:
        known = [(float(row["accuracy"]), stated[int(row["trial"])][0]) for row in csv.DictReader(file) if int(row["trial"]) in stated]
    signs = [(a - b) * (c - d) for (a, c), (b, d) in itertools.combinations(known, 2)]
    return sum(sign > 0 for sign in signs), sum(sign < 0 for sign in signs)


def variants(run):
    """The trial of each variant, by name."""
    for name in ["nano-a", "nano-b"]:
        path = os.path.join(run, "variants", name, "metrics.ron")
        if os.path.exists(path):
            with open(path) as file:
                yield name, int(re.search(r"trial: (\d+)", file.read()).group(1))


def below(successes, runs, chance):
    """The share at which so few successes or fewer have this chance, by bisection."""
    from math import comb

    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        at_most = sum(comb(runs, k) * share**k * (1 - share) ** (runs - k) for k in range(successes + 1))
        low, high = (share, high) if at_most > chance else (low, share)
    return low


def interval(held):
    """How many of them held, and the interval of their share."""
    n, k = len(held), sum(held)
    least = 1 - below(n - k, n, 0.025) if k > 0 else 0.0
    most = below(k, n, 0.025) if k < n else 1.0
    return f"{k} of {n} ({least:.1%} to {most:.1%})"


def main():
    netsynth, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
    for people in PEOPLE:
        if not os.path.exists(people):
            options = ["--subjects", "999", "--seed", people[-3:], "--side", "48", "--frames", "2"]
            subprocess.run([netsynth, "data", "synth", people, *options], check=True)
    known = {people: labels(people) for people in PEOPLE}
    print("| run | variant | trial | from scratch, folds | at least | held out, at least | 1,998 new people |\n|---|---|---|---|---|---|---|")
    certified, shipped, alike, other = [], [], 0, 0
    for number in range(1, runs + 1):
        name = f"calibration-{number:02}"
        with open(name + ".ron", "w") as file:
            file.write(PLAN.format(data=5000 + number, seed=number))
        run = os.path.join("runs", name)
        command = ["resume", run] if os.path.exists(run) else ["search", "--plan", name + ".ron", "--name", name]
        if subprocess.run([netsynth, *command, "--workers", "1", "--quiet"], stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"{run} did not end well")
        stated, holds = certificates(run), []
        for variant, trial in variants(run):
            model = os.path.join(run, "variants", variant)
            (mean, bound), own = stated[trial], held_out(netsynth, model)
            new = accuracy(netsynth, model, known)
            holds.append(new >= bound)
            shipped.append(new >= own)
            print(f"| {number} | {variant} | {trial} | {mean:.2%} | {bound:.2%} | {own:.2%} | {new:.2%} |", flush=True)
        certified.append(all(holds))
        same, turned = pairs(run, stated)
        alike, other = alike + same, other + turned
    print(f"\nOf two finalists of a front the search had {alike} pairs in the certificates' order and {other} in the other.")
    print(f"All certificates of a run hold in {interval(certified)}; a variant's held-out bound in {interval(shipped)}.")


if __name__ == "__main__":
    main()
