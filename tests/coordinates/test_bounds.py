"""CF bounds of outputs against the edges of the cells that they are made of."""

import numpy as np
import pytest
import xarray as xr
from dask.array import map_blocks
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import volconv

EAST = {"units": "degrees_east"}


def with_bounds(edges, order, dtype="float64"):
    """Cells between edges, each bounded in some order, and the middles."""
    cells = np.stack([edges[:-1], edges[1:]], axis=1)[:, order].astype(dtype)
    middles = ((edges[:-1] + edges[1:]) / 2).astype(dtype)
    return xr.Dataset(
        {"air": ("y", np.zeros(len(middles))), "y_bnds": (("y", "b"), cells)},
        {"y": ("y", middles, {"bounds": "y_bnds"})},
    )


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=14),
    st.integers(1, 4),
    st.sampled_from([1, -1]),
    st.sampled_from([[0, 1], [1, 0]]),
)
def test_blocks_are_bounded_by_their_first_and_last_edge(steps, size, way, order):
    edges = way * np.cumsum([0, *steps]).astype(float)
    size = min(size, len(steps))
    found = volconv.mean_pool(with_bounds(edges, order), {"y": size}).y_bnds.values
    outer = edges[: len(steps) // size * size + 1 : size]
    assert_array_equal(found[:, order], np.stack([outer[:-1], outer[1:]], axis=1))


def corner_grid(west=0.0):
    """A rotated grid of 4 x 6 cells by its 5 x 7 corners, all of them eighths."""
    y, x = np.mgrid[:5, :7]
    return 40 + y / 2 - x / 8, west + x + y / 4


def as_cells(corners, order):
    """Four corners of each cell, anticlockwise and then in some order."""
    around = [corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]]
    return np.stack([around[number] for number in order], axis=-1)


@given(
    st.permutations(range(4)), st.sampled_from([(1, 2), (2, 1), (2, 2), (2, 3), (4, 6)])
)
def test_curvilinear_blocks_are_bounded_by_their_own_corners(order, size):
    lat, lon = corner_grid(177.0)
    lon = (lon + 180) % 360 - 180
    sizes = dict(zip("yx", size, strict=True))
    data = xr.Dataset(
        {
            "air": (("y", "x"), np.zeros((4, 6))),
            "lat_b": (("y", "x", "v"), as_cells(lat, order)),
            "lon_b": (("y", "x", "v"), as_cells(lon, order)),
        },
        {
            "lat": (("y", "x"), lat[:-1, :-1] + 0.1875, {"bounds": "lat_b"}),
            "lon": (("y", "x"), lon[:-1, :-1], {"bounds": "lon_b", **EAST}),
        },
    )
    found = volconv.mean_pool(data, sizes)
    outer = np.s_[:: size[0], :: size[1]]
    assert_array_equal(found.lat_b.values, as_cells(lat[outer], order))
    assert_array_equal(found.lon_b.values, as_cells(lon[outer], order))


def test_corners_of_a_regular_grid_are_found_though_many_are_alike():
    y = np.mgrid[:5, :7][0].astype(float)
    data = xr.Dataset(
        {
            "air": (("y", "x"), np.zeros((4, 6))),
            "lat_b": (("y", "x", "v"), as_cells(y, range(4))),
        },
        {"lat": (("y", "x"), y[:-1, :-1] + 0.5, {"bounds": "lat_b"})},
    )
    found = volconv.mean_pool(data, 2)
    assert_array_equal(found.lat_b.values, as_cells(y[::2, ::2], range(4)))


def test_masked_cells_touch_and_cells_apart_are_dropped():
    lat, _ = corner_grid()
    cells = as_cells(lat, range(4))
    for spoil, is_kept in ((np.nan, True), (3.0, False)):
        some = cells.copy()
        some[1, 2] = spoil
        data = xr.Dataset(
            {"air": (("y", "x"), np.zeros((4, 6))), "b": (("y", "x", "v"), some)},
            {"lat": (("y", "x"), lat[:-1, :-1], {"bounds": "b"})},
        )
        found = volconv.mean_pool(data, 2)
        assert ("b" in found) == is_kept
        assert ("bounds" in found.lat.attrs) == is_kept


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bounds_keep_their_dtype_across_the_date_line(dtype):
    edges = np.arange(176.0, 186)
    data = with_bounds(edges, [0, 1], dtype)
    data.y.attrs.update(EAST)
    data["y"] = (data.y + 180) % 360 - 180
    found = volconv.mean_pool(data, {"y": 3})
    assert found.y_bnds.dtype == dtype
    assert_array_equal(found.y_bnds.values, [[176, 179], [-181, -178], [-178, -175]])
    assert_array_equal(found.y.values, [177.5, -179.5, -176.5])


def lazy_and_counted(data, names):
    """The data in chunks of two cells, and the chunks of some variables, as computed."""
    computed = []

    def counted(chunk, of):
        computed.append(of)
        return chunk

    lazy = data.chunk(y=2, x=2) if "x" in data.dims else data.chunk(y=2)
    for name in names:
        cells = lazy[name].data
        lazy[name].data = map_blocks(
            counted, cells, of=name, dtype=cells.dtype, meta=cells._meta
        )
    return lazy, computed


@pytest.mark.parametrize("dtype", ["float64", "datetime64[ns]"])
def test_lazy_bounds_stay_so_and_are_computed_once(dtype, tmp_path):
    edges = np.arange(0.0, 26, 2).astype("int64")
    data = with_bounds(edges, [0, 1], dtype)
    lazy, computed = lazy_and_counted(data, ["y_bnds"])
    found = volconv.mean_pool(lazy, {"y": 2})
    assert found.y_bnds.chunks == ((1,) * 6, (2,))
    assert len(computed) == 6
    twice = volconv.mean_pool(found, {"y": 3})
    assert twice.y_bnds.chunks is not None
    twice.to_zarr(tmp_path / "found.zarr", consolidated=False)
    again = xr.open_zarr(tmp_path / "found.zarr", consolidated=False)
    expected = [[0, 12], [12, 24]]
    assert_array_equal(again.y_bnds.values, np.array(expected).astype(dtype))
    assert len(computed) == 6


def test_lazy_bounds_of_curvilinear_cells_are_computed_once():
    lat, lon = corner_grid(177.0)
    data = xr.Dataset(
        {
            "air": (("y", "x"), np.zeros((4, 6))),
            "lat_b": (("y", "x", "v"), as_cells(lat, range(4))),
            "lon_b": (("y", "x", "v"), as_cells(lon, range(4))),
        },
        {
            "lat": (("y", "x"), lat[:-1, :-1], {"bounds": "lat_b"}),
            "lon": (("y", "x"), lon[:-1, :-1], {"bounds": "lon_b", **EAST}),
        },
    )
    lazy, computed = lazy_and_counted(data, ["lat", "lon", "lat_b", "lon_b"])
    found = volconv.mean_pool(lazy, {"y": 2, "x": 3})
    assert sorted(computed) == ["lat_b"] * 6 + ["lon_b"] * 6
    assert all(one.chunks is not None for one in found.variables.values())
    assert_array_equal(found.lat_b.values, as_cells(lat[::2, ::3], range(4)))
    assert_array_equal(found.lon_b.values, as_cells(lon[::2, ::3], range(4)))


def test_lazy_bounds_whose_cells_are_apart_are_dropped():
    data = with_bounds(np.arange(9.0), [0, 1])
    data.y_bnds[3] = 0
    assert "y_bnds" not in volconv.mean_pool(data.chunk(y=2), {"y": 2})


def test_lazy_bounds_in_uneven_chunks_stay_lazy():
    data = with_bounds(np.arange(9.0), [0, 1]).chunk(y=(1, 4, 3))
    found = volconv.mean_pool(data, {"y": 2}).y_bnds
    assert found.chunks is not None
    assert_array_equal(found.values, [[0, 2], [2, 4], [4, 6], [6, 8]])
