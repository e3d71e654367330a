"""Affines and scales against the places of windows' cells, one by one."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import volconv
from tests.strategies import windows, windows_over
from volconv import Window
from volconv.config import parse_config
from volconv.errors import GeometryError, KindError
from volconv.run.limits import Limits
from volconv.run.prepare import prepare


def centres_in_the_world(affine, chosen, outputs):
    """Mean of where the first and last tap of each window lie, by nibabel's arithmetic."""
    found = []
    for output in outputs:
        taps = [
            [
                number * window.stride - window.padding[0] + tap * window.dilation
                for tap in range(window.size)
            ]
            for number, window in zip(output, chosen, strict=True)
        ]
        ends = [[steps[0] for steps in taps], [steps[-1] for steps in taps]]
        places = [affine[:3, :3] @ np.array(end) + affine[:3, 3] for end in ends]
        found.append((places[0] + places[1]) / 2)
    return np.array(found)


@given(st.tuples(windows, windows, windows), st.integers(0, 2**32 - 1))
def test_voxel_centres_lie_where_both_affines_say(chosen, seed):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3] = rng.normal(size=(3, 4)) * 50
    moved = volconv.output_affine(affine, chosen)
    outputs = rng.integers(0, 9, (5, 3))
    there = outputs @ moved[:3, :3].T + moved[:3, 3]
    np.testing.assert_allclose(
        there, centres_in_the_world(affine, chosen, outputs), rtol=1e-9, atol=1e-7
    )
    np.testing.assert_array_equal(moved[3], [0, 0, 0, 1])


@given(windows_over(), st.floats(0.1, 9), st.floats(-99, 99))
def test_scale_and_translation_are_the_coordinates_of_the_outputs(case, scale, start):
    window, cells = case
    given_ = [
        {"type": "scale", "scale": [1.0, scale]},
        {"type": "translation", "translation": [7.0, start]},
    ]
    moved = volconv.output_transformations(given_, [Window(1), window])
    assert [one["type"] for one in moved] == ["scale", "translation"]
    assert moved[0]["scale"][0] == 1.0
    assert moved[1]["translation"][0] == 7.0
    if cells < 2:
        return  # one cell has no spacing that a coordinate could go on with
    data = xr.DataArray(np.zeros(cells), {"x": start + scale * np.arange(cells)}, "x")
    found = volconv.correlate(
        data,
        np.ones(window.size),
        stride=window.stride,
        dilation=window.dilation,
        padding=window.padding,
    )
    at = moved[0]["scale"][1] * np.arange(found.size) + moved[1]["translation"][1]
    np.testing.assert_allclose(found.x.values, at, rtol=1e-9, atol=1e-9)


def test_scales_of_strides_are_exact():
    (scale, offset) = volconv.output_transformations(
        [{"type": "scale", "scale": [0.1, 0.3]}], [Window(2, stride=2), Window(3)]
    )
    assert scale["scale"] == [0.2, 0.3]
    assert offset["translation"] == [0.05, 0.3]


def test_three_halvings_are_one_of_eight():
    half, eighth = Window(2, stride=2), Window(8, stride=8)
    affine = np.array([[0.0, 2.0, 5.0], [0.5, 0.0, 7.0], [0.0, 0.0, 1.0]])
    once = volconv.output_affine(affine, [eighth, eighth])
    thrice = affine
    for _ in range(3):
        thrice = volconv.output_affine(thrice, [half, half])
    np.testing.assert_array_equal(once, thrice)
    chain = half.then(half).then(half)
    np.testing.assert_array_equal(once, volconv.output_affine(affine, [chain, chain]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: volconv.output_affine(np.eye(4), [Window(2)]), "matrix of 2 columns"),
        (
            lambda: volconv.output_transformations([{"type": "identity"}], [Window(1)]),
            "a scale, and perhaps",
        ),
        (
            lambda: volconv.output_transformations(
                [{"type": "scale", "scale": [1, 1]}], [Window(1)]
            ),
            "one of each for each of 1 axes",
        ),
        (
            lambda: volconv.output_transformations([{"type": "scale"}], [Window(1)]),
            "expected numbers of its scale",
        ),
    ],
)
def test_what_does_not_fit_gets_one_clear_error(call, message):
    with pytest.raises(KindError, match=message):
        call()


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        (Window(2), "windows: got Window.*; expected a list"),
        ([2], "windows, axis 0: got 2; expected a Window"),
        ([Window(2, stride=0)], "windows, axis 0: stride: got 0; expected a whole"),
        ([Window(0)], "size: got 0"),
        ([Window("2")], "size: got '2'"),
        ([Window(2, padding=1)], r"padding: got 1; .*\(1, 1\)"),
    ],
)
def test_what_is_no_window_is_refused(windows, message):
    with pytest.raises((KindError, GeometryError), match=message):
        volconv.output_affine(np.eye(2), windows)


PLACED = {
    "affine": np.eye(4),
    "transform": (0.5, 0, 10, 0, -0.5, 20),
    "res": (0.5, 0.5),
    "multiscales": [{"version": "0.4"}],
}


def test_attributes_of_places_go_where_places_change():
    attrs = {**PLACED, "origin": "a scanner", "units": "HU"}
    crs = xr.DataArray(0, attrs={"GeoTransform": "10 0.5 0 20 0 -0.5", "proj": "utm"})
    data = xr.DataArray(np.zeros((4, 4)), {"crs": crs}, ("y", "x"), attrs=attrs)
    still = volconv.gaussian(data, 1.0)
    assert set(still.attrs) == {*attrs, "volconv"}
    assert still.crs.attrs == crs.attrs
    for moved in (volconv.mean_pool(data, 2), volconv.crop(data, {"x": (1, 3)})):
        assert not set(moved.attrs) & set(PLACED)
        assert moved.attrs["origin"] == "a scanner"
        assert moved.crs.attrs == {"proj": "utm"}
    dataset = data.to_dataset(name="ct").assign_attrs(multiscales=[], title="one")
    found = volconv.mean_pool(dataset, {"x": 2})
    assert found.ct.attrs.keys() == moved.attrs.keys() | {"cell_methods"}
    assert set(found.attrs) == {"title", "volconv"}
    assert data.crs.attrs["GeoTransform"]
    # as xarray opens it by default: a grid mapping is a variable among others
    opened = data.assign_attrs(grid_mapping="crs").to_dataset(name="ct")
    opened = opened.reset_coords("crs")
    assert volconv.gaussian(opened, 1.0).crs.attrs == crs.attrs
    coarse = volconv.mean_pool(opened, 2)
    assert coarse.crs.attrs == {"proj": "utm"}
    assert "crs" in coarse.data_vars


def test_a_run_does_not_describe_its_input_s_images(tmp_path):
    data = xr.DataArray(np.zeros(4), {"x": np.arange(4.0)}, "x", name="0")
    group = data.to_dataset().assign_attrs(
        multiscales=[{"datasets": [{"path": "0"}]}], omero={}, ome={}, title="one"
    )
    group.to_zarr(tmp_path / "in.zarr", consolidated=False)
    text = "version: 1\ninput: {path: in.zarr}\nsteps: [abs]\noutput: {path: out.zarr}"
    made = prepare(parse_config(text).located(tmp_path), Limits(1, 2**30))
    assert made.labels[1].group_attrs == {"title": "one"}
