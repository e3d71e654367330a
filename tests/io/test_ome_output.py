"""Outputs of images are images: what their metadata say, in words of the format."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from volconv.io.ome import Level, LevelAxis
from volconv.io.ome_output import image_attributes, is_image
from volconv.meta import ArrayMeta, Axis

CHANNEL = LevelAxis("c", "channel", scale=1.0)
SPACE = (
    LevelAxis("y", "space", "micrometer", 0.1625),
    LevelAxis("x", "space", "micrometer", 0.1625),
)


def said(coords, axes=(CHANNEL, *SPACE), dims="cyx"):
    sizes = [coords[dim][1].size if dim in coords else 2 for dim in dims]
    meta = ArrayMeta(tuple(map(Axis, dims, sizes)), "uint16")
    dataset = xr.Dataset(coords=coords)
    return image_attributes(Level(tuple(axes)), meta, dataset, "data")


def line(dim, *, first=0.0, step=0.325, cells=5, units="micrometer"):
    return dim, first + step * np.arange(cells), {"units": units} if units else {}


@given(
    st.lists(st.sampled_from(["time", "channel", "space", "index"]), max_size=6),
)
def test_axes_of_an_image_come_in_one_order(kinds):
    """Two or three of space, before them one of channels or another, before that time."""
    allowed = [
        [*time, *channel, *["space"] * space]
        for time in ([], ["time"])
        for channel in ([], ["channel"], ["index"])
        for space in (2, 3)
    ]
    assert is_image(kinds) == (kinds in allowed)


def test_scale_and_translation_are_those_of_the_coordinates():
    found = said({"y": line("y", first=7.25), "x": line("x", first=0.08125, step=-0.5)})
    assert found == {
        "ome": {
            "version": "0.5",
            "multiscales": [
                {
                    "name": "data",
                    "axes": [
                        {"name": "c", "type": "channel"},
                        {"name": "y", "type": "space", "unit": "micrometer"},
                        {"name": "x", "type": "space", "unit": "micrometer"},
                    ],
                    "datasets": [
                        {
                            "path": "data",
                            "coordinateTransformations": [
                                {"type": "scale", "scale": [1.0, 0.325, -0.5]},
                                {
                                    "type": "translation",
                                    "translation": [0.0, 7.25, 0.08125],
                                },
                            ],
                        }
                    ],
                }
            ],
        }
    }


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        ("x", np.array([0.0, 1.0, 4.0])),
        ("x", np.array(["a", "b"])),
        ("x", np.array([1.0])),
        ("x", np.arange(3).astype("datetime64[s]")),
    ],
)
def test_what_lies_nowhere_or_unevenly_is_no_image(wrong):
    coords = {"y": line("y"), "x": line("x")}
    assert said(coords)
    coords["x"] = wrong
    assert said({dim: given_ for dim, given_ in coords.items() if given_}) == {}


def test_axes_in_another_order_or_too_many_are_no_image():
    coords = {"y": line("y"), "x": line("x")}
    assert said(coords, dims="yx")
    assert said(coords, dims="kyx")
    assert said(coords, dims="kcyx") == {}
    assert said(coords, dims="yxc") == {}
    assert said(coords, dims="x") == {}
    time = LevelAxis("t", "time")
    assert said(coords, (time, *SPACE), dims="tyx")
    assert (
        image_attributes(None, ArrayMeta((Axis("x", 2),), "u1"), xr.Dataset(), "v")
        == {}
    )
