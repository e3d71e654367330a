"""Convolution layers against sums over windows, whatever the chunks."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import same_whatever_the_cuts, windows_of
from tests.oracle import same_bits
from tests.strategies import kinds
from volconv.errors import DimError, KernelError, NumberError
from volconv.geometry import Interval
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions
from volconv.steps.conv import conv_step
from volconv.steps.layer import LayerOptions

AXES = ("z", "y", "x")


@st.composite
def layers(draw):
    """Whole numbers with channels, and a layer over them: no sum is rounded."""
    groups = draw(st.integers(1, 3))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    ndim = draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 3)) for _ in range(ndim)]
    dims = AXES[3 - ndim :]
    options = {
        key: dict(
            zip(dims, draw(st.lists(values, min_size=ndim, max_size=ndim)), strict=True)
        )
        for key, values in (
            ("stride", st.integers(1, 3)),
            ("dilation", st.integers(1, 2)),
            ("padding", st.tuples(st.integers(0, 3), st.integers(0, 3))),
            ("boundary", kinds),
        )
    }
    spans = [
        (k - 1) * options["dilation"][dim] + 1
        for k, dim in zip(kernel, dims, strict=True)
    ]
    shape = [draw(st.integers(span, span + 12)) for span in spans]
    order = draw(st.permutations(["t", "channel", *dims]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from(["float32", "float64", "int16", "uint8", "float16"]))
    low = 0 if dtype == "uint8" else -9
    values = random.integers(low, 10, (2, groups * inputs, *shape)).astype(dtype)
    data = xr.DataArray(values, dims=("t", "channel", *dims)).transpose(*order)
    weight = random.integers(-4, 5, (groups * outputs, inputs, *kernel))
    bias = random.integers(-9, 10, groups * outputs)
    return data, weight, bias, {"dims": dims, "groups": groups, **options}


def summed(data, weight, bias, options):
    """The layer by its definition, in float64: dims (channel, t, *dims)."""
    dims, groups = options["dims"], options["groups"]
    size = dict(zip(dims, weight.shape[2:], strict=True))
    cells = data.transpose("channel", "t", *dims).astype("float64")
    windows = windows_of(cells, {**options, "size": size})
    parts = np.split(windows, groups)
    weights = np.split(weight.reshape(*weight.shape[:2], -1).astype("float64"), groups)
    found = [
        np.einsum("ict,c...t->i...", w, part)
        for w, part in zip(weights, parts, strict=True)
    ]
    sums = np.concatenate(found)
    return sums + bias.reshape(-1, *(1,) * (sums.ndim - 1))


@settings(max_examples=40)
@given(layers(), st.sampled_from(["direct", "reference"]), st.data())
def test_a_layer_is_its_definition_whatever_the_cuts(layer, engine, data):
    array, weight, bias, options = layer
    keywords = {**options, "engine": engine}
    step = lambda meta: conv_step(  # noqa: E731
        meta,
        weight,
        bias,
        LayerOptions("channel", options["dims"], options["groups"]),
        WindowOptions(
            options["stride"],
            options["padding"],
            options["dilation"],
            options["boundary"],
            engine=engine,
        ),
    )
    whole = same_whatever_the_cuts(
        array, lambda d: volconv.conv(d, weight, bias, **keywords), step, data
    )
    assert whole.dims == array.dims
    expected = summed(array, weight, bias, options)
    ordered = whole.transpose("channel", "t", *options["dims"])
    assert (ordered.values == expected.astype(whole.dtype)).all()


@pytest.mark.parametrize("shape", [(7, 3, 5, 4, 19), (40, 8, 3, 3, 70), (5, 5, 33)])
def test_engines_agree_to_rounding_and_each_channel_has_the_bits_of_all(shape):
    outputs, inputs, *rest = shape
    random = np.random.default_rng(3)
    kernel = [3] * (len(rest))
    dims = AXES[3 - len(rest) :]
    data = xr.DataArray(
        random.standard_normal((inputs, *(n + 2 for n in rest)), "float32"),
        dims=("channel", *dims),
    )
    weight = random.standard_normal((outputs, inputs, *kernel)).astype("float32")
    found = volconv.conv(data, weight)
    reference = volconv.conv(data, weight, engine="reference")
    products = inputs * 3 ** len(rest)
    bound = products * np.finfo("float32").eps * abs(data).max() * abs(weight).max() * 8
    assert abs(found - reference).max() < bound
    for channel in range(0, outputs, 3):
        one = volconv.conv(data, weight[channel : channel + 1])
        assert same_bits(one.values[0], found.values[channel])


def test_a_box_of_some_channels_reads_all_input_channels_and_has_their_bits():
    random = np.random.default_rng(0)
    meta = ArrayMeta((Axis("channel", 6), Axis("y", 12), Axis("x", 20)), "float32")
    weight = random.standard_normal((9, 2, 3, 3))
    step = conv_step(meta, weight, None, LayerOptions(groups=3), WindowOptions())
    cells = random.standard_normal((6, 12, 20), "float32")
    whole = step.compute(cells)
    box = (Interval(2, 7), Interval(0, 10), Interval(0, 18))
    part = step.of_box(box)
    assert part.target.shape == step.target.shape
    assert same_bits(part.compute(cells), whole[2:7])


def test_the_channels_lose_their_coordinate_and_the_cells_keep_theirs():
    data = xr.DataArray(
        np.ones((2, 6)),
        {"channel": ["red", "green"], "x": np.arange(6) * 10.0},
        ("channel", "x"),
        attrs={"units": "K"},
    )
    found = volconv.conv(data, np.ones((3, 2, 2)), stride=2)
    assert "channel" not in found.coords
    assert found.x.values.tolist() == [5.0, 25.0, 45.0]
    assert "units" not in found.attrs


def test_missing_cells_reach_every_output_that_weighs_them_zeros_too():
    data = xr.DataArray(np.ones((1, 5)), dims=("channel", "x"))
    data[0, 2] = np.nan
    found = volconv.conv(data, [[[1.0, 0.0]]])
    assert np.isnan(found.values).tolist() == [[False, True, True, False]]


def test_what_does_not_fit_is_refused():
    data = xr.DataArray(np.ones((4, 5, 6)), dims=("channel", "y", "x"))
    with pytest.raises(
        KernelError, match="3 input channels in each of 1 groups; expected 4"
    ):
        volconv.conv(data, np.ones((2, 3, 3, 3)))
    with pytest.raises(KernelError, match="2 of 3 output channels"):
        volconv.conv(data, np.ones((3, 2, 3, 3)), groups=2)
    with pytest.raises(KernelError, match="one number for each of 2 output channels"):
        volconv.conv(data, np.ones((2, 4, 3, 3)), [1.0])
    with pytest.raises(DimError, match="1 dimensions beside 'channel'"):
        volconv.conv(data, np.ones((2, 4, 3)))
    with pytest.raises(DimError, match="band"):
        volconv.conv(data, np.ones((2, 4, 3, 3)), channel="band")
    with pytest.raises(KernelError, match="NaN or inf"):
        volconv.conv(data, np.full((2, 4, 3, 3), np.nan))
    with pytest.raises(NumberError, match="one of auto, direct, reference"):
        volconv.conv(data, np.ones((2, 4, 3, 3)), engine="fft")
    with pytest.raises(NumberError, match="real numbers"):
        volconv.conv(data * 1j, np.ones((2, 4, 3, 3)))
