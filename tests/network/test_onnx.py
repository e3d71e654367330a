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
from tests.network.published import close
from tests.network.zoo import Builder
from tests.oracle import same_bits
from volconv.config import parse_config
from volconv.errors import ConfigError, DimError, KindError
from volconv.run.limits import Limits
from volconv.run.prepare import prepare
from volconv.run.runner import run_plan
from volconv.steps.network import Onnx

WIDE = (1e-12, 1e-12)
"""float64 networks: sums of a few hundred products in another order."""

NARROW = (1e-5, 1e-6)
"""Outputs that PyTorch computed in float32: sums of up to 300 products of about 1."""


@st.composite
def networks(draw):
    """A network of float64 weights, with branches, and an image of its own."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    net = Net(random, draw(st.integers(1, 3)))
    results = [("image", net.channels)]
    for _ in range(draw(st.integers(1, 5))):
        name, channels = results[draw(st.integers(0, len(results) - 1))]
        layer = getattr(net, draw(st.sampled_from(Net.KINDS)))
        results.append(layer(draw, name, channels))
    last = net.node("LeakyRelu", [results[-1][0]])  # a network has one layer at least
    sizes = tuple(draw(st.integers(9, 14)) for _ in range(2))
    image = random.standard_normal((1, net.channels, *sizes))
    return net.model(last, sizes), image


class Net(Builder):
    """A builder of layers by chance; all keep the sizes, so that any two can be added."""

    KINDS = ("layer", "norm", "largest", "mean", "act", "add", "mul", "both")
    ACTS = ("Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Identity")

    def __init__(self, random, channels):
        super().__init__(channels, dtype=onnx.TensorProto.DOUBLE)
        self.random = random

    def weights(self, *shape):
        return self.constant(self.random.standard_normal(shape))

    def layer(self, draw, x, channels):
        outputs = draw(st.integers(1, 3))
        groups = channels if draw(st.booleans()) else 1
        weight = self.weights(outputs * groups, channels // groups, 3, 3)
        bias = [self.weights(outputs * groups)] if draw(st.booleans()) else []
        apart = draw(st.integers(1, 2))
        moved = {"pads": [apart] * 4, "dilations": [apart] * 2}
        found = self.node("Conv", [x, weight, *bias], group=groups, **moved)
        return found, outputs * groups

    def norm(self, draw, x, channels):
        conv, channels = self.layer(draw, x, channels)
        learned = [self.weights(channels) for _ in range(3)]
        variance = self.constant(self.random.random(channels) + 0.1)
        return self.node("BatchNormalization", [conv, *learned, variance]), channels

    def largest(self, draw, x, channels):
        same = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER"]))
        shape = {"kernel_shape": [draw(st.integers(2, 3)), 3]}
        return self.node("MaxPool", [x], auto_pad=same, **shape), channels

    def mean(self, draw, x, channels):
        counted = {"count_include_pad": draw(st.integers(0, 1))}
        shape = {"kernel_shape": [3, 3], "pads": [1] * 4}
        return self.node("AveragePool", [x], **shape, **counted), channels

    def act(self, draw, x, channels):
        return self.node(draw(st.sampled_from(self.ACTS)), [x]), channels

    def add(self, draw, x, channels):
        other, _ = self.largest(draw, x, channels)
        op = draw(st.sampled_from(["Add", "Sub", "Mul", "Max"]))
        return self.node(op, [x, other]), channels

    def both(self, draw, x, channels):
        other, more = self.layer(draw, x, channels)
        names = [x, other] if draw(st.booleans()) else [other, x]
        return self.node("Concat", names, axis=1), channels + more

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
    found = volconv.onnx(data, path)
    close(found.values, expected[0], WIDE)
    lazy = volconv.onnx(data.chunk(y=chunks[0], x=chunks[1]), path)
    assert lazy.chunks is not None
    assert same_bits(lazy.compute(scheduler="sync").values, found.values)


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
    close(found.values, expected, NARROW)


def branched(random, sizes=(None, None)):
    """A network that makes an image coarser and finer again, with a branch around."""
    net = Net(random, 2)
    wide = {"pads": [1] * 4}
    x = net.node("Conv", ["image", net.weights(3, 2, 3, 3), net.weights(3)], **wide)
    x = net.node("Relu", [x], "features")
    low = net.node("MaxPool", [x], "low", kernel_shape=[2, 2], strides=[2, 2])
    low = net.node("Conv", [low, net.weights(3, 3, 3, 3)], **wide)
    high = net.node("ConvTranspose", [low, net.weights(3, 3, 2, 2)], strides=[2, 2])
    both = net.node("Concat", [high, x], "both", axis=1)
    mixed = net.node("Conv", [both, net.weights(3, 6, 1, 1)])
    return net.model(net.node("Add", [mixed, x], "sum"), sizes)


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(8)
    onnx.save(branched(random), tmp_path / "net.onnx")
    values = random.standard_normal((2, 22, 30))
    coords = {"y": np.arange(22) * 2.0, "x": np.arange(30) * 2.0}
    data = xr.DataArray(values, coords, ("channel", "y", "x"), "v", {"units": "K"})
    store = data.to_dataset().chunk(y=7, x=8)
    store.to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    return tmp_path


def stored(folder):
    return xr.open_zarr(folder / "in.zarr", consolidated=False).v.load()


CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - scale: {factor: 0.5}
  - onnx: %s
  - abs
output: {path: out.zarr, chunks: {y: 4, x: 5}}
"""


@pytest.mark.parametrize("fuse", [True, False])
def test_a_run_block_by_block_has_the_bytes_of_the_function(folder, fuse):
    config = parse_config(CONFIG % "net.onnx").located(folder)
    ready = prepare(config, Limits(workers=2, memory=2**30), fuse=fuse)
    assert ready.plan.stages[0].grid.total > 1
    run_plan(ready.plan, ready.source, ready.labels)
    found = xr.open_zarr(folder / "out.zarr").v.load()
    data = stored(folder)
    alone = volconv.abs(volconv.onnx(volconv.scale(data, 0.5), folder / "net.onnx"))
    assert same_bits(found.values, alone.values)
    xr.testing.assert_identical(found.x, alone.x.drop_attrs())
    assert "units" not in found.attrs


def test_branches_names_and_saves_are_those_of_any_step(folder):
    steps = CONFIG.replace("abs", "subtract: {from: [net, input]}") % (
        "{path: net.onnx, output: features, name: net, from: input, save: mid.zarr}"
    )
    with pytest.raises(DimError, match=r"step 4 \(subtract\), from: got sizes"):
        prepare(parse_config(steps).located(folder), Limits(1, 2**30))
    same = steps.replace("subtract: {from: [net, input]}", "abs: {from: net}")
    ready = prepare(parse_config(same).located(folder), Limits(1, 2**30))
    run_plan(ready.plan, ready.source, ready.labels)
    mid = xr.open_zarr(folder / "mid.zarr").v.load()
    alone = volconv.onnx(stored(folder), folder / "net.onnx", output="features")
    assert same_bits(mid.values, alone.values)


def test_a_part_of_a_network_is_what_its_nodes_make(folder):
    data = stored(folder)
    low = volconv.onnx(data, folder / "net.onnx", output="low")
    features = volconv.onnx(data, folder / "net.onnx", output="features")
    assert same_bits(low.values, volconv.max_pool(features, {"y": 2, "x": 2}).values)
    with pytest.raises(KindError, match=r"got 'lwo'; .* did you mean 'low'"):
        volconv.onnx(data, folder / "net.onnx", output="lwo")


def test_dimensions_of_any_order_and_others_are_carried_along(folder):
    data = stored(folder)
    alone = volconv.onnx(data, folder / "net.onnx")
    series = xr.concat([data, data + 1], "time").transpose("x", "time", "channel", "y")
    found = series.volconv.onnx(folder / "net.onnx", dims=["y", "x"])
    assert found.dims == series.dims
    first = found.isel(time=0).transpose(*alone.dims)
    assert same_bits(np.ascontiguousarray(first.values), alone.values)
    with pytest.raises(DimError, match="say dims="):
        volconv.onnx(series, folder / "net.onnx")


def test_a_path_stands_for_the_settings_of_a_network():
    short, long = (
        parse_config(CONFIG % text).steps[1]
        for text in ("net.onnx", "{path: net.onnx}")
    )
    assert short == long == Onnx(path="net.onnx")
    with pytest.raises(
        ConfigError, match=r"unknown key steps.2.onnx.pth. Did you mean"
    ):
        parse_config(CONFIG % "{pth: net.onnx}")


@pytest.mark.parametrize(
    ("op", "attributes", "match"),
    [
        (
            "GlobalAveragePool",
            {},
            "the operator GlobalAveragePool; expected windows: wh",
        ),
        (
            "Flatten",
            {},
            "the operator Flatten; expected windows: after it, cells have no",
        ),
        ("Hardmax", {}, "the operator Hardmax; expected one of Conv, "),
        ("Softmax", {"axis": 2}, "axis 2 of opset 17; expected axis 1"),
        ("Resize", {"mode": "cubic"}, "mode 'cubic' at 'half_pixel' coordinates"),
        ("MaxPool", {"kernel_shape": [2]}, r"kernel_shape \[2\]; expected 2 numbers"),
    ],
)
def test_what_is_no_step_is_refused_with_its_node(op, attributes, match, tmp_path):
    net = Builder()
    model = net.model(net.node(op, ["image"], "it", **attributes), (8, 8))
    onnx.save(model, tmp_path / "net.onnx")
    data = xr.DataArray(np.zeros((1, 8, 8), "f4"), dims=("channel", "y", "x"))
    with pytest.raises(KindError, match=f"{op} 'it'.*: got {match}"):
        volconv.onnx(data, tmp_path / "net.onnx")


def test_instance_norm_is_refused_with_the_reason(tmp_path):
    net = Builder()
    one = net.constant(np.ones(1, "f4"))
    net.node("InstanceNormalization", ["image", one, one], "it")
    onnx.save(net.model("it", (8, 8)), tmp_path / "net.onnx")
    data = xr.DataArray(np.zeros((1, 8, 8), "f4"), dims=("channel", "y", "x"))
    with pytest.raises(KindError, match="not known before all have been read"):
        volconv.onnx(data, tmp_path / "net.onnx")


def test_constants_may_be_made_by_nodes_of_older_operators(tmp_path):
    net = Builder()
    both = net.constant(np.array([2, 3], "f4"))
    factors = net.node("Unsqueeze", [both], axes=[1, 2])  # an attribute before opset 13
    net.node("Mul", ["image", factors], "scaled")
    model = net.model("scaled", (2, 3))
    model.opset_import[0].version = 9
    onnx.save(model, tmp_path / "net.onnx")
    data = xr.DataArray(np.ones((2, 2, 3), "f4"), dims=("channel", "y", "x"))
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert found[:, 0, 0].values.tolist() == [2, 3]


def test_weights_may_be_made_by_nodes_of_constants(tmp_path):
    net = Builder()
    shape = net.constant(np.array([1, 1, 3, 3]))
    weight = net.node("ConstantOfShape", [shape])
    net.node("Conv", ["image", net.node("Exp", [weight])], "sums", pads=[1] * 4)
    onnx.save(net.model("sums", (8, 8)), tmp_path / "net.onnx")
    data = xr.DataArray(np.ones((1, 8, 8), "f4"), dims=("channel", "y", "x"))
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert found[0, 0, 0] == 4
    assert found[0, 4, 4] == 9
