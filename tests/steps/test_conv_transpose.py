"""Transposed layers against sums over every cell and tap, whatever the chunks."""

import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import allocated, same_whatever_the_cuts
from tests.oracle import same_bits
from tests.strategies import meta_of
from volconv.errors import DimError, GeometryError, KernelError, KindError, NumberError
from volconv.geometry import Interval
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions
from volconv.steps.conv_transpose import Moves, conv_transpose_step
from volconv.steps.layer import LayerOptions

AXES = ("z", "y", "x")


@st.composite
def layers(draw):
    """Whole numbers with channels, and a layer over them: no sum is rounded."""
    groups, ndim = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    dims = AXES[3 - ndim :]
    moves: dict[str, Any] = {
        key: {} for key in ("stride", "dilation", "padding", "output_padding")
    }
    kernel, shape = [], []
    for dim in dims:
        size, stride, apart = (draw(st.integers(1, most)) for most in (4, 3, 3))
        reach = (size - 1) * apart
        before = draw(st.integers(0, reach + 2))
        after = draw(st.integers(0, max(0, reach - before)))
        missing = max(0, before + after - reach)
        kernel.append(size)
        shape.append(draw(st.integers(1 + missing, 9 + missing)))
        moves["stride"][dim] = stride
        moves["dilation"][dim] = apart
        moves["padding"][dim] = (before, after)
        moves["output_padding"][dim] = draw(st.integers(0, max(stride, apart) - 1))
    order = draw(st.permutations(["t", "channel", *dims]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from(["float32", "float64", "int16", "uint8", "float16"]))
    low = 0 if dtype == "uint8" else -9
    values = random.integers(low, 10, (2, groups * inputs, *shape)).astype(dtype)
    data = xr.DataArray(values, dims=("t", "channel", *dims)).transpose(*order)
    weight = random.integers(-4, 5, (groups * inputs, outputs, *kernel))
    bias = random.integers(-9, 10, groups * outputs)
    return data, weight, bias, groups, dims, moves


def spread(data, weight, bias, groups, dims, moves):
    """The layer by its definition, in float64: dims (t, channel, *dims)."""
    cells = data.transpose("t", "channel", *dims).values.astype("float64")
    stride = [moves["stride"][dim] for dim in dims]
    apart = [moves["dilation"][dim] for dim in dims]
    whole = [
        (n - 1) * s + (k - 1) * d + 1 + moves["output_padding"][dim]
        for n, s, k, d, dim in zip(
            cells.shape[2:], stride, weight.shape[2:], apart, dims, strict=True
        )
    ]
    inputs, outputs = weight.shape[0] // groups, weight.shape[1]
    found = np.zeros((len(cells), groups * outputs, *whole))
    for group, tap in itertools.product(
        range(groups), itertools.product(*map(range, weight.shape[2:]))
    ):
        mine = slice(group * inputs, (group + 1) * inputs)
        added = np.einsum(
            "ti...,io->to...", cells[:, mine], weight[(mine, slice(None), *tap)]
        )
        places = tuple(
            slice(j * d, j * d + (n - 1) * s + 1, s)
            for j, d, n, s in zip(tap, apart, cells.shape[2:], stride, strict=True)
        )
        theirs = slice(group * outputs, (group + 1) * outputs)
        found[(slice(None), theirs, *places)] += added
    found += bias.reshape(-1, *(1,) * len(dims))
    pairs = [moves["padding"][dim] for dim in dims]
    kept = (slice(a, n - b) for (a, b), n in zip(pairs, whole, strict=True))
    return found[(slice(None), slice(None), *kept)]


@settings(max_examples=25)
@given(layers(), st.sampled_from(["direct", "reference"]), st.data())
def test_a_layer_is_its_definition_whatever_the_cuts(layer, engine, data):
    array, weight, bias, groups, dims, moves = layer
    found = same_whatever_the_cuts(
        array,
        lambda d: volconv.conv_transpose(
            d, weight, bias, dims=dims, groups=groups, engine=engine, **moves
        ),
        lambda meta: conv_transpose_step(
            meta,
            weight,
            bias,
            LayerOptions("channel", dims, groups),
            Moves(**moves),
            WindowOptions(engine=engine),
        ),
        data,
    )
    assert found.dims == array.dims
    ordered = found.transpose("t", "channel", *dims)
    expected = spread(array, weight, bias, groups, dims, moves)
    assert (ordered.values == expected.astype(found.dtype)).all()


def test_it_is_the_transpose_of_the_layer_of_the_same_weights():
    """The inner products <conv(x), y> and <x, conv_transpose(y)> are one number."""
    random = np.random.default_rng(4)
    dims = ("channel", "y", "x")
    moves = {"stride": {"y": 2, "x": 3}, "padding": 2, "dilation": {"y": 2, "x": 1}}
    weight = random.integers(-9, 10, (4, 2, 3, 4))
    one = xr.DataArray(random.integers(-9, 10, (4, 9, 12)).astype(float), dims=dims)
    coarse = volconv.conv(one, weight, groups=2, **moves)
    other = xr.DataArray(random.integers(-9, 10, coarse.shape).astype(float), dims=dims)
    fine = volconv.conv_transpose(other, weight, groups=2, **moves)
    assert fine.shape == one.shape
    assert float((coarse * other).sum()) == float((one * fine).sum())


def test_a_box_of_some_channels_and_any_phase_has_the_bits_of_the_whole():
    random = np.random.default_rng(0)
    meta = ArrayMeta((Axis("channel", 6), Axis("y", 12), Axis("x", 20)), "float32")
    weight = random.standard_normal((6, 3, 4, 5))
    step = conv_transpose_step(
        meta,
        weight,
        None,
        LayerOptions(groups=3),
        Moves(stride=2, padding=1),
        WindowOptions(),
    )
    cells = random.standard_normal((6, 12, 20), "float32")
    around = np.pad(cells, [(0, 0), *(step.geometry[d].padding for d in ("y", "x"))])
    whole = step.compute(around)
    assert whole.shape == (9, 24, 41)
    # outputs 5 to 13 along y read the cells 2 to 6, those 8 to 20 along x 3 to 10
    part = step.of_box((Interval(2, 7), Interval(5, 14), Interval(8, 21)))
    read = [part.geometry[d].source(s) for d, s in zip("yx", part.box[1:], strict=True)]
    assert read == [Interval(2, 8), Interval(3, 11)]
    found = part.compute(cells[:, 2:8, 3:11])
    assert same_bits(found, whole[2:7, 5:14, 8:21])


def test_the_middle_of_a_cells_outputs_lies_at_the_cell():
    data = xr.DataArray(
        np.ones((2, 4)),
        {"channel": ["red", "green"], "x": np.arange(4) * 10.0},
        ("channel", "x"),
        attrs={"units": "K"},
    )
    found = volconv.conv_transpose(data, np.ones((2, 3, 3)), stride=2, padding=1)
    assert found.x.values.tolist() == [0, 5, 10, 15, 20, 25, 30]
    assert "channel" not in found.coords
    assert "units" not in found.attrs
    fine = volconv.upsample(data, {"x": 2})
    side_by_side = volconv.conv_transpose(data, np.ones((2, 3, 2)), stride=2)
    assert side_by_side.x.values.tolist() == fine.x.values.tolist()
    wide = volconv.conv_transpose(data, np.ones((2, 3, 1)), stride={"x": 3})
    np.testing.assert_allclose(wide.x, np.arange(10) * 10 / 3)


def test_outputs_that_no_cell_is_spread_over_are_the_bias():
    row = xr.DataArray([[1.0, np.inf]], dims=("channel", "x"))
    found = volconv.conv_transpose(
        row, [[[2.0], [0.0]]], [0.5, 7], stride=3, output_padding=2
    )
    expected = [[2.5, 0.5, 0.5, np.inf, 0.5, 0.5], [7, 7, 7, np.nan, 7, 7]]
    np.testing.assert_array_equal(found.values[:, :6], expected)


def test_engines_agree_to_rounding():
    random = np.random.default_rng(3)
    data = xr.DataArray(
        random.standard_normal((5, 6, 7, 20), "float32"), dims=("channel", *AXES)
    )
    weight = random.standard_normal((5, 7, 3, 3, 3)).astype("float32")
    found = volconv.conv_transpose(data, weight, stride=2)
    reference = volconv.conv_transpose(data, weight, stride=2, engine="reference")
    bound = 5 * 8 * np.finfo("float32").eps * abs(data).max() * abs(weight).max() * 8
    assert abs(found - reference).max() < bound


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_it_allocates_no_more_than_it_says(dtype):
    meta = meta_of((4, 20, 30, 40), dtype)
    step = conv_transpose_step(
        meta,
        np.ones((4, 6, 2, 2, 2)),
        None,
        LayerOptions(meta.dims[0]),
        Moves(stride=2),
        WindowOptions(),
    )
    cells = np.ones(meta.shape, dtype)
    outputs = int(np.prod(step.target.shape))
    assert allocated(step, cells) <= step.work_bytes(outputs, cells.size) + 2**17


def test_what_does_not_fit_is_refused():
    data = xr.DataArray(np.ones((4, 5, 6)), dims=("channel", "y", "x"))
    weight = np.ones((4, 2, 3, 3))
    with pytest.raises(KernelError, match=r"3 input channels; expected 4.*come first"):
        volconv.conv_transpose(data, np.ones((3, 4, 3, 3)))
    with pytest.raises(KernelError, match="3 of 4 input channels"):
        volconv.conv_transpose(data, weight, groups=3)
    with pytest.raises(KernelError, match="one number for each of 4 output channels"):
        volconv.conv_transpose(data, weight, [1.0, 2.0], groups=2)
    with pytest.raises(KernelError, match="input channels, output channels of a group"):
        volconv.conv_transpose(data, np.ones((4, 2)))
    with pytest.raises(DimError, match="1 dimensions beside 'channel'"):
        volconv.conv_transpose(data, np.ones((4, 2, 3)))
    with pytest.raises(DimError, match="stride"):
        volconv.conv_transpose(data, weight, stride={"channel": 2})
    with pytest.raises(GeometryError, match="output_padding along 'y': got 2"):
        volconv.conv_transpose(data, weight, stride=2, output_padding=2)
    with pytest.raises(GeometryError, match="padding along 'y': got -1 outputs of 5"):
        volconv.conv_transpose(data, weight, padding=4)
    with pytest.raises(KindError, match="padding"):
        volconv.conv_transpose(data, weight, padding="same")
    with pytest.raises(NumberError, match="complex128 under conv_transpose"):
        volconv.conv_transpose(data * 1j, weight)
    with pytest.raises(NumberError, match="one of auto, direct, reference"):
        volconv.conv_transpose(data, weight, engine="fft")
