"""Inputs as people have them: Zarr 2 and 3, groups and arrays, packed and bare."""

import gc
import json
import sys
import weakref
from itertools import product

import numpy as np
import pytest
import xarray as xr
import zarr
from numpy.testing import assert_array_equal
from zarr.errors import ZarrUserWarning

from volconv.errors import GeometryError, InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource
from volconv.meta import Axis

DEEP = "[" * 10**5
WHOLE = (Interval(0, 3), Interval(0, 4))


@pytest.fixture
def grid():
    return xr.DataArray(
        np.arange(12.0, dtype="float32").reshape(3, 4),
        {"y": [10, 20, 30], "x": ("x", np.arange(4) * 0.5, {"units": "mm"})},
        ("y", "x"),
        name="v",
        attrs={"units": "K"},
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.filterwarnings("ignore:Consolidated metadata:UserWarning")
def test_a_group_of_either_format_is_read_with_its_labels(
    tmp_path, grid, zarr_format, consolidated
):
    grid.chunk(y=2, x=3).to_zarr(
        tmp_path / "g.zarr", zarr_format=zarr_format, consolidated=consolidated
    )
    source = ZarrSource(str(tmp_path / "g.zarr"))
    stored = source.open()
    assert stored.meta.sizes == {"y": 3, "x": 4}
    assert stored.meta.chunks == (2, 3)
    assert stored.meta.axis("x").spacing == 0.5
    assert stored.meta.axis("x").units == "mm"
    assert stored.name == "v"
    assert stored.attrs["units"] == "K"
    assert stored.coords.y.values.tolist() == [10, 20, 30]
    assert_array_equal(source.read(WHOLE), grid.values)
    assert_array_equal(
        source.read((Interval(1, 3), Interval(2, 3))), grid.values[1:3, 2:3]
    )


@pytest.mark.parametrize("dtype", [">i2", ">f4", ">c16"])
def test_a_group_of_the_other_byte_order_is_read(tmp_path, grid, dtype):
    other = grid.astype(dtype)
    other.to_zarr(tmp_path / "g.zarr", zarr_format=2, consolidated=False)
    source = ZarrSource(str(tmp_path / "g.zarr"))
    assert source.open().meta.dtype == np.dtype(dtype).newbyteorder("=").name
    found = source.read(WHOLE)
    assert found.dtype == np.dtype(source.open().meta.dtype)
    assert_array_equal(found, other.values)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_booleans_that_are_kept_as_numbers_are_read(tmp_path, grid, zarr_format):
    kept = (grid > 4).astype("int8").assign_attrs(dtype="bool")
    kept.to_zarr(tmp_path / "g.zarr", zarr_format=zarr_format, consolidated=False)
    source = ZarrSource(str(tmp_path / "g.zarr"))
    found = source.read(WHOLE)
    assert source.open().meta.dtype == str(found.dtype) == "bool"
    assert_array_equal(found, grid.values > 4)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("encoding", "is_plain"),
    [
        ({}, True),
        ({"_FillValue": np.nan}, True),
        ({"missing_value": 5.0}, False),
        ({"_FillValue": 5.0}, False),
        ({"scale_factor": 0.5}, False),
    ],
)
def test_a_variable_that_is_stored_as_it_is_meant_is_read_by_zarr_itself(
    tmp_path, grid, zarr_format, encoding, is_plain
):
    path = tmp_path / "g.zarr"
    grid.to_zarr(
        path, zarr_format=zarr_format, encoding={"v": encoding}, consolidated=False
    )
    source = ZarrSource(str(path))
    assert isinstance(source.open().cells, zarr.Array) is is_plain
    meant = xr.open_zarr(path, chunks=None, consolidated=False)["v"]
    assert_array_equal(source.read(WHOLE), meant.values)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_array_by_itself_takes_its_names_from_the_user(tmp_path, zarr_format):
    values = np.arange(12, dtype=">i2").reshape(3, 4)
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=(3, 4), dtype=values.dtype, chunks=(2, 2), zarr_format=zarr_format
    )
    array[:] = values
    with pytest.raises(InputError, match=r"input.dims: \[y, x\]"):
        ZarrSource(str(path)).open()
    source = ZarrSource(str(path), dims=("y", "x"))
    assert source.open().meta.dtype == "int16"
    assert_array_equal(source.read(WHOLE), values)


def test_an_array_in_a_group_may_be_named_by_its_path(tmp_path, grid):
    grid.to_zarr(tmp_path / "g.zarr", zarr_format=3, consolidated=False)
    source = ZarrSource(str(tmp_path / "g.zarr" / "v"))
    assert source.open().meta.dims == ("y", "x")
    assert_array_equal(source.read(WHOLE), grid.values)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_zeros_of_a_format_2_array_stay_zeros(tmp_path, dtype):
    """Zarr writes a fill value of 0 where nobody chose one."""
    group = zarr.create_group(tmp_path / "g.zarr", zarr_format=2)
    array = group.create_array("v", shape=(2, 2), dtype=dtype, chunks=(2, 2))
    array[:] = [[0, 1], [2, 0]]
    array.attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]
    source = ZarrSource(str(tmp_path / "g.zarr"))
    assert source.open().meta.dtype == dtype
    assert source.read((Interval(0, 2), Interval(0, 2))).tolist() == [[0, 1], [2, 0]]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_packed_and_missing_cells_are_decoded(tmp_path, zarr_format):
    air = xr.DataArray([250.5, np.nan, 260.25], dims="x", name="air")
    packing = {"dtype": "int16", "scale_factor": 0.25, "_FillValue": -999}
    air.to_zarr(
        tmp_path / "p.zarr",
        zarr_format=zarr_format,
        encoding={"air": packing},
        consolidated=False,
    )
    source = ZarrSource(str(tmp_path / "p.zarr"))
    assert_array_equal(source.read((Interval(0, 3),)), air.values)


def test_bounds_and_grid_mapping_come_along(tmp_path):
    dataset = xr.Dataset(
        {
            "air": ("t", [1.0, 2.0], {"grid_mapping": "crs"}),
            "t_bnds": (("t", "b"), [[0, 2], [2, 4]]),
            "crs": ((), 0, {"grid_mapping_name": "latitude_longitude"}),
        },
        {"t": ("t", [1, 3], {"bounds": "t_bnds"})},
        {"title": "two"},
    )
    dataset.to_zarr(tmp_path / "d.zarr", zarr_format=3, consolidated=False)
    stored = ZarrSource(str(tmp_path / "d.zarr")).open()
    assert stored.name == "air"
    assert set(stored.coords.coords) == {"t", "t_bnds", "crs"}
    assert stored.group_attrs == {"title": "two"}


@pytest.mark.parametrize(
    ("name", "mend"), [("a.nc", r"open_dataset.*to_zarr"), ("a.zarr.zip", "unzip it")]
)
def test_a_file_of_another_format_is_to_become_a_store(tmp_path, name, mend):
    (tmp_path / name).write_bytes(b"CDF")
    with pytest.raises(InputError, match=f"which is a file; .* Fix: .*{mend}"):
        ZarrSource(str(tmp_path / name)).open()


def test_what_is_not_there_is_named_with_what_is(tmp_path, grid):
    dataset = grid.to_dataset().assign(w=2 * grid)
    dataset.to_zarr(tmp_path / "brain.zarr", zarr_format=3, consolidated=False)
    path = str(tmp_path / "brain.zarr")
    with pytest.raises(InputError, match=r"did you mean '.*brain.zarr'"):
        ZarrSource(str(tmp_path / "brian.zarr")).open()
    with pytest.raises(InputError, match=r"a Zarr store\.$"):
        ZarrSource(str(tmp_path / "stomach.zarr")).open()
    with pytest.raises(InputError, match="one of v, w"):
        ZarrSource(path).open()
    with pytest.raises(InputError, match="got 'vv'; expected one of v, w"):
        ZarrSource(path, "vv").open()
    with pytest.raises(InputError, match="the store names them itself"):
        ZarrSource(path, "v", ("a", "b")).open()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="Zarr cannot open"):
        ZarrSource(str(tmp_path / "empty")).open()


def test_a_group_without_names_of_dimensions_tells_what_to_do(tmp_path):
    group = zarr.create_group(tmp_path / "g.zarr", zarr_format=3)
    group.create_array("raw", shape=(2, 2), dtype="u1", chunks=(2, 2))
    with pytest.raises(InputError, match=r"its arrays are: raw.*the path of one array"):
        ZarrSource(str(tmp_path / "g.zarr")).open()


def test_a_group_without_arrays_tells_the_groups_in_it(tmp_path):
    group = zarr.create_group(tmp_path / "g.zarr", zarr_format=3)
    with pytest.raises(InputError, match="without arrays; groups in it: none"):
        ZarrSource(str(tmp_path / "g.zarr")).open()
    group.create_group("cells")
    with pytest.raises(InputError, match=r"in it: cells; .*path: .*g\.zarr/cells"):
        ZarrSource(str(tmp_path / "g.zarr")).open()


def test_identity_changes_with_values_attributes_and_coordinates(tmp_path, grid):
    def identity(array, name):
        array.to_zarr(tmp_path / name, zarr_format=3, consolidated=False)
        return ZarrSource(str(tmp_path / name)).identity()

    first = identity(grid, "a.zarr")
    assert ZarrSource(str(tmp_path / "a.zarr")).identity() == first
    moved = tmp_path / "elsewhere.zarr"
    (tmp_path / "a.zarr").rename(moved)
    assert ZarrSource(str(moved)).identity() == first
    other = identity(grid.assign_coords(y=[1, 2, 4]), "b.zarr")
    assert other["coordinates"] != first["coordinates"]
    warm = identity(grid.assign_attrs(units="C"), "c.zarr")
    assert warm["attributes"] != first["attributes"]
    array = zarr.open_array(moved / "v", mode="r+")
    array[0, 0] = 77
    changed = ZarrSource(str(moved)).identity()
    assert changed["chunks stored"] != first["chunks stored"]


@pytest.mark.parametrize(
    ("units", "calendar", "without"),
    [
        ("hours since 2001-02-29", "360_day", ["cftime"]),
        ("hour since 0000-01-01", "standard", []),
        ("hours since 0000-00-00", "standard", []),
    ],
)
def test_times_that_are_no_dates_stay_numbers(
    tmp_path, monkeypatch, units, calendar, without
):
    hours = 6 * np.arange(5)
    attrs = {"units": units, "calendar": calendar}
    labels = {"time": ("time", hours, attrs), "x": ("x", np.arange(2.0))}
    packed = {"scale_factor": 0.5, "units": "K"}
    cells = ("time", "x"), np.ones((5, 2), "int16"), packed
    xr.Dataset({"v": cells}, labels).to_zarr(tmp_path / "in.zarr", consolidated=False)
    for name in without:
        monkeypatch.setitem(sys.modules, name, None)
    stored = ZarrSource(str(tmp_path / "in.zarr")).open()
    assert np.array_equal(stored.coords.time.values, hours)
    assert stored.coords.time.attrs == attrs
    assert stored.meta.axes[0] == Axis("time", 5, 6.0, units.split()[0])
    values = ZarrSource(str(tmp_path / "in.zarr")).read((Interval(0, 1),) * 2)
    assert values.tolist() == [[0.5]]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        *product(
            ["zarr.json", "v/zarr.json", "x/zarr.json"], ['{"shape":', "", "[]", DEEP]
        ),
        *product(["v/zarr.json", "x/zarr.json"], ["{}", '{"zarr_format": 3}']),
    ],
)
def test_broken_metadata_is_told_with_the_store(tmp_path, grid, file, text):
    grid.to_zarr(tmp_path / "g.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "g.zarr" / file).write_text(text)
    with pytest.raises(InputError, match=r"g\.zarr'.*expected (a Zarr|arrays|one of)"):
        ZarrSource(str(tmp_path / "g.zarr"), "v").open()


def with_metadata(grid, folder, key, value):
    """A grid in a folder, with other metadata of its array."""
    grid.to_zarr(folder / "g.zarr", zarr_format=3, consolidated=False)
    file = folder / "g.zarr" / "v" / "zarr.json"
    told = json.loads(file.read_text())
    assert told[key] != value
    file.write_text(json.dumps({**told, key: value}))


@pytest.mark.parametrize("path", ["g.zarr", "g.zarr/v"])
@pytest.mark.parametrize(("key", "value"), [("attributes", 7), ("shape", [10**30, 4])])
def test_metadata_of_no_array_are_one_clear_error(tmp_path, grid, path, key, value):
    with_metadata(grid, tmp_path, key, value)
    with pytest.raises((InputError, GeometryError), match=r"^(input|the array).* got "):
        ZarrSource(str(tmp_path / path)).open()


@pytest.mark.parametrize("path", ["g.zarr", "g.zarr/v"])
def test_chunks_of_no_cells_are_told_of(tmp_path, grid, path):
    """By Zarr itself from 3.4 on, which reads them as chunks of one cell, all fill."""
    chunks = {"name": "regular", "configuration": {"chunk_shape": [0, 4]}}
    with_metadata(grid, tmp_path, "chunk_grid", chunks)
    source = ZarrSource(str(tmp_path / path))
    if hasattr(zarr.core.metadata, "repair"):
        with pytest.warns(ZarrUserWarning, match="chunk shape .* is invalid"):
            assert source.open().meta.chunks == (1, 4)
    else:
        with pytest.raises(InputError, match=r"^input.* got .*chunks of \[0, 4\]"):
            source.open()


def test_an_array_by_itself_has_no_variables(tmp_path):
    zarr.create_array(tmp_path / "a.zarr", shape=(3,), dtype="f4", dimension_names="x")
    with pytest.raises(InputError, match=r"variable .*got 'q'; .*Fix: leave it out"):
        ZarrSource(str(tmp_path / "a.zarr"), "q").open()


def test_who_opens_an_array_by_itself_holds_nothing_on(tmp_path):
    """The command collects no garbage before it runs, and none of what is there then."""
    zarr.create_array(
        tmp_path / "a.zarr", shape=(3,), dtype="f4", dimension_names=("x",)
    )

    def opening():
        weights = np.zeros(1)
        ZarrSource(str(tmp_path / "a.zarr")).open()
        return weakref.ref(weights)

    gc.disable()
    try:
        assert opening()() is None
    finally:
        gc.enable()
