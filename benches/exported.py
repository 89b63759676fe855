"""How fast an exported network is, one image at a time on one core: C by the compiler of this machine, and what runs ONNX in Python.

    python3 benches/exported.py MODEL [NETSYNTH]

MODEL is what `netsynth export` takes. Exports C and ONNX in floats and in 8-bit integers, builds C with -O3 -march=native, and
runs all in turns, so that a busy machine disturbs each alike. Prints the median and the best time of an image, and the median over
turns of how many times faster C is in the same turn. Needs cc (or another compiler, CC, with other options, CFLAGS) and numpy; of onnxruntime, tract and ncnn (with
pnnx, which converts ONNX for it) there are rows where they can be imported. C normalises the image, the others are given numbers.
ncnn has no row of 8-bit integers: it does not read ONNX's, and makes its own from pictures.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

TIMER = """
#define _POSIX_C_SOURCE 199309L
#include "network.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned char image[NETWORK_INPUT];

int main(int argc, char **argv)
{
    const int runs = argc > 1 ? atoi(argv[1]) : 1;
    float logits[NETWORK_CLASSES];
    int run, i;
    for (i = 0; i < NETWORK_INPUT; i++) {
        image[i] = (unsigned char)(i * 7919 % 251);
    }
    for (run = 0; run < runs; run++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        network_classify(image, logits);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%g\\n", (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) * 1e-6);
    }
    return 0;
}
"""

RUNS = 40
TURNS = 8


def is_there(*packages):
    return all(importlib.util.find_spec(package) for package in packages)


def by_onnxruntime(onnx, image):
    import onnxruntime

    one = onnxruntime.SessionOptions()
    one.intra_op_num_threads = one.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx, one, providers=["CPUExecutionProvider"])
    return lambda: session.run(["logits"], {"image": image})


def by_tract(onnx, image):
    import tract

    model = tract.onnx().load(onnx)
    model.set_input_fact(0, ",".join(str(n) for n in image.shape) + ",f32")
    model.analyse()
    model, tensor = model.into_model().into_runnable(), tract.Tensor.from_numpy(image)
    return lambda: model.run([tensor])


def by_ncnn(onnx, image):
    import ncnn

    shape = "inputshape=[" + ",".join(str(n) for n in image.shape) + "]"
    convert = [os.path.join(os.path.dirname(sys.executable), "pnnx"), os.path.basename(onnx), shape]
    subprocess.run(convert, check=True, cwd=os.path.dirname(onnx), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stem = onnx.removesuffix(".onnx")
    net = ncnn.Net()
    net.opt.num_threads = 1
    # As numbers of 32 bits, like all others.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(stem + ".ncnn.param")
    net.load_model(stem + ".ncnn.bin")
    mat = ncnn.Mat(image[0])

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", mat)
        return extractor.extract("out0")

    return run


def engines(numbers):
    found = {"onnxruntime": by_onnxruntime} if is_there("onnxruntime") else {}
    if is_there("tract"):
        found["tract"] = by_tract
    if numbers == "floats" and is_there("ncnn", "pnnx"):
        found["ncnn"] = by_ncnn
    return found


def shape_of(header):
    lines = [line.split() for line in open(header) if line.startswith("#define NETWORK_")]
    known = {line[1]: line[2] for line in lines if len(line) > 2}
    return [1] + [int(known["NETWORK_" + name]) for name in ["CHANNELS", "HEIGHT", "WIDTH"]]


def compiled(folder):
    with open(os.path.join(folder, "time.c"), "w") as file:
        file.write(TIMER)
    flags = os.environ.get("CFLAGS", "-O3 -march=native").split()
    build = [os.environ.get("CC", "cc"), *flags, "network.c", "time.c", "-o", "time", "-lm"]
    subprocess.run(build, check=True, cwd=folder)

    def times():
        printed = subprocess.run(["./time", str(RUNS)], check=True, cwd=folder, capture_output=True, text=True)
        return [float(line) for line in printed.stdout.split()]

    return times


def timed(run):
    def times():
        taken = []
        for _ in range(RUNS):
            start = time.perf_counter()
            run()
            taken.append((time.perf_counter() - start) * 1e3)
        return taken

    return times


def main():
    model = sys.argv[1]
    netsynth = sys.argv[2] if len(sys.argv) > 2 else "netsynth"
    with tempfile.TemporaryDirectory() as home:
        programs = {}
        for numbers, options in [("floats", []), ("8-bit integers", ["--int8"])]:
            stem = os.path.join(home, numbers.replace(" ", "-"))
            for to, out in [("onnx", stem + ".onnx"), ("c", stem)]:
                subprocess.run(
                    [netsynth, "export", model, "--to", to, "--out", out, "--no-verify", *options]
                    + (["--preprocessing", "numbers"] if to == "onnx" else []),
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
            shape = shape_of(os.path.join(stem, "network.h"))
            image = numpy.arange(numpy.prod(shape), dtype=numpy.float32).reshape(shape) * 7919 % 251 / 125 - 1
            programs[numbers] = {"C": compiled(stem)}
            for name, build in engines(numbers).items():
                programs[numbers][name] = timed(build(stem + ".onnx", image))
        turns = {(numbers, name): [] for numbers in programs for name in programs[numbers]}
        for _ in range(TURNS):
            for numbers, name in turns:
                turns[numbers, name].append(programs[numbers][name]()[RUNS // 4 :])
    print("| | median | best | C is faster by (median of pairs) |\n|---|---|---|---|")
    for (numbers, name), taken in turns.items():
        pairs = zip(taken, turns[numbers, "C"])
        ratio = statistics.median(statistics.median(theirs) / statistics.median(ours) for theirs, ours in pairs)
        every = [time for turn in taken for time in turn]
        pair = "" if name == "C" else f"{ratio:.2f}"
        print(f"| {name}, {numbers} | {statistics.median(every):.3f} ms | {min(every):.3f} ms | {pair} |")


main()
