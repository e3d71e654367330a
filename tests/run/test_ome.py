"""Runs over levels of OME-Zarr images: lengths in their units, and places that stay."""

import logging
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tests.io.images import (
    FORMATS,
    SCALE,
    TRANSLATION,
    cells,
    dataset,
    describe,
    image,
    write_array,
    write_image,
)
from tests.run.conftest import prepared
from tests.run.runs import run, tree
from volconv.errors import ConfigError, PlanMismatch, UnitError
from volconv.io import ZarrSource

TEXT = """
version: 1
input: INPUT
steps:
  - STEP
output: {path: out.zarr}
"""


def text_of(step, given="{path: in.zarr/0}"):
    return TEXT.replace("STEP", step).replace("INPUT", given)


@pytest.fixture(params=FORMATS)
def folder(tmp_path, request):
    write_image(tmp_path / "in.zarr", request.param)
    return tmp_path


def test_a_length_in_the_unit_of_the_image_is_that_many_cells(folder):
    """0.5 um are 0.25 cells of 2 um, 2 of 250 nm, 2 of 0.25 um; channels have none."""
    run(folder, text_of("gaussian: {sigma: 0.5 um, dtype: float64}"))
    found = xr.open_zarr(folder / "out.zarr", chunks=None)
    expected = ndimage.gaussian_filter(
        cells().astype(float), (0, 0.25, 2, 2), mode="reflect"
    )
    assert_allclose(found.data.values, expected, rtol=1e-12)
    for axis, dim in ((1, "z"), (2, "y"), (3, "x")):
        centres = [TRANSLATION[axis] + SCALE[axis] * k for k in range(found.sizes[dim])]
        assert found[dim].values.tolist() == centres


def test_means_of_two_lie_between_their_cells(folder):
    run(folder, text_of("mean_pool: {size: {z: 2, y: 2, x: 2}}"))
    found = xr.open_zarr(folder / "out.zarr", chunks=None)
    assert found.z.values.tolist() == [10 + 2 * 0.5, 10 + 2 * 2.5]
    assert found.y.values.tolist() == [-125 + 250 * (2 * k + 0.5) for k in range(3)]
    assert found.x.values.tolist() == [0.125 + 0.25 * (2 * k + 0.5) for k in range(4)]
    assert [found[dim].attrs["units"] for dim in "zyx"] == [
        *("micrometer", "nanometer", "micrometer")
    ]
    assert "c" not in found.coords


def test_a_level_is_one_input_however_it_is_named(folder):
    step = "mean_pool: {size: {x: 2}}"
    ways = ["{path: in.zarr/0}", "{path: in.zarr}", "{path: in.zarr, variable: '0'}"]
    found = [prepared(folder, text_of(step, way)) for way in ways]
    assert all(each.coords.identical(found[0].coords) for each in found)
    chunks = {each.plan.identity["chunks stored"] for each in found}
    assert len(chunks) == 1
    with pytest.raises(ConfigError, match="expected a store apart"):
        prepared(folder, text_of(step, ways[1]).replace("out.zarr", "in.zarr/2"))
    prepared(folder, text_of(step, ways[0]).replace("out.zarr", "in.zarr/2"))


def test_other_places_of_the_input_are_another_plan(folder):
    step = "mean_pool: {size: {x: 2}}"
    version = "0.4" if (folder / "in.zarr" / ".zattrs").exists() else "0.5"
    run(folder, text_of(step))
    before = tree(folder / "out.zarr")
    moved = dataset("0", SCALE, [0, 10, -125, 0.25])
    describe(folder / "in.zarr", version, [image(datasets=[moved])])
    with pytest.raises(PlanMismatch, match="another plan"):
        run(folder, text_of(step))
    describe(folder / "in.zarr", version, [image()])
    assert run(folder, text_of(step)).computed == 0
    assert tree(folder / "out.zarr") == before


def test_what_cannot_be_placed_is_read_and_told(folder, caplog):
    version = "0.4" if (folder / "in.zarr" / ".zattrs").exists() else "0.5"
    turned = [{"type": "rotation", "rotation": [1]}]
    describe(folder / "in.zarr", version, [image(coordinateTransformations=turned)])
    with caplog.at_level(logging.WARNING):
        run(folder, text_of("mean_pool: {size: {x: 2}}"))
    (note,) = caplog.messages
    assert note.startswith(f"note: input {folder}/in.zarr/0: a level of an OME-Zarr")
    assert note.endswith("a coordinateTransformation of it is of type 'rotation'")
    found = xr.open_zarr(folder / "out.zarr", chunks=None)
    assert found.data.dims == ("c", "z", "y", "x")
    assert not found.coords
    pairs = cells().reshape(2, 4, 6, 4, 2)
    assert_array_equal(found.data, np.float32(pairs.mean(-1)))
    with pytest.raises(UnitError, match="unit"):
        prepared(folder, text_of("gaussian: {sigma: 0.5 um}"))


def test_channels_are_chosen_by_their_names(folder):
    version = "0.4" if (folder / "in.zarr" / ".zattrs").exists() else "0.5"
    channels = [{"label": "DAPI"}, {"label": "GFP"}]
    describe(folder / "in.zarr", version, [image()], omero={"channels": channels})
    run(folder, text_of("gaussian: {sigma: {x: 1.0}}"))
    found = xr.open_zarr(folder / "out.zarr", chunks=None)
    assert found.c.values.tolist() == ["DAPI", "GFP"]


def multiscales(store):
    attrs: Any = zarr.open_group(store, mode="r").attrs["ome"]
    return attrs["multiscales"]


def test_an_output_is_an_image_that_lies_where_its_coordinates_do(folder):
    half = "mean_pool: {size: {z: 2, y: 2, x: 2}, save: half.zarr}"
    run(folder, text_of(f"{half}\n  - abs"))
    for name in ("half.zarr", "out.zarr"):
        (said,) = multiscales(folder / name)
        assert [axis["name"] for axis in said["axes"]] == ["c", "z", "y", "x"]
        (level,) = said["datasets"]
        scale, translation = level["coordinateTransformations"]
        assert scale == {"type": "scale", "scale": [1, 4, 500, 0.5]}
        assert translation["translation"] == [0, 11, 0, 0.25]
        array = zarr.open_array(folder / name / level["path"], mode="r")
        assert array.metadata.dimension_names == ("c", "z", "y", "x")
        again = ZarrSource(str(folder / name / level["path"])).open()
        whole = ZarrSource(str(folder / name)).open()
        assert again.coords.equals(whole.coords)


def test_an_output_of_an_output_is_an_image_too(folder):
    run(folder, text_of("mean_pool: {size: {x: 2}}"))
    text = text_of("mean_pool: {size: {x: 2}}", "{path: out.zarr}")
    run(folder, text.replace("output: {path: out.zarr}", "output: {path: next.zarr}"))
    (said,) = multiscales(folder / "next.zarr")
    places = said["datasets"][0]["coordinateTransformations"]
    assert places[0]["scale"] == [1, 2, 250, 1]
    assert places[1]["translation"] == [0, 10, -125, 0.125 + 0.25 * 1.5]


def test_outputs_of_other_inputs_or_axes_are_no_images(folder):
    run(
        folder, text_of("correlate_bank: {kernels: {a: [1, 1], b: [1, -1]}, dims: [x]}")
    )
    assert "ome" not in zarr.open_group(folder / "out.zarr", mode="r").attrs
    plain = xr.DataArray(np.ones((4, 4)), dims=("y", "x"), name="v")
    plain.to_zarr(folder / "v.zarr", consolidated=False)
    text = text_of("mean_pool: {size: {x: 2}}", "{path: v.zarr}")
    run(folder, text.replace("out.zarr", "next.zarr"))
    assert "ome" not in zarr.open_group(folder / "next.zarr", mode="r").attrs


@pytest.mark.parametrize("version", FORMATS)
def test_a_plane_of_a_stack_has_the_thickness_that_its_image_says(tmp_path, version):
    describe(tmp_path / "in.zarr", version, [image()])
    write_array(tmp_path / "in.zarr/0", version, (2, 1, 6, 8))
    run(tmp_path, text_of("gaussian: {sigma: 0.5 um, dtype: float64}"))
    found = xr.open_zarr(tmp_path / "out.zarr", chunks=None)
    expected = ndimage.gaussian_filter(
        cells((2, 1, 6, 8)).astype(float), (0, 0.25, 2, 2), mode="reflect"
    )
    assert_allclose(found.data.values, expected, rtol=1e-12)
    (said,) = multiscales(tmp_path / "out.zarr")
    places = said["datasets"][0]["coordinateTransformations"]
    assert places[0]["scale"] == SCALE
    assert places[1]["translation"] == TRANSLATION
    # and of its result, whose coordinates stand beside it
    again = text_of("gaussian: {sigma: 0.5 um}", "{path: out.zarr}")
    run(tmp_path, again.replace("output: {path: out.zarr}", "output: {path: b.zarr}"))
    (then,) = multiscales(tmp_path / "b.zarr")
    assert then["datasets"] == said["datasets"]
