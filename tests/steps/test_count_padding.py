"""Means of the cells inside, and how the pooling of other libraries is written."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import (
    allocated,
    labelled,
    pooled,
    same_whatever_the_cuts,
    windows_of,
)
from tests.strategies import DTYPES, meta_of
from volconv.errors import BoundaryError, KindError
from volconv.geometry import Interval
from volconv.steps import WindowOptions
from volconv.steps.pooling import mean_pool_step
from volconv.steps.registry import step_classes
from volconv.steps.step import of_box


@settings(max_examples=30)
@given(data=st.data())
def test_a_mean_of_the_cells_inside_is_the_definition_whatever_the_cuts(data):
    array = data.draw(labelled(DTYPES))
    options = data.draw(pooled(array))
    size, stride = options["size"], options["stride"]
    rest = {key: options[key] for key in ("padding", "dilation", "boundary")}
    found = same_whatever_the_cuts(
        array,
        lambda a: volconv.mean_pool(
            a, size, stride=stride, count_padding=False, **rest
        ),
        lambda m: mean_pool_step(
            m, size, stride, None, WindowOptions(1, **rest), count_padding=False
        ),
        data,
    )
    wide = array.astype("complex128" if array.dtype.kind == "c" else "float64")
    beyond = {**options, "boundary": dict.fromkeys(size, "constant")}
    windows = windows_of(wide, beyond, np.nan)
    inside = np.count_nonzero(~np.isnan(windows), axis=-1)
    with np.errstate(invalid="ignore"):
        expected = np.nansum(windows, axis=-1) / inside
    eps = np.finfo(found.dtype).eps
    np.testing.assert_allclose(found.values, expected, rtol=9 * eps, atol=900 * eps)


def test_means_are_of_the_cells_inside_alone():
    row = xr.DataArray([2, 4, 6, 8, 100], dims="x")
    found = volconv.mean_pool(row, 3, stride=2, padding=(1, 2), count_padding=False)
    np.testing.assert_allclose(found.values, [3, 6, 54], rtol=1e-15)
    narrow = volconv.mean_pool(
        row.astype("uint8"), 2, padding=1, count_padding=False, dtype="uint8"
    )
    assert narrow.values.tolist() == [2, 5, 54]
    nowhere = volconv.mean_pool(row, 1, stride=4, padding=2, count_padding=False)
    assert np.isnan(nowhere.values).tolist() == [True, False, True]


def test_a_missing_cell_spreads_unless_it_is_left_out():
    row = xr.DataArray([np.nan, 4, 6, 8, 100], dims="x")
    found = volconv.mean_pool(row, 3, padding=1, count_padding=False)
    assert np.isnan(found.values).tolist() == [True, False]
    left = volconv.mean_pool(row, 3, padding=1, count_padding=False, skipna=True)
    np.testing.assert_allclose(left.values, [4, 38], rtol=1e-15)
    weights = xr.DataArray([1.0, 3, 1, 0, 1], dims="x")
    weighted = volconv.mean_pool(
        row, 3, padding=1, count_padding=False, skipna=True, weights=weights
    )
    np.testing.assert_allclose(weighted.values, [4, 53], rtol=1e-15)


def test_what_cannot_be_is_refused_though_it_had_no_effect():
    row = xr.DataArray([2.0, 4], dims="x")
    with pytest.raises(BoundaryError, match="'egde'"):
        volconv.mean_pool(row, 2, boundary="egde", count_padding=False)
    with pytest.raises(KindError, match="count_padding: got 'no'; expected true or"):
        volconv.mean_pool(row, 2, count_padding="no")


def test_a_text_whose_boundary_has_no_effect_is_told_so():
    step = step_classes()["mean_pool"].model_validate(
        {"size": 2, "padding": 1, "boundary": "wrap", "count_padding": False}
    )
    assert step.notes() == ["boundary: no effect where padding does not count"]


def test_work_bytes_bound_what_is_allocated():
    block = np.ones((300, 400), dtype="float32")
    options = WindowOptions(1, padding=1)
    meta = meta_of((298, 398), "float32")
    step = mean_pool_step(meta, 3, None, None, options, count_padding=False)
    placed = of_box(step, tuple(Interval(0, size) for size in step.target.shape))
    assert allocated(placed, block) <= placed.work_bytes(100 * 134, block.size)


def test_windows_wholly_inside_have_the_mean_that_they_always_have():
    row = xr.DataArray(np.arange(12.0), dims="x")
    found = volconv.mean_pool(row, 4, stride=2, padding=1, count_padding=False)
    assert (
        found.values[1:-1].tolist()
        == volconv.mean_pool(row[1:], 4, stride=2).values.tolist()
    )


def test_the_paddings_of_other_libraries_are_written_so():
    """Rounding up at the end, and what of it counts, as `docs/layers.md` tells it."""
    row = xr.DataArray(-np.arange(1.0, 8), dims="x")
    most = volconv.max_pool(row, 3, stride=2, padding=1)
    infinite = volconv.max_pool(
        row, 3, stride=2, padding=1, boundary="constant", fill_value=-np.inf
    )
    assert most.values.tolist() == infinite.values.tolist() == [-1, -2, -4, -6]
    ceil = volconv.max_pool(row, 2, padding="same_upper")
    assert ceil.values.tolist() == [-1, -3, -5, -7]
    all_of_it = volconv.mean_pool(row, 2, padding=1, boundary="constant")
    assert all_of_it.values.tolist() == [-0.5, -2.5, -4.5, -6.5]
    padded = volconv.pad(row, 1)
    some = volconv.mean_pool(padded, 4, stride=3, padding=(0, 1), count_padding=False)
    assert some.values.tolist() == [-1.5, -4.5, -13 / 3]
