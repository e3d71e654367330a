"""Steps in units read the coordinates where they stand, in a run as in Python."""

import json

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import volconv
from tests.run.conftest import prepared
from volconv.run.runner import run_plan

BEFORE = {
    "pad": {"padding": 1, "boundary": "edge"},
    "mean_pool": {"size": {"x": 3}},
    "box": {"size": {"x": 2}, "stride": {"x": 2}},
    "crop": {"region": {"x": (2, 9)}},
    "upsample": {"factor": {"x": 3}},
}
IN_UNITS = {
    "gradient": {"dim": "x", "per": "unit"},
    "laplace": {"dims": ["x"], "per": "unit"},
    "gaussian": {"sigma": {"x": "1.3 mm"}},
    "ball": {"radius": {"x": "2.5 mm"}},
}


def of_functions(data, steps):
    for name, settings in steps:
        data = getattr(volconv, name)(data, **settings)
    return data


def planned(folder, data, steps):
    data.to_dataset(name="v").to_zarr(folder / "in.zarr", mode="w", zarr_format=2)
    config = {
        "version": 1,
        "input": {"path": "in.zarr"},
        "steps": [{name: settings} for name, settings in steps],
        "output": {"path": "out.zarr"},
    }
    return prepared(folder, json.dumps(config))


def of_a_run(folder, data, steps):
    ready = planned(folder, data, steps)
    run_plan(ready.plan, ready.source, ready.labels)
    return xr.open_zarr(folder / "out.zarr", chunks=None).v.load()


def volume(positions):
    values = np.random.default_rng(3).random(len(positions))
    return xr.DataArray(values, {"x": ("x", positions, {"units": "mm"})}, "x")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("then", IN_UNITS)
@pytest.mark.parametrize("spacing", [0.1, -0.3])
def test_a_spacing_after_a_step_is_that_of_its_coordinate(
    tmp_path, before, then, spacing
):
    data = volume(0.2 + spacing * np.arange(13))
    steps = [(before, BEFORE[before]), (then, IN_UNITS[then])]
    ready = planned(tmp_path, data, steps)
    wanted = of_functions(data, steps).attrs["volconv"]  # every weight is in it
    assert ready.labels[2].attrs["volconv"] == wanted


def test_a_run_has_the_bits_of_the_functions_in_units(tmp_path):
    data = volume(0.1 * np.arange(13))
    steps = [("mean_pool", BEFORE["mean_pool"]), ("gradient", IN_UNITS["gradient"])]
    wanted, found = of_functions(data, steps), of_a_run(tmp_path, data, steps)
    assert_array_equal(found.values, wanted.values)


def test_the_even_part_of_an_uneven_axis_has_a_spacing(tmp_path):
    data = volume([0.0, 1.0, 5.0, 5.5, 6.0, 6.5, 7.0])
    steps = [("crop", {"region": {"x": (2, 7)}}), ("gradient", IN_UNITS["gradient"])]
    wanted, found = of_functions(data, steps), of_a_run(tmp_path, data, steps)
    assert_array_equal(found.values, wanted.values)


def test_one_cell_keeps_the_spacing_that_is_known_of_it(tmp_path):
    data = volume(0.5 * np.arange(4))
    steps = [("mean_pool", {"size": {"x": 4}}), ("gaussian", {"sigma": "1 mm"})]
    assert_array_equal(of_a_run(tmp_path, data, steps).values, [data.values.mean()])
