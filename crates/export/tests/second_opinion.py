"""Checks models with ONNX's own checker and runs them with onnxruntime: one line of logits, and the label, for each image.

Arguments: files of 32-bit floats, one image after the other; beside FILE.images lies the model FILE.onnx. Of an image alone
and of all at once the logits must be the same.
"""

import sys

import numpy
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(3)
for images in sys.argv[1:]:
    model = images.removesuffix(".images") + ".onnx"
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    assert image.name == "image" and image.shape[0] == "batch", (image.name, image.shape)
    batch = numpy.fromfile(images, numpy.float32).reshape([-1] + image.shape[1:])
    names = [output.name for output in session.get_outputs()]
    together = dict(zip(names, session.run(None, {"image": batch})))
    for number in range(len(batch)):
        alone = dict(zip(names, session.run(None, {"image": batch[number : number + 1]})))
        assert numpy.allclose(alone["logits"][0], together["logits"][number], rtol=1e-4, atol=1e-4)
        assert abs(alone["probabilities"].sum() - 1.0) < 1e-4
        label = alone["label"][0] if "label" in alone else ""
        print(" ".join(repr(float(logit)) for logit in alone["logits"][0]), "|", label)
