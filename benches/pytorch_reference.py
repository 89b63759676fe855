"""Trains and runs the benchmark networks with PyTorch and onnxruntime, to be compared in one sitting.

Not part of any build: run by hand, in an environment with torch (and onnx + onnxruntime for --inference).

Times are processor time, so that a busy machine does not show; with more than one thread, divide by hand.

    python benches/pytorch_reference.py [--threads 1] [--network nano-b|resnet20] [--batch 32 64] [--mode eager ...]
        [--inference]

A mode is `eager`, or what is added to it joined by `+`: `channels_last`, `compile` (needs a C++ compiler), `bf16`.
"""

import argparse
import contextlib
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class NanoB(nn.Module):
    """EmotionNet Nano-B: every line of `steps` is (name, summed inputs, width, stride); stride 0 is a projection."""

    STEPS = [
        ("x1", ["input"], 11, 1), ("x2", ["x1"], 9, 1), ("x3", ["x2"], 11, 1), ("x4", ["x1", "x3"], 8, 1),
        ("x5", ["x4"], 11, 1), ("x6", ["x1", "x3", "x5"], 7, 1), ("x7", ["x6"], 11, 1),
        ("x8", ["x1", "x5", "x7"], 27, 2), ("id1", ["x1", "x3", "x5"], 27, 0),
        ("y1", ["x8"], 27, 1), ("y2", ["y1", "id1"], 19, 1), ("y3", ["y2"], 27, 1), ("y4", ["y1", "y3"], 26, 1),
        ("y5", ["y4"], 27, 1), ("y6", ["y1", "y3", "y5", "id1"], 36, 2), ("id2", ["y3", "y5", "id1", "x8"], 64, 0),
        ("z1", ["y6"], 64, 1), ("z2", ["z1", "id2"], 39, 1), ("z3", ["z2"], 64, 1),
        ("z4", ["z1", "z3", "id2"], 24, 1), ("z5", ["z4"], 64, 1),
    ]
    POOL = ["z1", "z3", "z5", "id2"]

    def __init__(self):
        super().__init__()
        widths = {"input": 1}
        self.layers = nn.ModuleDict()
        for name, inputs, width, stride in self.STEPS:
            channels = widths[inputs[0]]
            widths[name] = width
            self.layers[name] = nn.Conv2d(channels, width, 1, 2) if stride == 0 else ConvNorm(channels, width, stride)
        self.dense = nn.Linear(64, 7)

    def forward(self, x):
        values = {"input": x}
        for name, inputs, _, _ in self.STEPS:
            values[name] = self.layers[name](sum(values[i] for i in inputs[1:]) + values[inputs[0]]
                                             if len(inputs) > 1 else values[inputs[0]])
        return self.dense(sum(values[i] for i in self.POOL).mean((2, 3)))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = ConvNorm(inputs, outputs, stride)
        self.conv = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.projection = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.norm(self.conv(self.first(x))) + self.projection(x))


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [ConvNorm(1, 16)]
        inputs = 16
        for outputs in (16, 32, 64):
            for index in range(3):
                layers.append(Block(inputs, outputs, 2 if index == 0 and outputs > 16 else 1))
                inputs = outputs
        self.features = nn.Sequential(*layers)
        self.dense = nn.Linear(64, 7)

    def forward(self, x):
        return self.dense(self.features(x).mean((2, 3)))


def train(network, batch, mode, seconds):
    torch.manual_seed(1)
    options = set(mode.split("+"))
    form = {"memory_format": torch.channels_last} if "channels_last" in options else {}
    model = network().train().to(**form)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    x, target = torch.randn(batch, 1, 48, 48).to(**form), torch.randint(0, 7, (batch,))
    run = torch.compile(model) if "compile" in options else model
    low = torch.autocast("cpu", torch.bfloat16) if "bf16" in options else contextlib.nullcontext()

    def step():
        optimizer.zero_grad()
        with low:
            loss = F.cross_entropy(run(x), target)
        loss.backward()
        optimizer.step()

    for _ in range(3):  # the first compiles
        step()
    times, start = [], time.perf_counter()
    while len(times) < 8 or time.perf_counter() - start < seconds:
        begin = time.process_time()
        step()
        times.append(time.process_time() - begin)
    return batch / statistics.median(times)


def infer(network, batch, threads, seconds):
    import io
    import onnxruntime

    model = network().eval()
    x = torch.randn(batch, 1, 48, 48)
    stream = io.BytesIO()
    torch.onnx.export(model, (x,), stream, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(stream.getvalue(), options, providers=["CPUExecutionProvider"])
    times, start = [], time.perf_counter()
    while len(times) < 20 or time.perf_counter() - start < seconds:
        begin = time.process_time()
        session.run(None, {"x": x.numpy()})
        times.append(time.process_time() - begin)
    return statistics.median(times[5:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--network", choices=["nano-b", "resnet20"], nargs="*", default=["nano-b", "resnet20"])
    parser.add_argument("--batch", type=int, nargs="*", default=[32, 64])
    parser.add_argument("--mode", nargs="*", default=["eager"])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--inference", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    networks = {"nano-b": NanoB, "resnet20": ResNet20}
    for name in arguments.network:
        for batch in arguments.batch:
            if arguments.inference:
                latency = infer(networks[name], batch, arguments.threads, arguments.seconds)
                print(f"{name} batch {batch}: {latency * 1e3:.3f} ms, {batch / latency:.1f} images/s (onnxruntime)")
                continue
            for mode in arguments.mode:
                rate = train(networks[name], batch, mode, arguments.seconds)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{name} batch {batch} {mode}: {rate:.1f} images/s (torch {torch.__version__}), peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
