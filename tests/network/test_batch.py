"""The batch axis of networks: each element by itself, or refused."""

from typing import Any

import numpy as np
import onnx
import pytest
import xarray as xr
from onnx.reference import ReferenceEvaluator

import volconv
from tests.network import published
from tests.network.zoo import Builder
from volconv.errors import KindError

BATCH = 3


class Batched(Builder):
    """A builder of networks whose file says a batch of three, or leaves it open."""

    def model(self, output, sizes, batch=BATCH):
        model = super().model(output, sizes)
        dim = model.graph.input[0].type.tensor_type.shape.dim[0]
        if batch is None:
            dim.ClearField("dim_value")
            dim.dim_param = "batch"
        else:
            dim.dim_value = batch
        return model


@pytest.mark.parametrize("batch", [1, BATCH, None])
def test_each_element_is_computed_as_if_it_were_alone(batch, tmp_path):
    random = np.random.default_rng(2)
    net = Batched(2)
    weight = net.constant(random.standard_normal((3, 2, 3, 3)).astype("f4"))
    low = net.node("Conv", ["image", weight], strides=[2, 2], pads=[1] * 4)
    gain = net.constant(random.standard_normal((1, 3, 1, 1)).astype("f4"))
    both = net.node("Concat", [net.node("Mul", [low, gain]), low], axis=1)
    model = net.model(net.node("Softmax", [both], axis=1), (8, 9), batch)
    image = random.standard_normal((BATCH, 2, 8, 9)).astype("f4")
    (expected,) = ReferenceEvaluator(model).run(None, {"image": image})
    found = published.run(model, [image], tmp_path / "net.onnx")
    published.close(found.values, expected, (1e-5, 1e-6))
    alone = volconv.onnx(
        xr.DataArray(image[1], dims=("channel", "y", "x")), tmp_path / "net.onnx"
    )
    assert alone.values.tobytes() == found.values[1].tobytes()


MIXING: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "Concat": ({"axis": 0}, ["image", "image"], "axis 0; expected axis 1"),
    "Softmax": ({"axis": 0}, ["image"], "axis 0 of opset 17; expected axis 1"),
    "Add": ({}, ["image", (BATCH, 1, 1, 1)], r"a constant of shape \(3, 1, 1, 1\)"),
    "Mul": ({}, [(BATCH, 2, 1, 1), "image"], r"a constant of shape \(3, 2, 1, 1\)"),
    "PRelu": ({}, ["image", (BATCH, 2, 1, 1)], r"a constant of shape \(3, 2, 1, 1\)"),
    "Sub": ({}, ["image", (1, 1, 2, 1, 1)], r"a constant of shape \(1, 1, 2, 1, 1\)"),
    "Pad": (
        {},
        ["image", [1, 0, 0, 0, 0, 0, 0, 0]],
        r"pads \[1, 0, 0, 0, 0, 0, 0, 0\]",
    ),
    "Transpose": ({"perm": [1, 0, 2, 3]}, ["image"], "the operator Transpose"),
    "Flatten": ({"axis": 0}, ["image"], "the operator Flatten"),
    "ReduceMean": ({"axes": [0]}, ["image"], "ReduceMean; expected windows|axes"),
    "ReduceMax": ({"axes": [0]}, ["image"], "ReduceMax; expected windows|axes"),
    "Upsample": (
        {"mode": "nearest"},
        ["image", [2.0, 1, 1, 1]],
        r"scales \[2.0, 1.0, 1.0, 1.0\]; expected scales of spatial axes",
    ),
}


@pytest.mark.parametrize("op", MIXING)
def test_what_mixes_elements_is_refused_with_its_node(op, tmp_path):
    attributes, inputs, match = MIXING[op]
    net = Batched(2)
    names = [
        one
        if isinstance(one, str)
        else net.constant(np.ones(one, "f4") if isinstance(one, tuple) else one)
        for one in inputs
    ]
    model = net.model(net.node(op, names, "it", **attributes), (4, 5))
    model.opset_import[0].version = 9 if op == "Upsample" else 17
    onnx.save(model, tmp_path / "net.onnx")
    data = xr.DataArray(np.ones((2, 4, 5), "f4"), dims=("channel", "y", "x"))
    with pytest.raises(KindError, match=f"{op} 'it'.*: got .*{match}"):
        volconv.onnx(data, tmp_path / "net.onnx")
