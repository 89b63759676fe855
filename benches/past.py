"""Searches for others to learn from: ten on drawn faces of several difficulties, 16 minutes of one core and more, and `prior.ron` of them.

    python3 benches/past.py NETSYNTH      # in an empty folder
"""

import itertools
import subprocess
import sys

PLAN = """(schema: 1, space: "emotionnet",
    data: (
        source: Synthetic(subjects: {subjects}, seed: {data}, side: 48, frames: 6),
        options: (height: {side}, width: {side}, frames: {frames}), n_folds: 3, held_out: 0.1,
    ),
    search: (
        seed: {seed}, n_trials: 80, generation_size: 6, strategy: {strategy},
        indicator: ["accuracy >= 30 %", "parameters <= 100k", "macs <= {most}M"],
        performance: (alpha: 2.0, beta: 0.5, gamma: 0.5), objectives: [Maximise(Accuracy), Minimise(Parameters)],
        rungs: [(epochs: 1000, macs: {first}, folds: 1, keep: 0.5), (epochs: 3000, macs: {last}, folds: 1, keep: 1.0)],
        prior: (family: 8, shapes: true, sizes: true), limits: (failures_in_a_row: 12, macs: {all}),
    ),
    final_epochs: 1, certify: false,
)"""


def main():
    runs = []
    for number, (subjects, frames, side) in enumerate(itertools.product([60, 120, 200], [1, 3], [24, 18]), 1):
        if subjects == 200 and frames == 3:
            continue
        scale = 1.0 if side == 24 else 0.6
        name = f"past-{number:02}"
        with open(name + ".ron", "w") as file:
            file.write(
                PLAN.format(
                    subjects=subjects,
                    frames=frames,
                    side=side,
                    data=900 + number,
                    seed=number,
                    # Every third is wide of the scaled family, so that there is more than its neighbours to learn from.
                    strategy="Synthesis" if number % 3 else "Unprimed",
                    most=12 * scale,
                    first=15e6 * scale,
                    last=60e6 * scale,
                    all=1e9 * scale,
                )
            )
        # Nothing feasible is no failure here: what was measured teaches all the same.
        ended = subprocess.run([sys.argv[1], "search", "--plan", name + ".ron", "--name", name, "--quiet"]).returncode
        if ended not in (0, 1):
            sys.exit(ended)
        runs.append(f"runs/{name}")
    subprocess.run([sys.argv[1], "prior", *runs, "--out", "prior.ron"], check=True)


if __name__ == "__main__":
    main()
