"""Trains the benchmark networks with PyTorch on a GPU: what `scripts/gpu-check` compares the GPU kernels with.

The same networks and the same step as ours: batch norm with running statistics, cross-entropy with label smoothing,
Adam over all parameters, images that are on the device already. One row a measurement, as JSON on stdout.

    python benches/pytorch_gpu.py [--network nano-b resnet20] [--batch 32 64 128 256] [--many 8 40] [--seconds 0.5]

Ways: `eager`; `compile`; `graph` (the whole step as one CUDA graph); `compile+graph`; for many networks `sequential`
(one graph after the other), `streams` (graphs on eight streams) and `vmap` (one functional step over stacked
parameters, as one graph). Arithmetic: `f32` is IEEE, `tf32` PyTorch's default for convolutions, `bf16` autocast.
"""

import argparse
import functools
import json
import sys
import time
import traceback

import torch
from torch.nn import functional as F

from pytorch_reference import NanoB, ResNet20

NETWORKS = {"nano-b": NanoB, "resnet20": ResNet20}


def arithmetic(name):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = name == "tf32"


class Training:
    """One network, its optimiser and its batch, all on the device."""

    def __init__(self, network, batch, precision, channels_last=False, compiled=False):
        torch.manual_seed(1)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.model = NETWORKS[network]().cuda().train().to(memory_format=layout)
        self.call = torch.compile(self.model) if compiled else self.model
        self.x = torch.randn(batch, 1, 48, 48, device="cuda").contiguous(memory_format=layout)
        self.target = torch.randint(0, 7, (batch,), device="cuda")
        self.precision = precision
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-3, fused=True, capturable=True)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.precision == "bf16"):
            loss = F.cross_entropy(self.call(self.x), self.target, label_smoothing=0.1)
        loss.backward()
        self.optimizer.step()

    def graph(self):
        return captured(self.step)


def captured(step):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    # The step keeps alive what the graph reads and writes.
    return functools.partial(lambda graph, _step: graph.replay(), graph, step)


def seconds_a_call(call, seconds):
    """The median of five runs, each at least a fifth of `seconds` long."""
    for _ in range(3):
        call()
    torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    torch.cuda.synchronize()
    count = max(1, int(seconds / 5 / max(time.perf_counter() - start, 1e-6)))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            call()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / count)
    return sorted(times)[2]


def one(way, network, batch, precision):
    arithmetic(precision)
    if way == "eager":
        return Training(network, batch, precision).step
    if way == "compile":
        return Training(network, batch, precision, compiled=True).step
    if way == "graph":
        return Training(network, batch, precision).graph()
    if way == "graph, channels last":
        return Training(network, batch, precision, channels_last=True).graph()
    return Training(network, batch, precision, compiled=True).graph()


def many(way, network, batch, precision, count):
    arithmetic(precision)
    if way == "vmap":
        return vmapped(network, batch, precision, count)
    replays = [Training(network, batch, precision).graph() for _ in range(count)]
    if way == "sequential":
        return lambda: [replay() for replay in replays]
    streams = [torch.cuda.Stream() for _ in range(min(8, count))]

    def call():
        for stream in streams:
            stream.wait_stream(torch.cuda.current_stream())
        for index, replay in enumerate(replays):
            with torch.cuda.stream(streams[index % len(streams)]):
                replay()
        for stream in streams:
            torch.cuda.current_stream().wait_stream(stream)

    return call


def vmapped(network, batch, precision, count):
    """All networks as one functional step; batch norm without running statistics, which vmap cannot update."""
    torch.manual_seed(1)
    models = [NETWORKS[network]().cuda().train() for _ in range(count)]
    for model in models:
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.track_running_stats, module.running_mean, module.running_var = False, None, None
                module.num_batches_tracked = None
    parameters, _ = torch.func.stack_module_state(models)
    parameters = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    x = torch.randn(count, batch, 1, 48, 48, device="cuda")
    target = torch.randint(0, 7, (count, batch), device="cuda")
    optimizer = torch.optim.Adam(parameters.values(), 1e-3, fused=True, capturable=True)

    def loss(own, images, classes):
        logits = torch.func.functional_call(models[0], own, (images,))
        return F.cross_entropy(logits, classes, label_smoothing=0.1)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            total = torch.vmap(loss)(parameters, x, target).sum()
        total.backward()
        optimizer.step()

    return captured(step)


def measure(name, network, batch, precision, count, build, seconds):
    row = {"way": name, "network": network, "batch": batch, "networks": count, "arithmetic": precision}
    try:
        call = build()
        row["images_per_second"] = round(count * batch / seconds_a_call(call, seconds))
        del call
    except Exception as error:  # One way that fails must not end the others.
        row["failure"] = f"{type(error).__name__}: {error}"[:200]
        traceback.print_exc(file=sys.stderr)
    torch.cuda.empty_cache()
    print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--batch", type=int, nargs="*", default=[32, 64, 128, 256])
    parser.add_argument("--many", type=int, nargs="*", default=[8, 40])
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--limit", type=float, default=240, help="seconds after which nothing new is measured")
    parser.add_argument("--without-compile", action="store_true")
    arguments = parser.parse_args()
    print(json.dumps({"torch": torch.__version__, "card": torch.cuda.get_device_name()}), flush=True)
    start = time.perf_counter()
    plan = []
    for network in arguments.network:
        plan += [("graph", network, batch, precision, 1) for batch in arguments.batch for precision in ("f32", "tf32")]
    for count in sorted(arguments.many, reverse=True):
        for network in arguments.network:
            plan += [(way, network, 32, "tf32", count) for way in ("streams", "sequential", "vmap")]
            plan += [(way, network, 32, "f32", count) for way in ("streams", "vmap")]
    for network in arguments.network:
        plan += [("graph", network, batch, "bf16", 1) for batch in arguments.batch[::2]]
        plan += [(way, network, arguments.batch[0], "tf32", 1) for way in ("eager", "graph, channels last")]
    if not arguments.without_compile:
        for network in arguments.network:
            plan += [(way, network, arguments.batch[0], "tf32", 1) for way in ("compile", "compile+graph")]
    for way, network, batch, precision, count in plan:
        if time.perf_counter() - start > arguments.limit:
            print(json.dumps({"left_out": f"{way} {network} {batch} {precision} {count}"}), flush=True)
            continue
        make = many if count > 1 else one
        extra = (count,) if count > 1 else ()
        measure(way, network, batch, precision, count,
                lambda: make(way, network, batch, precision, *extra), arguments.seconds)


if __name__ == "__main__":
    main()
