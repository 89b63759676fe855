"""Checks models with ONNX's own checker and runs them with onnxruntime: of each image a line of logits | label | levels.

Arguments: NAME.images, a file of 32-bit floats, one image after the other, or NAME.photographs, binary PPM images one after
the other; beside it lies the model NAME.onnx. Of an image alone and of several at once the logits must be the same. Of
photographs the levels are printed that the model makes of them.
"""

import os
import sys

import numpy
import onnx
import onnxruntime

LEVELS = "columns.levels"


def photographs(data):
    """Arrays [height, width, 3]."""
    while data:
        kind, size, most, pixels = data.split(b"\n", 3)
        assert (kind, most) == (b"P6", b"255"), (kind, most)
        width, height = map(int, size.split())
        count = 3 * width * height
        yield numpy.frombuffer(pixels[:count], numpy.uint8).reshape(height, width, 3)
        data = pixels[count:]


def text(numbers):
    return " ".join(repr(float(number)) for number in numbers.flatten())


onnxruntime.set_default_logger_severity(3)
for images in sys.argv[1:]:
    name, kind = os.path.splitext(images)
    model = onnx.load(name + ".onnx")
    onnx.checker.check_model(model, full_check=True)
    reads_photographs = kind == ".photographs"
    if reads_photographs:
        model.graph.output.append(onnx.helper.make_tensor_value_info(LEVELS, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    assert image.name == "image" and image.shape[0] == "batch", (image.name, image.shape)
    names = [output.name for output in session.get_outputs()]
    run = lambda batch: dict(zip(names, session.run(None, {"image": batch})))
    if reads_photographs:
        with open(images, "rb") as file:
            batch = list(photographs(file.read()))
        # Beside another one of its size, as photographs have different sizes.
        together = [run(numpy.stack([one, 255 - one]))["logits"][0] for one in batch]
    else:
        batch = numpy.fromfile(images, numpy.float32).reshape([-1] + image.shape[1:])
        together = run(batch)["logits"]
    for one, logits in zip(batch, together):
        alone = run(one[None])
        assert numpy.allclose(alone["logits"][0], logits, rtol=1e-4, atol=1e-4)
        assert abs(alone["probabilities"].sum() - 1.0) < 1e-4
        label = alone["label"][0] if "label" in alone else ""
        print(text(alone["logits"][0]), "|", label, "|", text(alone[LEVELS]) if reads_photographs else "")
