"""Pad and crop against `numpy.pad`, `isel` and the arithmetic of coordinates."""

from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from tests.families import labelled, same_whatever_the_cuts
from tests.oracle import padded, same_bits
from tests.strategies import DTYPES, intervals, kinds
from volconv.errors import BoundaryError, DimError, GeometryError, KindError
from volconv.geometry import Geometry, Interval, Window
from volconv.meta import ArrayMeta, Axis
from volconv.steps.frame import crop_step, pad_step

NO_PAIR: Any = {"x": 2}


@given(st.data())
def test_padding_is_numpy_s_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES, most=7))
    cells = st.integers(0, 9)
    pairs = {dim: (data.draw(cells), data.draw(cells)) for dim in array.dims}
    boundary = {dim: data.draw(kinds) for dim in array.dims}
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.pad(a, pairs, boundary=boundary, fill_value=1),
        lambda m: pad_step(m, pairs, boundary, 1),
        data,
    )
    expected = padded(array.values, list(pairs.values()), list(boundary.values()), 1)
    assert same_bits(found.values, expected.astype(found.dtype))


@given(st.data())
def test_cropping_is_isel_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES))
    coords = {dim: 2.5 * np.arange(size) - 3 for dim, size in array.sizes.items()}
    array = array.assign_coords(coords)
    dims = data.draw(st.lists(st.sampled_from(array.dims), min_size=1, unique=True))
    region = {dim: data.draw(intervals(array.sizes[dim])) for dim in dims}
    pairs = {dim: (cells.start, cells.stop) for dim, cells in region.items()}
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.crop(a, pairs),
        lambda m: crop_step(m, pairs),
        data,
    )
    expected = array.isel({dim: cells.slice for dim, cells in region.items()})
    assert found.equals(expected)


@pytest.fixture
def row():
    return xr.DataArray(
        [1.0, 2.0, 3.0], {"x": [0.0, 10.0, 20.0], "name": ("x", list("abc"))}, "x"
    )


def test_coordinates_go_on_beyond_the_ends(row):
    wide = volconv.pad(row, {"x": (1, 2)}, boundary="edge")
    assert wide.x.values.tolist() == [-10, 0, 10, 20, 30, 40]
    assert wide.values.tolist() == [1, 1, 2, 3, 3, 3]
    assert "name" not in wide.coords
    again = volconv.crop(wide, {"x": (1, 4)})
    assert again.x.identical(row.drop_vars("name").x)
    assert again.values.tolist() == row.values.tolist()


def test_cropping_keeps_labels_that_have_no_values_between(row):
    part = volconv.crop(row, {"x": [1, 3]})
    assert part["name"].values.tolist() == ["b", "c"]


def test_chunks_outside_a_region_are_not_in_the_graph():
    ramp = da.arange(100, chunks=10)
    part = volconv.crop(xr.DataArray(ramp, dims="x"), {"x": (35, 52)}).data
    graph = part.__dask_graph__().cull(part.__dask_keys__()).to_dict()
    used = {key[1] for key in graph if key[0] == ramp.name}
    assert used == {3, 4, 5}
    assert part.compute().tolist() == list(range(35, 52))


def test_a_region_is_padding_below_zero():
    meta = ArrayMeta((Axis("y", 4), Axis("x", 10)), "int16")
    geometry = Geometry.inside(meta, {"x": (2, 7)})
    assert geometry["x"] == Window(1, padding=(-2, -3))
    assert geometry.out_sizes(meta.sizes) == {"y": 4, "x": 5}
    assert geometry["x"].source(Interval(0, 5)) == Interval(2, 7)


def test_a_dataset_is_padded_and_cropped_as_one(row):
    data = xr.Dataset({"a": row, "b": 2 * row, "label": "text"})
    found = data.volconv.crop({"x": (0, 2)})
    assert found["b"].values.tolist() == [2, 4]
    assert found["label"].identical(data["label"])
    assert data.volconv.pad(1).sizes["x"] == 5


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda r: volconv.crop(r, {"x": (1, 4)}),
            GeometryError,
            r"region along 'x': got \[1, 4\]; expected cells up to 3",
        ),
        (
            lambda r: volconv.crop(r, {"x": (2, 2)}),
            GeometryError,
            r"region along 'x': got \[2, 2\]; expected a stop above the start",
        ),
        (
            lambda r: volconv.crop(r, {"x": (-2, 2)}),
            GeometryError,
            "region along 'x': got -2; expected a whole number of at least 0",
        ),
        (
            lambda r: volconv.crop(r, NO_PAIR),
            KindError,
            r"region along 'x': got 2; expected a pair \[start, stop\] of cells",
        ),
        (lambda r: volconv.crop(r, {}), KindError, "region: got {}; expected cells by"),
        (lambda r: volconv.crop(r, 3), KindError, "region: got 3; expected cells by"),
        (lambda r: volconv.crop(r, {"w": (0, 1)}), DimError, "region: got 'w'"),
        (
            lambda r: volconv.pad(r, "same"),
            KindError,
            "padding: got 'same'; expected a number of cells, or a pair",
        ),
        (
            lambda r: volconv.pad(r, -1),
            GeometryError,
            "padding along 'x': got -1; expected a whole number of at least 0",
        ),
        (lambda r: volconv.pad(r, {"w": 1}), DimError, "padding: got 'w'"),
        (
            lambda r: volconv.pad(r, 1, boundary="mirror"),
            BoundaryError,
            "boundary along 'x': got 'mirror'",
        ),
        (
            lambda r: volconv.pad(r.astype(int), 1, fill_value=np.nan),
            BoundaryError,
            "fill_value: got nan for int64 data",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(row, call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(row)
