"""How fast an exported network is, one image at a time on one core: C by the compiler of this machine, and onnxruntime.

    python3 benches/exported.py MODEL [NETSYNTH]

MODEL is what `netsynth export` takes. Exports C and ONNX in floats and in 8-bit integers, builds C with -O3 -march=native, and
runs all in turns, so that a busy machine disturbs each alike. Prints the median and the best time of an image, and the median over
turns of how many times faster C is in the same turn. Needs cc, numpy and onnxruntime.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

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


def main():
    model = sys.argv[1]
    netsynth = sys.argv[2] if len(sys.argv) > 2 else "netsynth"
    times = {}
    with tempfile.TemporaryDirectory() as home:
        sessions = {}
        for numbers, options in [("floats", []), ("8-bit integers", ["--int8"])]:
            onnx, folder = os.path.join(home, numbers + ".onnx"), os.path.join(home, numbers)
            # Both read levels of the network's size: what is timed is the network.
            for to, out in [(["onnx", "--preprocessing", "levels"], onnx), (["c"], folder)]:
                subprocess.run(
                    [netsynth, "export", model, "--to", *to, "--out", out, "--no-verify", *options],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
            with open(os.path.join(folder, "time.c"), "w") as file:
                file.write(TIMER)
            build = ["cc", "-O3", "-march=native", "network.c", "time.c", "-o", "time", "-lm"]
            subprocess.run(build, check=True, cwd=folder)
            one = onnxruntime.SessionOptions()
            one.intra_op_num_threads = one.inter_op_num_threads = 1
            session = onnxruntime.InferenceSession(onnx, one, providers=["CPUExecutionProvider"])
            shape = [1] + session.get_inputs()[0].shape[1:]
            sessions[numbers] = (session, numpy.arange(numpy.prod(shape), dtype=numpy.float32).reshape(shape) * 7919 % 251)
            times["C, " + numbers], times["onnxruntime, " + numbers] = [], []
        for _ in range(TURNS):
            for numbers, (session, image) in sessions.items():
                folder = os.path.join(home, numbers)
                printed = subprocess.run(["./time", str(RUNS)], check=True, cwd=folder, capture_output=True, text=True)
                times["C, " + numbers] += [float(line) for line in printed.stdout.split()][RUNS // 4 :]
                for run in range(RUNS):
                    start = time.perf_counter()
                    session.run(["logits"], {"image": image})
                    if run >= RUNS // 4:
                        times["onnxruntime, " + numbers].append((time.perf_counter() - start) * 1e3)
    print("| | median | best | C is faster by (median of pairs) |\n|---|---|---|---|")
    for numbers in sessions:
        ours, theirs = times["C, " + numbers], times["onnxruntime, " + numbers]
        n = len(ours) // TURNS
        turns = [slice(turn * n, (turn + 1) * n) for turn in range(TURNS)]
        ratio = statistics.median(statistics.median(theirs[turn]) / statistics.median(ours[turn]) for turn in turns)
        for name, taken, pairs in [("C", ours, f"{ratio:.2f}"), ("onnxruntime", theirs, "")]:
            print(f"| {name}, {numbers} | {statistics.median(taken):.3f} ms | {min(taken):.3f} ms | {pairs} |")


main()
