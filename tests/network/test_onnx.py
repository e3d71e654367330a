"""Networks in ONNX files as steps, against runs of the whole by the package onnx."""

import warnings

import numpy as np
import onnx
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

import volconv
from tests.network import published
from tests.network.zoo import Builder
from tests.oracle import same_bits

WIDE = {"rtol": 1e-12, "atol": 1e-12}
"""float64 networks: sums of a few hundred products in another order."""

NARROW = {"rtol": 1e-5, "atol": 1e-6}
"""Published float32 outputs: sums of up to 300 products of about 1."""


@st.composite
def networks(draw):
    """A network of float64 weights, with branches, and an image of its own."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    net = Net(random, draw(st.integers(1, 3)))
    sizes = tuple(draw(st.integers(9, 14)) for _ in range(2))
    results = [("image", net.channels)]
    for _ in range(draw(st.integers(1, 5))):
        name, channels = results[draw(st.integers(0, len(results) - 1))]
        kind = draw(
            st.sampled_from(["conv", "norm", "pool", "mean", "act", "add", "mul"])
        )
        results.append(getattr(net, kind)(draw, name, channels))
    return net.model(results[-1][0], sizes), random.standard_normal(
        (1, net.channels, *sizes)
    )


class Net(Builder):
    """A builder of layers by chance; all keep the sizes, so that any two can be added."""

    KINDS = ("conv", "norm", "pool", "mean", "act", "add", "mul")
    ACTS = ("Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Identity")

    def __init__(self, random, channels):
        super().__init__(channels, dtype=onnx.TensorProto.DOUBLE)
        self.random = random

    def weights(self, *shape):
        return self.constant(self.random.standard_normal(shape))

    def conv(self, draw, x, channels):
        outputs = draw(st.integers(1, 3))
        groups = channels if draw(st.booleans()) else 1
        weight = self.weights(outputs * groups, channels // groups, 3, 3)
        bias = [self.weights(outputs * groups)] if draw(st.booleans()) else []
        apart = draw(st.integers(1, 2))
        found = self.node(
            "Conv",
            [x, weight, *bias],
            group=groups,
            pads=[apart] * 4,
            dilations=[apart] * 2,
        )
        return found, outputs * groups

    def norm(self, draw, x, channels):
        conv, channels = self.conv(draw, x, channels)
        learned = [self.weights(channels) for _ in range(3)]
        variance = self.constant(self.random.random(channels) + 0.1)
        return self.node("BatchNormalization", [conv, *learned, variance]), channels

    def pool(self, draw, x, channels):
        same = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER"]))
        size = draw(st.integers(2, 3))
        return self.node(
            "MaxPool", [x], kernel_shape=[size, 3], auto_pad=same
        ), channels

    def mean(self, draw, x, channels):
        counted = {"count_include_pad": draw(st.integers(0, 1))}
        shape = {"kernel_shape": [3, 3], "pads": [1] * 4}
        return self.node("AveragePool", [x], **shape, **counted), channels

    def act(self, draw, x, channels):
        op = draw(
            st.sampled_from(["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Identity"])
        )
        return self.node(op, [x]), channels

    def add(self, draw, x, channels):
        other = self.node("Relu", [x])
        return self.node(
            draw(st.sampled_from(["Add", "Sub", "Mul"])), [x, other]
        ), channels

    def mul(self, draw, x, channels):
        factor = self.weights(*draw(st.sampled_from([(), (channels, 1, 1)])))
        pair = [x, factor] if draw(st.booleans()) else [factor, x]
        return self.node(draw(st.sampled_from(["Add", "Sub", "Mul"])), pair), channels


@settings(max_examples=12)
@given(networks(), st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_a_network_is_what_it_is_elsewhere_whatever_the_chunks(network, chunks):
    model, image = network
    path = f"{published.scratch()}/network.onnx"
    onnx.save(model, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow in its sigmoid, which it masks after
        (expected,) = ReferenceEvaluator(model).run(None, {"image": image})
    data = xr.DataArray(image[0], dims=("channel", "y", "x"))
    if all(node.op_type == "Identity" for node in model.graph.node):
        return
    found = volconv.onnx(data, path)
    np.testing.assert_allclose(found.values, expected[0], **WIDE)
    lazy = volconv.onnx(data.chunk(y=chunks[0], x=chunks[1]), path)
    assert lazy.chunks is not None
    assert same_bits(lazy.compute(scheduler="sync").values, found.values)


def in_scope(case):
    """Whether a published case has a batch, channels, and one output."""
    return case[1][0].ndim > 2 and len(case[0].graph.output) == 1


NODE_CASES = {"conv": 6, "maxpool": 17, "averagepool": 11, "relu": 1, "convtranspose": 6}
"""How many cases of each module of the ONNX node tests there are in scope at least."""


@pytest.mark.parametrize("module", NODE_CASES)
def test_published_cases_of_operators_are_met(module, tmp_path):
    cases = published.node_cases(module)
    ran = 0
    for name, case in cases.items():
        model, inputs, expected = case
        if not in_scope(case):
            continue
        found = published.run(model, inputs, tmp_path / f"{name}.onnx").values
        np.testing.assert_allclose(found, expected, **NARROW, err_msg=name)
        assert found.dtype == expected.dtype
        ran += 1
    assert ran >= NODE_CASES[module]


CONVERTED = [
    *("AvgPool2d", "AvgPool2d_stride", "AvgPool3d", "AvgPool3d_stride"),
    *("BatchNorm1d_3d_input_eval", "BatchNorm2d_eval", "BatchNorm2d_momentum_eval"),
    *("BatchNorm3d_eval", "ConstantPad2d", "Conv1d", "Conv1d_dilated", "Conv1d_groups"),
    *("Conv1d_pad2size1", "Conv1d_stride", "Conv2d", "Conv2d_depthwise_padded"),
    *("Conv2d_depthwise_with_multiplier", "Conv2d_dilated", "Conv2d_groups"),
    *("Conv2d_no_bias", "Conv2d_padding", "Conv2d_strided", "Conv3d"),
    *("Conv3d_dilated_strided", "Conv3d_groups", "Conv3d_stride_padding"),
    *("ConvTranspose2d", "ConvTranspose2d_no_bias", "ELU"),
    *("LeakyReLU_with_negval", "MaxPool1d_stride_padding_dilation", "MaxPool2d"),
    *("MaxPool2d_stride_padding_dilation", "MaxPool3d_stride_padding", "PReLU_1d"),
    *("PReLU_2d_multiparam", "PReLU_3d_multiparam", "ReLU", "ReflectionPad2d"),
    *("ReplicationPad2d", "Sigmoid", "Tanh", "ZeroPad2d"),
]


@pytest.mark.parametrize("name", CONVERTED)
def test_what_pytorch_wrote_is_what_pytorch_computed(name, tmp_path):
    model, inputs, expected = published.converted_case(f"test_{name}")
    found = published.run(model, inputs, tmp_path / "network.onnx")
    np.testing.assert_allclose(found.values, expected, **NARROW)
