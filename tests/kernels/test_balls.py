"""Balls against counts of lattice points in an ellipsoid, in whole numbers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volconv.errors import KernelError, KindError
from volconv.kernels import ball

# Points of the lattice Z³ in a sphere of radius 0, 1, 2 … (OEIS A000605), and of Z² in
# a circle (A000328).
SPHERES = (1, 7, 33, 123, 257, 515, 925, 1419, 2109, 3071, 4169)
CIRCLES = (1, 5, 13, 29, 49, 81, 113, 149, 197, 253, 317)


@pytest.mark.parametrize("radius", range(11))
def test_a_ball_of_cells_has_as_many_as_the_lattice_has_points(radius):
    for counts, dims in ((SPHERES, "zyx"), (CIRCLES, "yx")):
        weights = ball(dict.fromkeys(dims, radius)).weights
        assert weights.shape == (2 * radius + 1,) * len(dims)
        assert np.count_nonzero(weights) == counts[radius]
        assert set(weights.ravel()) <= {0.0, 1 / counts[radius]}


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.integers(0, 40),
)
def test_cells_of_any_shape_make_a_sphere_of_their_unit(spacings, radius):
    dims = "zyx"[: len(spacings)]
    kernel = ball(
        {dim: radius / space for dim, space in zip(dims, spacings, strict=True)}
    )
    taps = kernel.weights
    sides = [int(Fraction(radius, space)) for space in spacings]
    assert taps.shape == tuple(2 * side + 1 for side in sides)
    expected = {
        place
        for place in np.ndindex(taps.shape)
        if sum(
            ((index - side) * space) ** 2
            for index, side, space in zip(place, sides, spacings, strict=True)
        )
        <= radius**2
    }
    assert set(zip(*np.nonzero(taps), strict=True)) == expected
    assert taps.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("length", "spacing"), [(0.3, 0.1), (0.6, 0.2), (3.3, 1.1)])
def test_a_cell_at_the_radius_is_within_whatever_the_rounding(length, spacing):
    assert length / spacing < 3  # so it is rounded
    assert ball({"x": length / spacing}).sizes == {"x": 7}
    assert ball({"x": float(np.float32(length) / np.float32(spacing))}).sizes == {
        "x": 7
    }
    assert ball({"x": 2.999}).sizes == {"x": 5}


def test_radii_by_name_make_an_ellipsoid_that_may_be_flat():
    flat = ball({"z": 0, "y": 0.9, "x": 2})
    assert flat.sizes == {"z": 1, "y": 1, "x": 5}
    assert flat.weights.ravel().tolist() == [0.2] * 5


@pytest.mark.parametrize(
    ("radii", "kind", "message"),
    [
        ({}, KernelError, "radius: got no dimension; expected a radius for at least"),
        ({"x": -1}, KernelError, "radius along 'x': got -1; expected a number of at l"),
        ({"x": np.nan}, KernelError, "radius along 'x': got nan"),
        ({"x": True}, KindError, "radius along 'x': got True; expected a number"),
        ({"x": 1e12}, KernelError, "radius along 'x': got 2e[+]12 taps; expected at"),
        (
            {"y": 5000, "x": 5000},
            KernelError,
            "radius: got a box of 1e[+]08 cells around the ball; expected at most "
            "16777216[.] Fix: a smaller radius, or a box or a gaussian",
        ),
    ],
)
def test_a_ball_that_cannot_be_is_refused(radii, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        ball(radii)
