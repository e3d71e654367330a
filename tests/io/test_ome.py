"""Levels of OME-Zarr images lie where the metadata say."""

import json
import re

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.io.images import (
    AXES,
    FORMATS,
    SCALE,
    SHAPE,
    TRANSLATION,
    cells,
    dataset,
    describe,
    image,
    write_array,
    write_image,
)
from volconv.errors import InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource, forget_opened
from volconv.io.ome import level_of, level_paths
from volconv.kernels.units import is_of_kind, parse_quantity

WHOLE = tuple(Interval(0, size) for size in SHAPE)
SPACE = """angstrom attometer centimeter decimeter exameter femtometer foot gigameter
hectometer inch kilometer megameter meter micrometer mile millimeter nanometer parsec
petameter picometer terameter yard yoctometer yottameter zeptometer zettameter"""
TIME = """attosecond centisecond day decisecond exasecond femtosecond gigasecond
hectosecond hour kilosecond megasecond microsecond millisecond minute nanosecond
petasecond picosecond second terasecond yoctosecond yottasecond zeptosecond zettasecond"""


def opened(*given_, **named):
    forget_opened()
    return ZarrSource(*map(str, given_), **named).open()


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize("how", ["path", "variable", "finest"])
def test_a_level_has_the_names_places_and_units_of_its_image(tmp_path, version, how):
    folder = write_image(tmp_path / "image.zarr", version)
    source = {
        "path": ZarrSource(f"{folder}/0"),
        "variable": ZarrSource(str(folder), "0"),
        "finest": ZarrSource(str(folder)),
    }[how]
    stored = source.open()
    assert stored.meta.dims == ("c", "z", "y", "x")
    assert stored.meta.chunks == (2, 3, 3, 3)
    assert set(stored.coords.variables) == {"z", "y", "x"}
    assert stored.coords.z.values.tolist() == [10, 12, 14, 16]
    assert stored.coords.y.values.tolist() == [-125, 125, 375, 625, 875, 1125]
    assert stored.coords.x.values.tolist() == [0.125 + 0.25 * k for k in range(8)]
    assert [stored.meta.axis(dim).units for dim in "czyx"] == [
        *(None, "micrometer", "nanometer", "micrometer")
    ]
    assert [stored.meta.axis(dim).spacing for dim in "czyx"] == [None, 2, 250, 0.25]
    assert stored.notes == ()
    assert_array_equal(source.read(WHOLE), cells())
    coarse = opened(folder, "1").coords
    assert coarse.z.values.tolist() == [11, 15]
    assert coarse.equals(opened(folder / "1").coords)


@pytest.mark.parametrize("version", FORMATS)
def test_channels_are_called_what_they_are_shown_as(tmp_path, version):
    channels = [{"label": "DAPI", "color": "0000FF"}, {"label": "GFP"}]
    folder = write_image(tmp_path / "i.zarr", version, omero={"channels": channels})
    assert opened(folder, "0").coords.c.values.tolist() == ["DAPI", "GFP"]
    faulty: list[object] = [
        [{"label": "a"}] * 2,
        channels[:1],
        [{}, {}],
        "text",
        [1, 2],
    ]
    for wrong in faulty:
        describe(folder, version, [image()], omero={"channels": wrong})
        assert set(opened(folder, "0").coords.variables) == {"z", "y", "x"}


@pytest.mark.parametrize("words", [SPACE.split(), TIME.split()], ids=["space", "time"])
def test_every_unit_of_the_specification_is_one(words):
    quantity = parse_quantity("sigma", "1 m" if "meter" in words else "1 s")
    assert [word for word in words if not is_of_kind(quantity, word)] == []


FACTORS = st.floats(0.01, 100) | st.floats(-100, -0.01)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["scale", "translation"]),
        st.lists(FACTORS, min_size=2, max_size=2),
    )
    | st.just(("identity", None)),
    max_size=3,
)


@given(FACTORS, FACTORS, STEPS, STEPS)
def test_transformations_follow_one_another(first, other, own, whole):
    """Of the dataset before those of the image, as the product of their matrices."""
    steps = [("scale", [first, other]), *own, *whole]
    matrix = np.eye(3)
    for kind, numbers in steps:
        one = np.eye(3)
        if kind == "scale":
            one[[0, 1], [0, 1]] = numbers
        elif kind == "translation":
            one[:2, 2] = numbers
        matrix = one @ matrix
    said = [{"type": kind, kind: numbers} for kind, numbers in steps]
    split = 1 + len(own)
    axes = [{"name": name, "type": "space"} for name in "yx"]
    described = image(
        axes=axes,
        datasets=[{"path": "0", "coordinateTransformations": said[:split]}],
        coordinateTransformations=said[split:],
    )
    level = level_of({"multiscales": [described]}, "0", (3, 5))
    found = [[axis.scale, axis.translation] for axis in level.axes]
    expected = [[matrix[k, k], matrix[k, 2]] for k in range(2)]
    assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"axes": None}, "no list of axes"),
        ({"axes": AXES[1:]}, r"axes \['z', 'y', 'x'\] for an array of 4 dimensions"),
        ({"axes": [*AXES[1:], {"name": "x"}]}, r"called \['z', 'y', 'x', 'x'\]"),
        ({"axes": [1, 2, 3, 4]}, "axes are called"),
        ({"datasets": [{"path": "0"}]}, "say no scale"),
        ({"datasets": [dataset("0", [1.0, 2.0])]}, r"\[1.0, 2.0\] for 4 axes"),
        ({"datasets": [dataset("0", [1, 0, 1, 1])]}, r"scale of it is \[1, 0, 1, 1\]"),
        ({"datasets": [dataset("0", "1111")]}, "scale of it is '1111'"),
        ({"datasets": [dataset("0", [True] * 4)]}, "scale of it is"),
        ({"datasets": [dataset("0", [10**400] * 4)]}, "scale of it is"),
        ({"datasets": [dataset("0", [float("nan")] * 4)]}, "scale of it is"),
        ({"datasets": [dataset("0", SCALE, [None] * 4)]}, "translation of it is"),
        ({"coordinateTransformations": [{"type": "affine"}]}, "type 'affine'"),
        ({"coordinateTransformations": [{"type": "scale", "path": "s"}]}, "is None"),
        ({"coordinateTransformations": {"type": "rotation"}}, "type 'rotation'"),
        ({"coordinateTransformations": ["scale"]}, "type None"),
    ],
)
def test_metadata_that_say_no_places_leave_an_array_as_it_was(
    tmp_path, version, changes, reason
):
    describe(tmp_path / "i.zarr", version, [image(**changes)])
    write_array(tmp_path / "i.zarr" / "0", version)
    source = ZarrSource(str(tmp_path / "i.zarr/0"), dims=("c", "z", "y", "x"))
    stored = source.open()
    assert not stored.coords.variables
    assert stored.meta.dims == ("c", "z", "y", "x")
    assert_array_equal(source.read(WHOLE), cells())
    (note,) = stored.notes
    assert re.search(reason, note)


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize(
    "foreign",
    [
        *("text", 5, None, {}, [], [None], [{}], [{"datasets": "0"}]),
        *([{"datasets": [None]}], [{"datasets": [{"path": 0}]}]),
        [image(datasets=[dataset("other")])],
    ],
)
def test_what_names_no_level_is_as_if_it_were_not_there(tmp_path, version, foreign):
    write_image(tmp_path / "i.zarr", version)
    folder = tmp_path / "i.zarr"
    name = ".zattrs" if version == "0.4" else "zarr.json"
    said = json.loads((folder / name).read_text())
    holder = said if version == "0.4" else said["attributes"]["ome"]
    holder["multiscales"] = foreign
    (folder / name).write_text(json.dumps(said))
    with pytest.raises(InputError, match=r"input.dims: \[c, z, y, x\]"):
        opened(folder / "0")
    stored = opened(folder / "0", dims=("c", "z", "y", "x"))
    assert not stored.coords.variables
    assert stored.notes == ()


def test_broken_metadata_above_an_array_are_noted(tmp_path):
    write_image(tmp_path / "i.zarr", "0.5")
    (tmp_path / "i.zarr" / "zarr.json").write_text("{")
    stored = opened(tmp_path / "i.zarr/0", dims=("c", "z", "y", "x"))
    assert "what lies above it cannot be read (JSONDecodeError" in stored.notes[0]


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (FileNotFoundError("none"), ""),
        (PermissionError("not for you"), ""),
        (ConnectionError("lost"), "cannot be read (ConnectionError: lost)"),
    ],
)
def test_stores_that_show_an_array_alone_are_read(tmp_path, monkeypatch, error, note):
    """A bucket may let a user read an array and nothing above it."""

    def refuse(*_, **__):
        raise error

    write_image(tmp_path / "i.zarr", "0.5")
    monkeypatch.setattr(zarr, "open_group", refuse)
    stored = opened(tmp_path / "i.zarr/0", dims=("c", "z", "y", "x"))
    assert not stored.coords.variables
    assert [each.partition("above it ")[2] for each in stored.notes] == [note] * bool(
        note
    )


def test_names_that_are_given_must_be_those_of_the_axes(tmp_path):
    folder = write_image(tmp_path / "i.zarr", "0.5")
    same = opened(folder / "0", dims=("c", "z", "y", "x"))
    assert same.coords.z.values.tolist() == [10, 12, 14, 16]
    other = opened(folder / "0", dims=("c", "z", "row", "column"))
    assert other.meta.dims == ("c", "z", "row", "column")
    assert not other.coords.variables
    (note,) = other.notes
    assert "['c', 'z', 'row', 'column']" in note
    assert "['c', 'z', 'y', 'x']" in note
    for names, count in ((("c", "z", "y", "x"), 0), (("t", "z", "y", "x"), 1)):
        write_array(tmp_path / f"{names[0]}.zarr" / "0", "0.5", names=names)
        describe(tmp_path / f"{names[0]}.zarr", "0.5", [image()])
        stored = opened(tmp_path / f"{names[0]}.zarr/0")
        assert stored.meta.dims == names
        assert len(stored.notes) == count
        assert bool(stored.coords.variables) is (count == 0)


def test_time_without_a_unit_says_nothing_and_with_one_it_does(tmp_path):
    axes = [{"name": "t", "type": "time"}, *AXES[1:]]
    folder = write_image(tmp_path / "i.zarr", "0.5", image(axes=axes))
    assert set(opened(folder, "0").coords.variables) == {"z", "y", "x"}
    axes[0]["unit"] = "second"
    describe(folder, "0.5", [image(axes=axes)])
    time = opened(folder, "0").meta.axis("t")
    assert (time.spacing, time.units) == (1.0, "second")


def test_levels_are_named_where_another_is_asked_for(tmp_path):
    folder = write_image(tmp_path / "i.zarr", "0.4")
    with pytest.raises(
        InputError, match="got '2'; expected one of the image's levels 0"
    ):
        ZarrSource(str(folder), "2").open()


@pytest.mark.parametrize("path", ["5", ".", "../0", "inner"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_level_that_is_no_array_leaves_a_group_as_it_was(tmp_path, path, zarr_format):
    """As in pyramids of maps, whose levels are groups."""
    grid = xr.DataArray(np.ones((2, 3)), {"y": [5, 6], "x": [1, 2, 4]}, ("y", "x"))
    data = grid.to_dataset(name="v").assign_attrs(
        multiscales=[{"datasets": [{"path": path}]}]
    )
    data.to_zarr(tmp_path / "g.zarr", zarr_format=zarr_format, consolidated=False)
    zarr.open_group(tmp_path / "g.zarr").create_group("inner")
    assert opened(tmp_path / "g.zarr").coords.equals(grid.coords.to_dataset())
    with pytest.raises(InputError, match="got 'w'; expected one of"):
        opened(tmp_path / "g.zarr", "w")


@pytest.mark.parametrize("coordinate", ["lat", "y"])
def test_a_foreign_description_takes_no_coordinates_away(tmp_path, coordinate):
    lat = xr.Variable("y", [50.0, 51.0])
    data = xr.Dataset({"v": (("y", "x"), np.ones((2, 3)))}, {coordinate: lat})
    data.attrs["multiscales"] = [{"datasets": [{"path": "v"}]}]
    data.to_zarr(tmp_path / "g.zarr", zarr_format=3, consolidated=False)
    assert opened(tmp_path / "g.zarr").coords[coordinate].values.tolist() == [50, 51]


@pytest.mark.parametrize("version", FORMATS)
def test_labels_and_levels_in_groups_are_found(tmp_path, version):
    write_image(tmp_path / "i.zarr", version)
    write_image(tmp_path / "i.zarr/labels/cells", version)
    assert opened(tmp_path / "i.zarr/labels/cells/1").coords.z.values.tolist() == [
        11,
        15,
    ]
    deep = tmp_path / "deep.zarr"
    describe(deep, version, [image(datasets=[dataset("s0/raw")])])
    describe(deep / "s0", version, [])
    write_array(deep / "s0" / "raw", version)
    for stored in (opened(deep), opened(deep, "s0/raw"), opened(deep / "s0/raw")):
        assert stored.coords.z.values.tolist() == [10, 12, 14, 16]
    assert opened(deep).name == "raw"
    assert ZarrSource(str(deep)).chunks_stored() == (
        ZarrSource(f"{deep}/s0/raw").chunks_stored()
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_group_that_holds_coordinates_keeps_them(tmp_path, zarr_format):
    grid = xr.DataArray(np.ones((2, 3)), {"y": [5, 6], "x": [1, 2, 4]}, ("y", "x"))
    said = image(axes=AXES[2:], datasets=[dataset("v", [1, 1], [0, 0])])
    data = grid.to_dataset(name="v").assign_attrs(multiscales=[said], title="grid")
    data.to_zarr(tmp_path / "g.zarr", zarr_format=zarr_format, consolidated=False)
    stored = opened(tmp_path / "g.zarr")
    assert stored.coords.x.values.tolist() == [1, 2, 4]
    assert stored.group_attrs["title"] == "grid"


@pytest.mark.parametrize("version", FORMATS)
def test_identity_changes_with_what_the_image_says(tmp_path, version):
    folder = write_image(tmp_path / "i.zarr", version)

    def identity(**changes):
        describe(folder, version, [image(**changes)])
        forget_opened()
        return ZarrSource(f"{folder}/0").identity()

    first = identity()
    assert identity(name="another") == first
    moved = dataset("0", SCALE, [0, 10, -125, 0.25])
    longer = [dict(axis, unit="meter") for axis in AXES]
    for changes in ({"datasets": [moved]}, {"axes": longer}):
        found = identity(**changes)
        changed = {key for key in first if found[key] != first[key]}
        assert changed == {"level", "coordinates"}


def test_paths_are_those_of_the_first_image():
    two = [image(datasets=[dataset("a"), dataset("b")]), image()]
    assert level_paths({"multiscales": two}) == ("a", "b")
    assert level_paths({"ome": {"multiscales": two}, "multiscales": []}) == ("a", "b")
    later = level_of({"multiscales": two}, "1", SHAPE)
    assert [axis.translation for axis in later.axes] == [0, 11, 0, 0.25]
    assert TRANSLATION != [0, 11, 0, 0.25]
