"""A set of pictures that are no faces: plane figures, drawn by 120 hands, for comparisons of strategies.

    python3 benches/figures.py FOLDER [SEED]

Seven classes in folders of their own; names begin with the hand, which folds keep together: `--subject-pattern '^(h\\d+)_'`. A hand has a
stroke, a contrast, a blur, a ground and a noise of its own; each figure has its own place, size, turn and stretch, and two lines of clutter lie over it. Gray PNG files of 48x48
pixels. Needs numpy.
"""

import os
import struct
import sys
import zlib

import numpy

SIDE = 48
HANDS = 120


def regular(corners, depth=1.0):
    """Corners of a regular polygon; of a star, every second one at a depth."""
    angles = numpy.arange(corners) * 2 * numpy.pi / corners
    radius = numpy.where(numpy.arange(corners) % 2 == 0, 1.0, depth)
    return numpy.stack([radius * numpy.cos(angles), radius * numpy.sin(angles)], 1)


def cross(width):
    w = width
    corners = [(w, 1), (w, w), (1, w), (1, -w), (w, -w), (w, -1), (-w, -1), (-w, -w), (-1, -w), (-1, w), (-w, w), (-w, 1)]
    return numpy.array(corners) * 0.9


FIGURES = {
    "triangle": regular(3),
    "square": regular(4),
    "pentagon": regular(5),
    "hexagon": regular(6),
    "star": regular(10, 0.5),
    "star-of-four": regular(8, 0.45),
    "cross": cross(0.35),
}


def distance(pixels, a, b):
    """How far pixels are from a line between two points."""
    along = ((pixels - a) @ (b - a)) / max(1e-9, (b - a) @ (b - a))
    return numpy.linalg.norm(pixels - a - numpy.clip(along, 0, 1)[..., None] * (b - a), axis=-1)


def outline(pixels, corners):
    lines = [distance(pixels, a, b) for a, b in zip(corners, numpy.roll(corners, -1, axis=0))]
    return numpy.min(lines, axis=0)


def drawn(random, corners, hand):
    grid = numpy.stack(numpy.meshgrid(numpy.arange(SIDE), numpy.arange(SIDE)), -1).astype(float)
    turn = random.uniform(0, 2 * numpy.pi)
    turned = numpy.array([[numpy.cos(turn), -numpy.sin(turn)], [numpy.sin(turn), numpy.cos(turn)]])
    lean = random.uniform(0, numpy.pi)
    axis = numpy.array([numpy.cos(lean), numpy.sin(lean)])
    stretch = numpy.eye(2) - random.uniform(0, 0.3) * numpy.outer(axis, axis)
    size = random.uniform(0.2, 0.4) * SIDE
    place = SIDE / 2 + random.uniform(-0.1, 0.1, 2) * SIDE
    shaken = corners + random.normal(0, hand["shake"], corners.shape)
    far = outline(grid, shaken @ turned.T @ stretch * size + place)
    for _ in range(2):
        far = numpy.minimum(far, distance(grid, *random.uniform(0, SIDE, (2, 2))) + 0.5)
    ink = numpy.clip((hand["stroke"] - far) / hand["blur"] + 0.5, 0, 1)
    slope = (grid / SIDE - 0.5) @ hand["slope"]
    levels = hand["ground"] + slope + hand["contrast"] * ink + random.normal(0, hand["noise"], ink.shape)
    return numpy.clip(levels, 0, 255).astype(numpy.uint8)


def png(levels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main():
    folder, random = sys.argv[1], numpy.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for name in FIGURES:
        os.makedirs(os.path.join(folder, name))
    for number in range(HANDS):
        hand = {
            "stroke": random.uniform(0.8, 2.2),
            "blur": random.uniform(0.8, 2.5),
            "ground": random.uniform(60, 195),
            "slope": random.uniform(-40, 40, 2),
            "shake": random.uniform(0, 0.08),
            "noise": random.uniform(4, 22),
            "contrast": random.choice([-1, 1]) * random.uniform(45, 110),
        }
        for name, corners in FIGURES.items():
            with open(os.path.join(folder, name, f"h{number:03}_{name}.png"), "wb") as file:
                file.write(png(drawn(random, corners, hand)))


if __name__ == "__main__":
    main()
