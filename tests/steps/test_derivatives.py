"""Derivatives, bands and edges against SciPy, NumPy and xarray."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import volconv
from tests.families import allocated, labelled, same_whatever_the_cuts
from tests.strategies import COMPLEX, DTYPES, kinds, meta_of
from volconv.errors import DimError, KernelError, KindError, NumberError, UnitError
from volconv.steps import WindowOptions
from volconv.steps.bands import difference_of_gaussians_step, unsharp_step
from volconv.steps.derivatives import (
    gradient_magnitude_step,
    gradient_step,
    laplace_step,
    sobel_step,
)

REAL = [dtype for dtype in DTYPES if dtype not in COMPLEX]
NARROW = [dtype for dtype in DTYPES if "64" not in dtype or "float" in dtype]

CALLS: dict[str, tuple[Any, Any, Any]] = {
    "gradient": (
        DTYPES,
        lambda a, **o: volconv.gradient(a, a.dims[-1], **o),
        lambda m, o: gradient_step(m, m.dims[-1], "cell", o),
    ),
    "gradient_magnitude": (
        REAL,
        volconv.gradient_magnitude,
        lambda m, o: gradient_magnitude_step(m, None, "cell", o),
    ),
    "laplace": (
        NARROW,
        volconv.laplace,
        lambda m, o: laplace_step(m, None, "cell", o),
    ),
    "sobel": (
        NARROW,
        lambda a, **o: volconv.sobel(a, a.dims[0], **o),
        lambda m, o: sobel_step(m, m.dims[0], None, o),
    ),
    "sobel length": (
        REAL,
        volconv.sobel,
        lambda m, o: sobel_step(m, None, None, o),
    ),
    "difference_of_gaussians": (
        DTYPES,
        lambda a, **o: volconv.difference_of_gaussians(a, 0.4, 0.9, truncate=2, **o),
        lambda m, o: difference_of_gaussians_step(m, (0.4, 0.9), None, 2, o),
    ),
    "unsharp": (
        DTYPES,
        lambda a, **o: volconv.unsharp(a, 0.6, amount=1.5, truncate=2, **o),
        lambda m, o: unsharp_step(m, 0.6, 1.5, None, 2, o),
    ),
}


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_chunks_and_boxes_have_the_bits_of_the_whole(name, data):
    dtypes, call, step = CALLS[name]
    array = data.draw(labelled(dtypes, most=8))
    options = {
        "stride": {dim: data.draw(st.integers(1, 3)) for dim in array.dims},
        "boundary": {dim: data.draw(kinds) for dim in array.dims},
    }
    if name == "gradient":
        options = {
            key: {array.dims[-1]: v[array.dims[-1]]} for key, v in options.items()
        }
    resolved = WindowOptions(padding="same", **options)
    same_whatever_the_cuts(
        array, lambda a: call(a, **options), lambda m: step(m, resolved), data
    )


@pytest.fixture
def volume():
    rng = np.random.default_rng(8)
    coords = {"z": [0.0, 2.5, 5.0, 7.5, 10.0], "y": np.arange(6.0)[::-1]}
    data = xr.DataArray(rng.normal(size=(5, 6, 7)), coords, ("z", "y", "x"))
    data.attrs["units"] = "K"
    for dim in "zy":
        data[dim].attrs["units"] = "mm"
    return data


def test_a_gradient_is_numpy_s_away_from_the_edges(volume):
    for axis, dim in enumerate(volume.dims):
        expected = np.gradient(volume.values, axis=axis)
        found = volconv.gradient(volume, dim)
        inner = {dim: slice(1, -1)}
        whole = volume.copy(data=expected).isel(inner).values
        np.testing.assert_allclose(found.isel(inner).values, whole, rtol=1e-13)
        valid = volconv.gradient(volume, dim, padding="valid")
        np.testing.assert_allclose(valid.values, whole, rtol=1e-13)


def test_at_an_edge_the_default_is_half_the_one_sided_difference(volume):
    found = volconv.gradient(volume, "x")
    one_sided = np.gradient(volume.values, axis=2)
    np.testing.assert_allclose(found.values[..., 0], one_sided[..., 0] / 2)
    np.testing.assert_allclose(found.values[..., -1], one_sided[..., -1] / 2)


def test_a_gradient_per_unit_is_xarray_s_where_the_coordinate_descends_too(volume):
    for dim in ("z", "y"):
        inner = {dim: slice(1, -1)}
        expected = volume.differentiate(dim).isel(inner)
        found = volconv.gradient(volume, dim, per="unit").isel(inner)
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
        assert found.attrs["units"] == "K mm-1"


def test_a_gradient_per_unit_of_time_is_per_second():
    times = np.arange("2020-01-01", "2020-01-05", dtype="datetime64[D]")
    row = xr.DataArray(
        86400.0 * np.arange(4), {"time": times.astype("datetime64[ns]")}, "time"
    )
    row.attrs["units"] = "m"
    found = volconv.gradient(row, "time", per="unit", padding="valid")
    np.testing.assert_allclose(found.values, [1, 1], rtol=1e-15)
    assert found.attrs["units"] == "m s-1"


def test_a_gradient_along_a_circle_wraps(volume):
    found = volconv.gradient(volume, "x", boundary="wrap")
    expected = (np.roll(volume, -1, 2) - np.roll(volume, 1, 2)) / 2
    np.testing.assert_allclose(found.values, expected, rtol=1e-13)


@pytest.mark.parametrize("per", ["cell", "unit"])
def test_a_length_of_the_gradient_is_that_of_its_components(volume, per):
    found = volconv.gradient_magnitude(volume, dims=("z", "y"), per=per)
    parts = [volconv.gradient(volume, dim, per=per).values for dim in "zy"]
    np.testing.assert_allclose(found.values, np.hypot(*parts), rtol=1e-13)
    assert found.attrs["units"] == ("K" if per == "cell" else "K mm-1")


def test_a_length_of_the_gradient_equals_scipy_s_of_the_same_differences(volume):
    def derivative(values, axis, output, mode, cval):
        return ndimage.correlate1d(values, [-0.5, 0, 0.5], axis, output, mode, cval)

    expected = ndimage.generic_gradient_magnitude(volume.values, derivative)
    found = volconv.gradient_magnitude(volume)
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)


def test_laplace_equals_scipy_s(volume):
    found = volconv.laplace(volume)
    np.testing.assert_allclose(found.values, ndimage.laplace(volume.values), atol=1e-13)


def test_laplace_of_integers_is_exact():
    rng = np.random.default_rng(9)
    data = xr.DataArray(rng.integers(0, 256, (6, 7)).astype("uint8"), dims=("y", "x"))
    found = volconv.laplace(data)
    assert found.dtype == np.int16
    assert np.array_equal(found.values, ndimage.laplace(data.values.astype(int)))


def test_laplace_per_unit_divides_by_the_squares_of_the_spacings(volume):
    found = volconv.laplace(volume, dims=("z", "y"), per="unit")
    along = {dim: volconv.laplace(volume, dims=dim).values for dim in "zy"}
    expected = along["z"] / 2.5**2 + along["y"]
    np.testing.assert_allclose(found.values, expected, atol=1e-13)
    assert found.attrs["units"] == "K mm-2"


def test_sobel_equals_scipy_s(volume):
    for axis, dim in enumerate(volume.dims):
        expected = ndimage.sobel(volume.values, axis)
        found = volconv.sobel(volume, dim)
        np.testing.assert_allclose(found.values, expected, atol=1e-12)


def test_sobel_of_integers_is_exact_where_the_kernel_is_a_product():
    data = xr.DataArray(
        np.random.default_rng(4).integers(-128, 128, (6, 7)).astype("int8"),
        dims=("y", "x"),
    )
    found = volconv.sobel(data, "y")
    assert found.dtype == np.int16
    assert np.array_equal(found.values, ndimage.sobel(data.values.astype(int), 0))


def test_sobel_without_a_dim_is_the_length_over_dims(volume):
    found = volconv.sobel(volume, dims=("y", "x"))
    parts = [volconv.sobel(volume, dim, dims=("y", "x")).values for dim in "yx"]
    np.testing.assert_allclose(found.values, np.hypot(*parts), rtol=1e-13)


def test_a_difference_of_gaussians_is_the_difference(volume):
    found = volconv.difference_of_gaussians(volume, 0.7, "3 mm", dims=("z", "y"))
    narrow = volconv.gaussian(volume, 0.7, dims=("z", "y"))
    wide = volconv.gaussian(volume, "3 mm", dims=("z", "y"))
    np.testing.assert_allclose(found.values, (narrow - wide).values, atol=1e-14)


def test_a_difference_of_gaussians_may_name_other_dimensions_for_each(volume):
    found = volconv.difference_of_gaussians(volume, {"x": 0.5}, {"x": 1, "y": 1.5})
    narrow = ndimage.gaussian_filter(volume.values, (0, 0, 0.5))
    wide = ndimage.gaussian_filter(volume.values, (0, 1.5, 1))
    np.testing.assert_allclose(found.values, narrow - wide, atol=1e-14)


def test_unsharp_adds_what_a_gaussian_takes(volume):
    found = volconv.unsharp(volume, 1.1, amount=0.5)
    smooth = ndimage.gaussian_filter(volume.values, 1.1)
    expected = volume.values + 0.5 * (volume.values - smooth)
    np.testing.assert_allclose(found.values, expected, atol=1e-14)
    small = volconv.unsharp((40 * volume).astype("int16"), 1.1, dtype="int16")
    assert small.dtype == np.int16


def test_complex_numbers_are_sharpened_by_parts(volume):
    data = volume + 1j * volume.isel(x=slice(None, None, -1)).values
    found = volconv.unsharp(data, 1.0)
    for part in ("real", "imag"):
        expected = volconv.unsharp(getattr(data, part), 1.0).values
        np.testing.assert_allclose(getattr(found, part).values, expected, atol=1e-13)


def test_stride_takes_every_second_value_of_the_whole(volume):
    for name, (_, call, _) in CALLS.items():
        dims = volume.dims[-1:] if name == "gradient" else volume.dims
        found = call(volume, stride=dict.fromkeys(dims, 2))
        step = {dim: slice(None, None, 2) for dim in dims}
        whole = call(volume).isel(step)
        np.testing.assert_allclose(found.values, whole.values, rtol=1e-12)
        assert found.z.identical(whole.z)


def test_a_nan_spreads_no_further_than_the_kernels():
    row = xr.DataArray([1.0, 2, 3, np.nan, 5, 6, 7], dims="x")
    assert np.isnan(volconv.gradient(row, "x").values).tolist() == [
        *(False, False, True, False, True, False, False)
    ]
    assert np.isnan(volconv.gradient_magnitude(row).values).sum() == 2


def test_a_dataset_goes_variable_by_variable(volume):
    data = xr.Dataset({"a": volume, "b": volume.isel(x=0, drop=True)})
    found = data.volconv.gradient("x")
    assert found["a"].identical(volconv.gradient(data["a"], "x"))
    assert found["b"].identical(data["b"])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda v: volconv.gradient(v, "w"), DimError, "dim: got 'w'; expected dimen"),
        (
            lambda v: volconv.gradient(v, "z", per="mm"),
            KindError,
            "per: got 'mm'; expected cell or unit",
        ),
        (
            lambda v: volconv.gradient(v, "x", per="unit"),
            UnitError,
            "per: got 'unit'; expected evenly spaced cells along 'x'. Fix: give it a "
            "coordinate: data.assign_coords",
        ),
        (
            lambda v: volconv.gradient_magnitude(v, dims=("x", "x")),
            DimError,
            "dims: got .*each dimension once",
        ),
        (lambda v: volconv.laplace(v, dims=[]), DimError, "dims: got .*at least one"),
        (
            lambda v: volconv.gradient_magnitude(v.astype(complex)),
            NumberError,
            "data: got complex128 under gradient_magnitude; expected real numbers",
        ),
        (
            lambda v: volconv.sobel(v.astype(complex)),
            NumberError,
            "data: got complex128 under the length of sobel",
        ),
        (
            lambda v: volconv.sobel(v, "z", dims=("y", "x")),
            DimError,
            "dim: got 'z'; expected one of dims",
        ),
        (
            lambda v: volconv.difference_of_gaussians(v, 2, 1),
            KernelError,
            "low_sigma along 'z': got 2 cells; expected at most high_sigma, 1 cells. "
            "Fix: swap them",
        ),
        (
            lambda v: volconv.unsharp(v, 1, amount=np.nan),
            NumberError,
            "amount: got nan; expected a finite number",
        ),
        (
            lambda v: volconv.unsharp(v, -1),
            KernelError,
            "sigma along 'z': got -1",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(volume, call, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        call(volume)


def test_units_that_differ_or_are_no_single_word_are_lost(volume):
    volume.z.attrs["units"] = "cm"
    found = volconv.gradient_magnitude(volume, dims=("z", "y"), per="unit")
    assert "units" not in found.attrs
    volume.z.attrs["units"] = "m s-1"
    assert "units" not in volconv.gradient(volume, "z", per="unit").attrs


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "float16"])
@pytest.mark.parametrize("shape", [(40, 50, 60), (3, 300, 400), (2, 4, 40000)])
def test_work_bytes_bound_what_is_allocated(dtype, shape):
    meta = meta_of(shape, dtype)
    plain = WindowOptions(padding="same")
    block = np.ones([size + 2 for size in shape], dtype=dtype)
    for step in (
        gradient_magnitude_step(meta, None, "cell", plain),
        sobel_step(meta, None, None, plain),
        unsharp_step(meta, 0.5, 1.0, None, 2.0, plain),
        difference_of_gaussians_step(meta, (0.3, 0.5), None, 2.0, plain),
    ):
        outputs = int(np.prod(step.compute(block).shape))
        most = step.work_bytes(outputs, block.size)
        # NumPy's buffers for casts do not grow with the block
        assert allocated(step, block) <= most + 150_000


def test_a_description_differs_where_a_result_does():
    meta = meta_of((9, 9), "float32")
    plain = WindowOptions(padding="same")
    found = [
        unsharp_step(meta, 1.0, amount, None, 4.0, plain).describe()
        for amount in (1.0, 2.0)
    ]
    found += [unsharp_step(meta, 1.1, 1.0, None, 4.0, plain).describe()]
    found += [unsharp_step(meta, 1.0, 1.0, ["x"], 4.0, plain).describe()]
    assert len({str(one) for one in found}) == len(found)


@pytest.mark.parametrize(
    ("own", "along", "wanted"),
    [
        ("K", "m", "K m-1"),
        ("", "m", "m-1"),
        ("1", "m", "m-1"),
        ("K", "degrees_east", "K degrees_east-1"),
        ("K", "m2", None),
        ("K", "m s-1", None),
    ],
)
def test_a_slope_has_a_unit_where_udunits_can_read_it(own, along, wanted):
    depth = xr.DataArray([0.0, 1, 4], {"z": ("z", [0.0, 1, 2], {"units": along})}, "z")
    found = volconv.gradient(depth.assign_attrs(units=own), "z", per="unit")
    assert found.attrs.get("units") == wanted
