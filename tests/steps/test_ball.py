"""Step `ball` against SciPy, on cells of any shape and on a real scan."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import volconv
from tests.families import labelled, same_whatever_the_cuts
from volconv.coordinates import array_meta
from volconv.steps import WindowOptions
from volconv.steps.ball import BallKernel, ball_step
from volconv.steps.correlate import Correlate

SCAN = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
SPACINGS = st.sampled_from([0.5, 0.7, 1.0, 2.2])


def inside(spacings, radius):
    """The cells within a radius of the middle one, as a footprint of odd sizes."""
    sides = [int(radius / space * (1 + 1e-9)) for space in spacings]
    grids = np.meshgrid(
        *(
            space * np.arange(-side, side + 1)
            for space, side in zip(spacings, sides, strict=True)
        ),
        indexing="ij",
    )
    return np.sqrt(sum(grid**2 for grid in grids)) <= radius * (1 + 1e-9)


def with_spacings(array, spacings):
    for dim, space in zip(array.dims, spacings, strict=True):
        places = space * np.arange(array.sizes[dim])
        array.coords[dim] = (dim, places, {"units": "mm"})
    return array


@settings(max_examples=25)
@given(
    labelled(["float64"], least=2, most=8),
    st.lists(SPACINGS, min_size=3, max_size=3),
    st.floats(0, 3),
)
def test_a_ball_is_scipy_s_correlation_with_a_footprint_of_cells(
    array, spacings, radius
):
    spacings = spacings[: array.ndim]
    found = volconv.ball(with_spacings(array, spacings), f"{radius!r} mm")
    footprint = inside(spacings, radius)
    expected = ndimage.correlate(
        array.values, footprint / footprint.sum(), mode="reflect"
    )
    np.testing.assert_allclose(found.values, expected, rtol=1e-11, atol=1e-11)


@settings(max_examples=10)
@given(
    labelled(["float32", "int16"], least=2),
    st.floats(0, 2.5),
    st.sampled_from(["edge", "wrap", "constant", "reflect"]),
    st.integers(1, 3),
    st.data(),
)
def test_chunks_and_boxes_have_the_bits_of_the_whole(
    array, radius, boundary, stride, data
):
    options = {"padding": "same", "boundary": boundary, "stride": stride}
    if boundary == "reflect":
        radius = min(radius, 1.0)
    resolved = WindowOptions(**options)
    same_whatever_the_cuts(
        array,
        lambda a: volconv.ball(a, radius, **options),
        lambda m: ball_step(m, radius, None, resolved),
        data,
    )


@pytest.fixture(scope="module")
def scan():
    """A part of a real MR volume of 2 x 2 x 2.2 mm, every second row of it."""
    image = nibabel.Nifti1Image.from_filename(str(SCAN))
    values = np.asarray(image.dataobj)[30:70, 30:60, :, 0]
    sizes = [float(size) for size in image.header.get_zooms()[:3]]
    assert sizes == pytest.approx([2, 2, 2.2], rel=1e-6)
    array = xr.DataArray(values, dims=("x", "y", "z"), name="mr")
    array = with_spacings(array, sizes)
    return array.isel(y=slice(None, None, 2))  # voxels of 2 x 4 x 2.2 mm


def test_a_sphere_on_a_real_scan_of_three_voxel_sizes_is_scipy_s(scan):
    found = volconv.ball(scan, "6.6 mm")
    footprint = inside([2, 4, 2.2], 6.6)
    assert footprint.shape == (7, 3, 7)
    # counted over a larger box, each cell by its distance
    count = sum(
        (2 * x) ** 2 + (4 * y) ** 2 + (2.2 * z) ** 2 <= 6.6**2 + 1e-9
        for x in range(-9, 10)
        for y in range(-9, 10)
        for z in range(-9, 10)
    )
    assert footprint.sum() == count
    expected = ndimage.correlate(
        scan.values.astype(float), footprint / count, mode="reflect"
    )
    np.testing.assert_allclose(found.values, expected, rtol=2e-5)
    assert found.dtype == np.float32
    assert found.x.identical(scan.x)
    assert scan.volconv.ball({"x": "6.6 mm", "y": 0}).equals(
        volconv.ball(scan, {"x": "6.6 mm", "y": "0 mm"})
    )


def test_a_ball_goes_to_the_dimensions_of_its_unit():
    cells = np.random.default_rng(1).random((3, 9, 9))
    array = xr.DataArray(cells, dims=("channel", "y", "x"))
    array["y"] = ("y", np.arange(9) * 2.0, {"units": "um"})
    array["x"] = ("x", np.arange(9) * 1.0, {"units": "um"})
    found = volconv.ball(array, "2 um")
    cross = np.array([[0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0]]) / 7
    for one, plane in zip(found.values, cells, strict=True):
        np.testing.assert_allclose(one, ndimage.correlate(plane, cross), rtol=1e-12)
    named = volconv.ball(array, 1, dims=("channel", "x"))
    star = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])[:, None] / 5
    np.testing.assert_allclose(named.values, ndimage.correlate(cells, star), rtol=1e-12)


def test_a_named_kernel_of_a_ball_is_the_step_s():
    kernel = BallKernel(radius="2 mm")
    array = with_spacings(xr.DataArray(np.zeros((5, 5)), dims=("y", "x")), (1, 0.5))
    meta = array_meta(array.dims, array.shape, array.dtype, array.coords.to_dataset())
    step = Correlate(kernel={"ball": {"radius": "2 mm"}}, padding=4).resolve(meta)
    same = ball_step(meta, "2 mm", None, WindowOptions(padding=4)).kernel.weights
    assert np.array_equal(step.kernel.weights, same)
    assert np.array_equal(kernel.kernel(meta, None).weights, same)
    settings = Correlate(kernel={"ball": {"radius": {"w": 1}}})
    assert list(settings.named_dims()) == [(("kernel", "ball", "radius", "w"), "w")]
