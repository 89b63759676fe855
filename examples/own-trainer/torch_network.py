"""The network that netsynth gives a trainer as JSON, as a PyTorch module: Network(asked["architecture"])."""

import torch
from torch import nn

ACTIVATIONS = {"Linear": nn.Identity, "Relu": nn.ReLU, "Relu6": nn.ReLU6, "Swish": nn.SiLU}


class SqueezeExcite(nn.Module):
    def __init__(self, reduced, activation):
        super().__init__()
        self.reduced, self.reduce, self.expand = reduced, nn.LazyConv2d(reduced, 1), None
        self.activation = ACTIVATIONS[activation]()

    def forward(self, x):
        if self.expand is None:
            self.expand = nn.Conv2d(self.reduced, x.shape[1], 1)
        hidden = self.activation(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(hidden))


def layer(kind, fields):
    """The module of one node; a sum and a concatenation have only what follows them."""
    norm = [nn.LazyBatchNorm2d()] if fields.get("norm") == "Batch" else []
    after = norm + [ACTIVATIONS[fields.get("activation", "Linear")]()]
    if kind == "Conv":
        conv = nn.LazyConv2d(
            fields["channels"], fields["kernel"], fields["stride"], padding=(fields["kernel"] - 1) // 2,
            groups=fields["groups"], bias=fields["bias"] and not norm,
        )
        return nn.Sequential(conv, *after)
    if kind == "Dense":
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(fields["units"]), *after)
    if kind == "MaxPool":
        return nn.MaxPool2d(fields["kernel"], fields["stride"], (fields["kernel"] - 1) // 2)
    if kind == "AvgPool":
        padding = (fields["kernel"] - 1) // 2
        return nn.AvgPool2d(fields["kernel"], fields["stride"], padding, count_include_pad=False)
    return {
        "Add": lambda: nn.Sequential(*after),
        "Concat": nn.Identity,
        "GlobalAvgPool": lambda: nn.AdaptiveAvgPool2d(1),
        "SqueezeExcite": lambda: SqueezeExcite(fields["reduced"], fields["activation"]),
        "Dropout": lambda: nn.Dropout(fields["rate"]),
    }[kind]()


class Network(nn.Module):
    """Nodes are in an order in which each reads only what came before; the last one gives the logits."""

    def __init__(self, architecture):
        super().__init__()
        self.nodes = [(node["name"], node["from"], *next(iter(node["op"].items()))) for node in architecture["nodes"]]
        self.layers = nn.ModuleList(layer(kind, fields) for _, _, kind, fields in self.nodes)
        image = architecture["input"]
        # Layers learn from a first pass how many channels they read.
        self.eval()(torch.zeros(1, image["channels"], image["height"], image["width"]))
        self.train()

    def forward(self, x):
        known = {"input": x}
        for (name, sources, kind, _), module in zip(self.nodes, self.layers):
            read = [known[source] for source in sources]
            joined = {"Add": sum, "Concat": lambda maps: torch.cat(maps, 1)}.get(kind, lambda maps: maps[0])(read)
            known[name] = module(joined)
        return known[self.nodes[-1][0]]
