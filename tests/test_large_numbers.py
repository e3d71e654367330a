"""Numbers of cells that can only be a slip: refused at the door, or right."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import volconv
from tests.oracle import KINDS
from volconv.errors import BoundaryError, GeometryError
from volconv.meta import MOST_CELLS, ArrayMeta, Axis

CELLS = xr.DataArray(
    np.arange(12, dtype="float32").reshape(3, 4),
    dims=("y", "x"),
    coords={"x": np.arange(4) * 2.0},
)
BEYOND = 2**70
DOORS = {
    "stride": lambda n: volconv.box(CELLS, {"x": 2}, stride={"x": n}),
    "dilation": lambda n: volconv.correlate(CELLS, [1, 2], dims="x", dilation=n),
    "padding": lambda n: volconv.correlate(CELLS, [1, 2], dims="x", padding=(0, n)),
    "size": lambda n: volconv.max_pool(CELLS, {"x": n}),
    "factor": lambda n: volconv.upsample(CELLS, {"x": n}),
    "region": lambda n: volconv.crop(CELLS, {"x": (0, n)}),
    "stride of a layer": lambda n: layer(stride=n),
    "dilation of a layer": lambda n: layer(dilation=n),
}


def layer(**moves):
    weight = np.ones((3, 1, 2), "float32")
    return volconv.conv_transpose(CELLS, weight, dims="x", channel="y", **moves)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("number", [BEYOND, 10**5000], ids=["2^70", "10^5000"])
def test_a_number_beyond_64_bits_is_refused_by_name(door, number):
    word = door.split()[0]
    with pytest.raises(
        GeometryError,
        match=rf"^{word} along 'x': got more than 2\*\*56; expected a whole number "
        r"from \d to 2\*\*56\.$",
    ):
        DOORS[door](number)


@pytest.mark.parametrize("data", [CELLS, CELLS.chunk({"x": 2})], ids=["numpy", "dask"])
def test_the_largest_stride_leaves_the_first_output(data):
    found = volconv.box(data, {"x": 2}, stride={"x": MOST_CELLS})
    assert_array_equal(found, [[0.5], [4.5], [8.5]])
    assert_array_equal(found.x, [1.0])


@pytest.mark.parametrize("padding", [10**12, (0, 10**12)])
@pytest.mark.parametrize("boundary", KINDS)
def test_a_padding_above_every_kernel_is_refused(boundary, padding):
    with pytest.raises(
        GeometryError,
        match=r"^padding along 'x': got 10{12}; expected at most 16777216 cells "
        r"before and after\. Fix: a smaller padding, or a smaller dilation\.$",
    ):
        volconv.pad(CELLS, {"x": padding}, boundary=boundary)


@pytest.mark.parametrize("padding", ["same", "full", "same_upper", "same_lower"])
def test_a_dilation_that_asks_for_as_much_is_refused(padding):
    with pytest.raises(
        GeometryError, match=rf"^padding along 'x': got '{padding}', \d+ cells; exp"
    ):
        volconv.correlate(CELLS, [1, 2, 1], dims="x", dilation=10**12, padding=padding)


def test_a_dilation_of_a_layer_that_asks_for_as_much_is_refused():
    with pytest.raises(
        GeometryError,
        match=r"^dilation along 'x': got 10{9}, for which outputs read 10{9} cells "
        r"beyond the ends; expected at most 16777216 such cells\.$",
    ):
        layer(dilation=10**9)


@pytest.mark.parametrize("boundary", ["reflect", "symmetric", "wrap"])
def test_an_axis_is_not_repeated_without_end(boundary):
    with pytest.raises(
        BoundaryError,
        match=rf"^boundary along 'x': got '{boundary}' for 262145 cells beyond an axis "
        r"of 4; expected padding of at most 65536 times the axis\. Fix: less padding, ",
    ):
        volconv.pad(CELLS, {"x": 4 * 2**16 + 1}, boundary=boundary)


@pytest.mark.parametrize("boundary", KINDS)
def test_an_axis_is_repeated_hundreds_of_times_as_numpy_does(boundary):
    width = {"x": (1003, 998)}
    found = volconv.pad(CELLS.chunk({"x": 2}), width, boundary=boundary)
    expected = np.pad(CELLS, [(0, 0), width["x"]], mode=boundary)
    assert_array_equal(found, expected)
    assert_array_equal(volconv.pad(CELLS, width, boundary=boundary), expected)
    assert len(found.__dask_graph__()) < 40


def test_an_array_of_more_cells_than_64_bits_count_is_refused():
    axes = (Axis("y", 2**30), Axis("x", 2**26))
    assert ArrayMeta(axes, "int8").cells == MOST_CELLS
    with pytest.raises(
        GeometryError,
        match=r"^the array: got sizes \{'y': 1073741825, 'x': 67108864\}; expected at "
        r"most 2\*\*56 cells in all\.$",
    ):
        ArrayMeta((Axis("y", 2**30 + 1), axes[1]), "int8")


EMPTY = CELLS[:0]


@pytest.mark.parametrize(
    "step",
    [
        volconv.abs,
        volconv.relu,
        lambda data: volconv.crop(data, {"x": (0, 2)}),
        lambda data: volconv.upsample(data, {"x": 2}),
        lambda data: volconv.max_pool(data, {"x": 2}),
        lambda data: volconv.box(data, {"y": 1}),
        lambda data: volconv.conv_transpose(
            data, np.ones((4, 2, 3)), dims="y", channel="x"
        ),
        lambda data: volconv.abs(data.chunk()),
    ],
)
def test_an_array_without_cells_is_refused_as_what_it_is(step):
    with pytest.raises(
        GeometryError,
        match=r"^the array along 'y': got 0 cells; expected at least one cell\.$",
    ):
        step(EMPTY)
