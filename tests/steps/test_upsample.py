"""Upsampling against repeats and lines by NumPy, whatever the chunks."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import allocated, labelled, same_whatever_the_cuts
from tests.oracle import padded, same_bits
from tests.strategies import DTYPES, kinds, meta_of
from volconv.errors import (
    BoundaryError,
    DimError,
    GeometryError,
    KindError,
    NumberError,
)
from volconv.steps.upsample import Upsample, upsample_step


@st.composite
def factors_for(draw, array, factors):
    """A factor for some of an array's dimensions."""
    dims = draw(st.lists(st.sampled_from(array.dims), min_size=1, unique=True))
    return {dim: draw(factors) for dim in dims}


def lines(cells, factors, boundary):
    """What lies between cells, by the positions of outputs among them, in float64."""
    cells = cells.astype("float64")
    for axis, factor in enumerate(factors):
        if factor == 1:
            continue
        pairs = [(0, 0)] * cells.ndim
        pairs[axis] = (1, 1)
        around = padded(cells, pairs, [boundary] * cells.ndim)
        places = (np.arange(cells.shape[axis] * factor) + 0.5) / factor + 0.5
        lower = np.floor(places).astype(int)
        share = (places - lower).reshape(-1, *(1,) * (cells.ndim - axis - 1))
        low, high = (np.take(around, lower + one, axis) for one in (0, 1))
        cells = low + (high - low) * share
    return cells


@settings(max_examples=40)
@given(st.data())
def test_nearest_repeats_each_cell_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES, most=7))
    factor = data.draw(factors_for(array, st.integers(1, 4)))
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.upsample(a, factor),
        lambda m: upsample_step(m, factor, None, "nearest", "edge", 0, None),
        data,
    )
    expected = array.values.astype(array.dtype.name)
    for axis, dim in enumerate(array.dims):
        expected = np.repeat(expected, factor.get(dim, 1), axis)
    assert same_bits(found.values, np.ascontiguousarray(expected))


@pytest.mark.parametrize(("factors", "is_exact"), [((1, 2, 4), True), ((3, 5), False)])
@settings(max_examples=30)
@given(data=st.data())
def test_linear_is_a_line_from_cell_to_cell_whatever_the_cuts(factors, is_exact, data):
    dtypes = ["float16", "float32", "float64", "int8", "uint16", "int32", "bool"]
    array = data.draw(labelled(dtypes, most=6))
    if array.dtype != bool:
        array = (array % 9).round().astype(array.dtype)  # eighths of them are floats
    factor = data.draw(factors_for(array, st.sampled_from(factors)))
    boundary = data.draw(kinds)
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.upsample(a, factor, method="linear", boundary=boundary),
        lambda m: upsample_step(m, factor, None, "linear", boundary, 0, None),
        data,
    )
    small = {"float16": "float16", "float64": "float64", "int32": "float64"}
    assert found.dtype == small.get(array.dtype.name, "float32")
    expected = lines(array.values, [factor.get(d, 1) for d in array.dims], boundary)
    if is_exact and found.dtype != "float16":
        assert (found.values == expected).all()
    bound = 20 * np.finfo(found.dtype).eps * np.abs(expected).max(initial=1)
    assert np.abs(found.values - expected).max() <= bound


@given(st.integers(2, 9), st.integers(1, 6), st.sampled_from(["nearest", "linear"]))
def test_coordinates_are_those_of_the_smaller_cells(cells, factor, method):
    x = 24.0 * np.arange(cells) - 7
    bounds = np.stack([x - 12, x + 12], axis=1)
    data = xr.Dataset(
        {"t": ("x", np.ones(cells))},
        {"x": ("x", x, {"bounds": "x_bounds"}), "x_bounds": (("x", "edge"), bounds)},
    )
    found = volconv.upsample(data, {"x": factor}, method=method)
    edges = np.linspace(x[0] - 12, x[-1] + 12, cells * factor + 1)
    np.testing.assert_allclose(found.x, (edges[:-1] + edges[1:]) / 2, atol=1e-9)
    np.testing.assert_allclose(
        found.x_bounds, np.stack([edges[:-1], edges[1:]], axis=1), atol=1e-9
    )


def test_times_and_descending_axes_are_divided_in_their_own_type():
    days = np.array(["2026-01-02", "2026-01-01", "2025-12-31"], "datetime64[ns]")
    names = xr.DataArray(["a", "b", "c"], dims="time")
    data = xr.DataArray([2, 1, 0], {"time": days, "name": names}, "time")
    found = volconv.upsample(data, 3)
    step = np.timedelta64(8, "h")
    assert (found.time.values == days[0] + step - step * np.arange(9)).all()
    assert "name" not in found.coords


def test_a_wrapped_axis_goes_on_at_its_other_end():
    ring = xr.DataArray([0.0, 8.0, 4.0], dims="x")
    found = volconv.upsample(ring, 2, method="linear", boundary="wrap")
    assert found.values.tolist() == [1, 2, 6, 7, 5, 3]
    assert volconv.upsample(
        ring.chunk(x=1), 2, method="linear", boundary="wrap"
    ).equals(found)


def test_missing_cells_reach_the_outputs_that_weigh_them_and_no_other():
    row = xr.DataArray([1.0, np.nan, 3.0], dims="x")
    found = volconv.upsample(row, 3, method="linear")
    assert np.isnan(found.values).tolist() == [False] * 2 + [True] * 5 + [False] * 2


def test_units_spacing_and_other_variables_follow():
    x = ("x", np.arange(4.0), {"units": "mm"})
    data = xr.Dataset(
        {
            "t": ("x", np.arange(4.0), {"units": "K"}),
            "level": ("z", np.arange(2.0)),
        },
        {"x": x},
    )
    found = data.volconv.upsample({"x": 2})
    assert found.t.attrs["units"] == "K"
    assert found.level.identical(data.level)
    # a length in millimetres is a length among the smaller cells
    smooth = volconv.gaussian(found.t, "1 mm")
    assert smooth.equals(volconv.gaussian(found.t, 2.0))


@pytest.mark.parametrize("method", ["nearest", "linear"])
@pytest.mark.parametrize("shape", [(4, 33, 60), (50, 40, 30)])
@pytest.mark.parametrize("target", [None, "int16", "float64"])
def test_it_allocates_no_more_than_it_says(method, shape, target):
    rng = np.random.default_rng(0)
    for dtype in ("float32", "uint8", "float64"):
        block = (9 * rng.random(shape)).astype(dtype)
        step = upsample_step(meta_of(shape, dtype), 2, None, method, "edge", 0, target)
        cells = np.pad(block, 1, mode="edge") if method == "linear" else block
        outputs = int(np.prod(step.target.shape))
        assert allocated(step, cells) <= step.work_bytes(outputs, cells.size) + 2**14


def test_what_does_not_fit_is_refused():
    data = xr.DataArray(np.ones((4, 5)), dims=("y", "x"))
    with pytest.raises(KindError, match=r"linear is along every dim"):
        volconv.upsample(data, 2, method="bilinear")
    with pytest.raises(KindError, match="got 'cubic'; expected nearest or linear"):
        volconv.upsample(data, 2, method="cubic")
    with pytest.raises(GeometryError, match="factor along 'y': got 0"):
        volconv.upsample(data, {"y": 0})
    with pytest.raises(KindError, match=r"factor along 'y': got 1\.5"):
        volconv.upsample(data, {"y": 1.5})  # type: ignore[dict-item]
    with pytest.raises(DimError, match="'z'"):
        volconv.upsample(data, {"z": 2})
    with pytest.raises(KindError, match="a factor for at least one"):
        volconv.upsample(data, {})
    with pytest.raises(BoundaryError, match="whole number"):
        volconv.upsample(
            data.astype(int), 2, method="linear", boundary="constant", fill_value=0.5
        )
    with pytest.raises(NumberError, match="complex"):
        volconv.upsample(data * 1j, 2, dtype="float32")


def test_a_boundary_under_nearest_is_told_to_have_no_effect():
    assert Upsample(factor=2, boundary="wrap").notes() == [
        "boundary: no effect where method is nearest"
    ]
    assert not Upsample(factor=2, method="linear", boundary="wrap").notes()
