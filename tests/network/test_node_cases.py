"""Operators of networks: the ONNX node tests that the package onnx carries."""

import pytest

from tests.network import published
from tests.network.published import array_of, close

PRINTED = (1e-3, 1e-7)
"""What the ONNX node tests ask for: some outputs are printed with four digits."""

NODE_CASES = {
    "conv": (6, ()),
    "maxpool": (17, ("test_maxpool_with_argmax_",)),
    "averagepool": (20, ()),
    "convtranspose": (8, ("_output_shape", "_kernel_shape", "_autopad_same")),
    "resize": (
        4,
        ("downsample", "_sizes_", "cubic", "_align_corners", "_crop_", "symm"),
    ),
    "upsample": (1, ()),
    "softmax": (1, ("_axis_0", "_axis_2", "_negative_", "_default_", "_large", "_ex")),
    "logsoftmax": (
        1,
        ("_axis_0", "_axis_2", "_negative_", "_default_", "_large", "_ex"),
    ),
    "batch_normalization": (2, ("_training_mode",)),
    "pad": (6, ()),
    "slice": (5, ("test_slice_start_out", "_neg_steps")),
    "clip": (9, ("_default_inbounds", "_int8_inbounds", "_greater_", "_expanded")),
    "cast": (6, ("BFLOAT16", "FLOAT8", "INT4", "INT2", "FLOAT4", "STRING")),
    "lrn": (2, ()),
    "reducemax": (4, ("_do_not_", "_default_", "_bool_", "_empty_")),
    "reducemin": (4, ("_do_not_", "_default_", "_bool_", "_empty_")),
    "reducemean": (4, ("_do_not_", "_default_")),
    "reducesum": (4, ("_do_not_", "_default_", "_empty_")),
    "argmax": (2, ("_no_", "_default_", "_negative_", "_example")),
    "argmin": (2, ("_no_", "_default_", "_negative_", "_example")),
    "abs": (1, ()),
    "ceil": (2, ()),
    "celu": (2, ("bfloat16", "_expanded")),
    "elu": (3, ("_expanded",)),
    "erf": (1, ()),
    "exp": (2, ()),
    "floor": (2, ()),
    "gelu": (4, ("_expanded",)),
    "hardsigmoid": (3, ("_expanded",)),
    "hardswish": (1, ("_expanded",)),
    "leakyrelu": (3, ("_expanded",)),
    "log": (2, ()),
    "mish": (1, ("_expanded",)),
    "neg": (2, ()),
    "reciprocal": (2, ()),
    "relu": (1, ("_expanded",)),
    "round": (1, ()),
    "selu": (3, ("_expanded",)),
    "shrink": (2, ("_expanded",)),
    "sigmoid": (2, ()),
    "sign": (1, ()),
    "softplus": (2, ("_expanded",)),
    "softsign": (2, ("_expanded",)),
    "sqrt": (2, ()),
    "swish": (1, ("_expanded",)),
    "tanh": (2, ()),
    "thresholdedrelu": (3, ("_expanded",)),
}
"""How many cases of a module of the ONNX node tests are met; parts of the others' names:
outputs of indices, sizes that are no multiples, axes other than that of channels, several
inputs of which one has its own number for each cell, dtypes that NumPy has not."""


@pytest.mark.parametrize("module", NODE_CASES)
def test_published_cases_of_operators_are_met(module, tmp_path):
    count, others = NODE_CASES[module]
    cases = {
        name: case
        for name, case in published.node_cases(module).items()
        if not any(other in name for other in others)
    }
    if module == "slice":
        del cases["test_slice"]  # a part of a batch
    assert len(cases) == count, list(cases)
    for name, (model, inputs, expected) in cases.items():
        found = published.run(model, inputs, tmp_path / f"{name}.onnx")
        close(found.values, array_of(expected), PRINTED, name)
