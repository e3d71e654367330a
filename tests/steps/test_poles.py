"""Rows beyond the poles against a walk over the globe, whatever the cuts."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import volconv
from tests.families import same_whatever_the_cuts
from volconv.errors import BoundaryError, UnitError
from volconv.steps.poles import pad_poles_step


def globe(rows, columns, *, on=False, falls=False, dtype="float32"):
    """A grid from pole to pole, its first and last row on them or half a cell before."""
    latitude = (
        np.linspace(-90, 90, rows) if on else -90 + (np.arange(rows) + 0.5) * 180 / rows
    )
    values = np.arange(2 * rows * columns).reshape(2, rows, columns).astype(dtype)
    return xr.DataArray(
        values,
        {
            "latitude": (
                "latitude",
                latitude[::-1] if falls else latitude,
                {"units": "degrees_north"},
            ),
            "longitude": (
                "longitude",
                np.arange(columns) * 360 / columns,
                {"units": "degrees_east"},
            ),
        },
        ("time", "latitude", "longitude"),
    )


def walked(array, before, after, on):
    """Each row by walking over the pole, cell by cell."""
    rows, columns = array.sizes["latitude"], array.sizes["longitude"]
    found = np.empty((2, before + rows + after, columns), array.dtype)
    for place in range(-before, rows + after):
        for column in range(columns):
            row, there = place, column
            if row < 0:
                row, there = (
                    (-row if on else -row - 1),
                    (column + columns // 2) % columns,
                )
            elif row >= rows:
                row = 2 * (rows - 1) - row if on else 2 * rows - 1 - row
                there = (column + columns // 2) % columns
            found[:, place + before, column] = array.values[:, row, there]
    return found


@settings(max_examples=40)
@given(
    st.integers(2, 7),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["float32", "int16", "bool", "complex128"]),
    st.data(),
)
def test_a_row_beyond_a_pole_is_that_on_the_other_side(
    rows, half, on, falls, dtype, data
):
    array = globe(rows, 2 * half, on=on, falls=falls, dtype=dtype)
    most = rows - 1 if on else rows
    pair = data.draw(st.tuples(st.integers(0, most), st.integers(0, most)))
    poles = data.draw(st.sampled_from(["auto", "on" if on else "between"]))
    order = data.draw(st.permutations(array.dims))
    found = same_whatever_the_cuts(
        array.transpose(*order),
        lambda a: volconv.pad_poles(a, pair, poles=poles),
        lambda m: pad_poles_step(m, pair, poles=poles),
        data,
    )
    assert (
        found.transpose(*array.dims).values == walked(array, pair[0], pair[1], on)
    ).all()
    assert (found.longitude == array.longitude).all()
    step = array.latitude.values[1] - array.latitude.values[0]
    first = array.latitude.values[0] - pair[0] * step
    expected = first + step * np.arange(found.sizes["latitude"])
    np.testing.assert_allclose(found.latitude.values, expected, atol=1e-9)


def test_a_smoothing_over_the_pole_knows_no_pole():
    # a field that is linear in x, y, z of the sphere near the pole is so on its far side
    array = globe(36, 72, dtype="float64")[0]
    colatitude = np.deg2rad(90 - array.latitude)
    flat = colatitude * np.cos(np.deg2rad(array.longitude)) + 0 * array
    north = flat.isel(latitude=slice(18, None))
    smooth = volconv.box(
        volconv.pad_poles(flat, 2), {"latitude": 5}, padding={"latitude": "valid"}
    )
    # on a line through the pole the field is linear: its mean is itself
    found = smooth.isel(latitude=slice(20, None))
    np.testing.assert_allclose(found.values, north.values[2:], atol=1e-12)


def test_what_is_no_globe_is_refused():
    array = globe(6, 8)
    with pytest.raises(BoundaryError, match=r"4 rows of 30 degrees, 120 in all"):
        volconv.pad_poles(array[:, 1:-1], 1)
    with pytest.raises(BoundaryError, match="close a circle"):
        volconv.pad_poles(array[:, :, :-2], 1)
    with pytest.raises(BoundaryError, match="an even number"):
        volconv.pad_poles(globe(6, 9), 1)
    with pytest.raises(BoundaryError, match="at most 6, as there are"):
        volconv.pad_poles(array, 7)
    with pytest.raises(UnitError, match="say poles='between'"):
        volconv.pad_poles(array.drop_vars("latitude"), 1)
    gaussian = array.assign_coords(latitude=[-80, -50, -20, 20, 50, 80])
    with pytest.raises(UnitError, match="apart, farthest"):
        volconv.pad_poles(gaussian, 1)
    assert volconv.pad_poles(gaussian, 1, poles="between").sizes["latitude"] == 8
