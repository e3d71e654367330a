"""The public functions against NumPy and SciPy, on DataArrays and Datasets."""

import inspect
import json

import dask.array as da
import numpy as np
import pint
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_array_equal
from scipy import ndimage, signal

import volconv
import volconv.errors as e
from tests.lazy.strategies import cases


def by_definition(array, kernel, dims, options, fill_value):
    """numpy.pad along each axis, every window, every s-th of them, weighted and summed."""
    cells = array.values.astype(np.result_type(array.dtype, "float64"))
    order = [dims.index(dim) for dim in array.dims if dim in dims]
    weights = np.asarray(kernel).transpose(order)
    ordered = [dim for dim in array.dims if dim in dims]
    for dim in ordered:
        axis = array.dims.index(dim)
        pads = [(0, 0)] * cells.ndim
        pads[axis] = options["padding"][dim]
        kind = options["boundary"][dim]
        fill = {"constant_values": fill_value} if kind == "constant" else {}
        cells = np.pad(cells, pads, mode=kind, **fill)
    for dim, size in zip(ordered, weights.shape, strict=True):
        axis, dilation = array.dims.index(dim), options["dilation"][dim]
        view = sliding_window_view(cells, dilation * (size - 1) + 1, axis=axis)
        strided = [slice(None)] * view.ndim
        strided[axis] = slice(None, None, options["stride"][dim])
        cells = view[tuple(strided)][..., ::dilation]
    return np.tensordot(cells, weights, axes=weights.ndim)


@given(cases())
def test_correlate_is_the_definition_for_every_dtype_and_window(case):
    array, kernel, dims, options, _ = case
    found = volconv.correlate(array, kernel, dims=dims, fill_value=3, **options)
    expected = by_definition(array, kernel, dims, options, 3)
    assert found.shape == expected.shape
    assert found.dims == array.dims
    if found.dtype.kind in "iu":
        assert_array_equal(found.values.astype(float), expected)
        return
    # each of up to 64 taps of up to 100 x 4 rounds once or twice
    eps = np.finfo(found.dtype).eps
    magnitude = by_definition(abs(array), abs(np.asarray(kernel)), dims, options, 3)
    bound = 70 * np.finfo("float32").eps * magnitude + eps * abs(expected) + 1e-30
    assert (abs(found.values - expected) <= bound).all()


@given(cases())
def test_convolve_is_correlate_with_the_kernel_flipped(case):
    array, kernel, dims, options, _ = case
    found = volconv.convolve(array, kernel, dims=dims, **options)
    flipped = volconv.correlate(array, np.flip(kernel), dims=dims, **options)
    assert_array_equal(found.values, flipped.values)
    assert json.loads(found.attrs["volconv"])["steps"][0]["step"] == "convolve"


@pytest.fixture
def volume():
    rng = np.random.default_rng(5)
    return xr.DataArray(rng.random((9, 10, 11)), dims=("z", "y", "x"), name="v")


def test_convolve_is_scipy_s(volume):
    kernel = np.random.default_rng(6).random((2, 3, 4))
    for mode in ("valid", "full"):
        found = volconv.convolve(volume, kernel, padding=mode)
        expected = signal.convolve(volume.values, kernel, mode=mode)
        np.testing.assert_allclose(found.values, expected, rtol=1e-11)


def test_gaussian_by_default_is_scipy_s(volume):
    found = volconv.gaussian(volume, 1.3)
    np.testing.assert_allclose(
        found.values, ndimage.gaussian_filter(volume.values, 1.3), rtol=1e-12
    )


def test_a_mapping_leaves_other_dimensions_to_the_default(volume):
    found = volconv.gaussian(
        volume, 1.0, padding={"x": "valid"}, boundary={"y": "edge"}
    )
    modes = ("reflect", "nearest", "reflect")
    expected = ndimage.gaussian_filter(volume.values, 1.0, mode=modes)[..., 4:-4]
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)


def test_box_by_default_is_scipy_s_for_odd_sizes(volume):
    found = volconv.box(volume, {"z": 3, "x": 5})
    expected = ndimage.uniform_filter(volume.values, (3, 1, 5))
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)


def test_box_with_its_own_stride_is_xarray_s_coarsen(volume):
    found = volconv.box(volume, {"y": 2, "x": 3}, stride={"y": 2, "x": 3}, padding=0)
    coarse = volume.coarsen(y=2, x=3, boundary="trim").mean()
    np.testing.assert_allclose(found.values, coarse.values, rtol=1e-12)


def test_a_kernel_that_is_a_dataarray_says_where_it_goes(volume):
    weights = np.random.default_rng(1).random((2, 3))
    kernel = xr.DataArray(weights, dims=("x", "z"))
    found = volconv.correlate(volume, kernel)
    named = volconv.correlate(volume, weights.T, dims=("z", "x"))
    assert_array_equal(found.values, named.values)
    with pytest.raises(e.DimError, match="the kernel's own"):
        volconv.correlate(volume, kernel, dims=("x", "y"))


def test_a_stride_may_name_a_dimension_that_the_kernel_lacks(volume):
    found = volconv.correlate(volume, [1.0], dims="x", stride={"z": 2, "x": 3})
    assert_array_equal(found.values, volume.values[::2, :, ::3])


def test_extra_dimensions_are_carried_along(volume):
    stack = xr.concat([volume, 2 * volume, -volume], "channel")
    found = volconv.gaussian(stack, {"y": 1.0, "x": 2.0}, stride={"y": 2})
    for number, factor in enumerate((1, 2, -1)):
        one = volconv.gaussian(volume, {"y": 1.0, "x": 2.0}, stride={"y": 2})
        np.testing.assert_allclose(found[number].values, factor * one.values)


def test_zero_weights_let_no_missing_value_through(volume):
    holes = volume.where(volume > 0.1)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    found = volconv.correlate(holes, cross, dims=("y", "x"))
    shifted = [
        holes.values[:, 1 + y : 9 + y, 1 + x : 10 + x]
        for y, x in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))
    ]
    expected = np.isnan(np.stack(shifted)).any(axis=0)
    assert_array_equal(np.isnan(found.values), expected)
    assert expected.any()
    assert not expected.all()


def test_units_make_a_sphere_of_millimetres():
    cells = xr.DataArray(np.zeros((41, 41, 41)), dims=("z", "y", "x"))
    cells[20, 20, 20] = 1
    for dim, spacing in (("z", 2.5), ("y", 1.0), ("x", 0.5)):
        cells.coords[dim] = (dim, np.arange(41) * spacing, {"units": "mm"})
    smooth = volconv.gaussian(cells, "2 mm")
    total = smooth.sum().item()
    for dim in "zyx":
        centre = cells[dim].values[20]
        variance = (smooth * (cells[dim] - centre) ** 2).sum().item() / total
        assert variance == pytest.approx(4.0, rel=0.01)


def test_integer_data_under_a_float_kernel_give_floats(volume):
    small = (255 * volume).astype("uint8")
    assert volconv.box(small, 3).dtype == np.float32
    assert volconv.box(small.astype("int32"), 3).dtype == np.float64
    counts = volconv.correlate(small, np.ones((3, 3, 3), int))
    assert counts.dtype == np.uint16
    assert counts.max() > 255


def test_dtype_rounds_half_to_even_and_saturates():
    row = xr.DataArray([1, 2, 3, 4, 600, -600], dims="x")
    found = volconv.correlate(row, [0.5, 0.5], dtype="int8")
    assert found.values.tolist() == [2, 2, 4, 127, 0]
    assert found.dtype == np.int8


def test_sums_beyond_64_bits_are_an_error_chunked_or_not():
    row = xr.DataArray(np.array([2**62, 2**62, 0, 0]), dims="x")
    for data in (row, row.chunk(x=2)):
        with pytest.raises(e.NumberError, match="exceed 64 bits"):
            volconv.correlate(data, [1, 1]).compute()
        assert volconv.correlate(data[2:], [1, 1]).values.tolist() == [0]


# Datasets


@pytest.fixture
def dataset(volume):
    return xr.Dataset(
        {
            "a": volume,
            "b": volume.astype("float32") * 2,
            "flat": ("t", [1, 2]),
            "row": ("z", np.arange(9)),
            "label": "text",
        },
        {"x": np.arange(11) * 0.5},
        {"title": "two volumes"},
    )


def test_a_dataset_is_taken_variable_by_variable(dataset):
    found = dataset.volconv.gaussian({"y": 1.0, "x": 1.0}, stride={"x": 2})
    for name in ("a", "b"):
        one = volconv.gaussian(dataset[name], {"y": 1.0, "x": 1.0}, stride={"x": 2})
        assert found[name].identical(one)
    for name in ("flat", "row", "label"):
        assert found[name].identical(dataset[name])
    assert list(found.data_vars) == list(dataset.data_vars)
    assert found.attrs["title"] == "two volumes"
    assert found.x.values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_variable_whose_coordinates_would_move_under_it_is_not_passed(dataset):
    with pytest.raises(e.DimError, match=r"variable 'row'.*drop_vars\('row'\)"):
        volconv.box(dataset, {"z": 2, "x": 2}, stride={"z": 2}, padding="valid")
    rest = dataset.drop_vars("row")
    found = volconv.box(rest, {"z": 2, "x": 2}, stride={"z": 2}, padding="valid")
    assert found.sizes["z"] == 4


def test_variables_that_lack_a_dimension_are_refused_on_request(dataset):
    message = r"^variable 'flat': got dims \['t'\]; expected \['y', 'x'\] among them"
    sigma = {"y": 1.0, "x": 1.0}
    with volconv.set_options(missing_dims="raise"):
        with pytest.raises(e.DimError, match=message):
            dataset.volconv.gaussian(sigma)
        kept = dataset[["a", "b"]].assign(crs=0)
        assert list(volconv.gaussian(kept, sigma)) == ["a", "b", "crs"]
    assert list(volconv.gaussian(dataset, sigma)) == list(dataset)
    volconv.set_options(missing_dims="raise")
    with pytest.raises(e.DimError, match="where missing_dims is 'raise'"):
        volconv.gaussian(dataset, sigma)
    volconv.set_options(missing_dims="pass")
    assert list(volconv.gaussian(dataset, sigma)) == list(dataset)
    with pytest.raises(e.KindError, match=r"^missing_dims: got 'rais'.*mean 'raise'"):
        volconv.set_options(missing_dims="rais")


def test_a_dataset_needs_the_kernel_s_dimensions_by_name(dataset):
    with pytest.raises(e.DimError, match="where data is a Dataset"):
        volconv.correlate(dataset, np.ones((2, 2)))
    with pytest.raises(e.DimError, match="did you mean"):
        volconv.correlate(dataset, np.ones(2), dims="xx")


def test_errors_name_the_variable(dataset):
    dataset["b"] = dataset.b.astype(object)
    with pytest.raises(e.NumberError, match="variable 'b', data: got dtype object"):
        volconv.box(dataset, {"x": 3})


# attributes


def test_attributes_follow_xarray_s_option_and_the_keyword(volume):
    volume.attrs = {"units": "K", "valid_range": [0, 1]}
    assert volconv.box(volume, 3).attrs["units"] == "K"
    assert "valid_range" not in volconv.box(volume, 3).attrs
    assert set(volconv.box(volume, 3, keep_attrs=False).attrs) == {"volconv"}
    with xr.set_options(keep_attrs=False):
        assert "units" not in volconv.box(volume, 3).attrs


def test_the_record_tells_version_step_and_geometry_of_the_whole_chain(volume):
    chain = volume.volconv.gaussian({"x": 1.0}).volconv.correlate(
        [1, -1], dims="z", stride=2, boundary="edge"
    )
    record = json.loads(chain.attrs["volconv"])
    assert record["version"] == volconv.__version__
    first, second = record["steps"]
    assert first["step"] == "gaussian"
    assert first["windows"]["x"]["padding"] == [4, 4]
    assert second["kernel"]["weights"] == [1, -1]
    assert second["windows"]["z"] == {
        "size": 2,
        "stride": 2,
        "dilation": 1,
        "padding": [0, 0],
        "boundary": "edge",
    }


def test_the_input_is_left_as_it_was(volume):
    volume.attrs = {"volconv": "not a record of ours"}
    volume.encoding = {"chunks": (1, 2, 3)}
    before = volume.copy(deep=True)
    volconv.gaussian(volume, 1.0, boundary="wrap")
    assert volume.identical(before)
    assert volume.encoding == {"chunks": (1, 2, 3)}


# the accessor


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("correlate", (np.ones((2, 2, 2)),)),
        ("convolve", (np.ones((2, 2, 2)),)),
        ("gaussian", (1.0,)),
        ("box", (3,)),
    ],
)
def test_the_accessor_is_the_function(volume, name, arguments):
    found = getattr(volume.volconv, name)(*arguments, stride={"x": 2})
    assert found.identical(getattr(volconv, name)(volume, *arguments, stride={"x": 2}))


def test_every_function_of_labelled_data_is_a_method_with_its_parameters(volume):
    others = {"Window", "__version__", "errors", "run_config", "set_options"}
    others |= {"output_affine", "output_transformations"}
    functions = set(volconv.__all__) - others
    assert functions == {name for name in dir(volume.volconv) if name[0] != "_"} - {
        "data"
    }
    for name in functions:
        method, function = getattr(volume.volconv, name), getattr(volconv, name)
        _, *parameters = inspect.signature(function).parameters.values()
        assert [*inspect.signature(method).parameters.values()] == parameters
        assert method.__doc__ == function.__doc__


# bad input


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda v: volconv.correlate(v.values, [1]), e.KindError, "wrap it: xr.Data"),
        (lambda v: volconv.correlate(v, [1, 2]), e.DimError, r"say dims=\['x'\]"),
        (
            lambda v: volconv.correlate(v, [1], dims="w"),
            e.DimError,
            "got 'w'; expected",
        ),
        (
            lambda v: volconv.correlate(v, [[1]], dims=("x", "x")),
            e.DimError,
            "each dimension once",
        ),
        (
            lambda v: volconv.correlate(v, np.ones(12), dims="x"),
            e.GeometryError,
            "kernel along 'x': got span 12 over 11 cells padded to 11.*pad 1 more",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", stride=0),
            e.GeometryError,
            "stride along 'x': got 0",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", stride=1.5),
            e.KindError,
            "stride along 'x': got 1.5",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", stride=True),
            e.KindError,
            "got True",
        ),
        (
            lambda v: volconv.correlate(v, [1, np.nan], dims="x"),
            e.KernelError,
            "NaN or inf",
        ),
        (lambda v: volconv.correlate(v, [], dims="x"), e.KernelError, "one tap"),
        (
            lambda v: volconv.correlate(v, [[1], [1, 2]], dims=("y", "x")),
            e.KindError,
            "unequal length",
        ),
        (lambda v: volconv.correlate(v, "abc"), e.KindError, "kernel: got dtype"),
        (
            lambda v: volconv.correlate(v[:, :0], [1], dims="y"),
            e.GeometryError,
            "along 'y': got 0 cells",
        ),
        (
            lambda v: volconv.correlate(v.astype(object), [1], dims="x"),
            e.NumberError,
            "dtype object",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", padding="sane"),
            e.GeometryError,
            "did you mean 'same'",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", padding=-1),
            e.GeometryError,
            "at least 0",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", boundary="mirror"),
            e.BoundaryError,
            "mirror elsewhere is 'reflect' here",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", engine="fast"),
            e.NumberError,
            "engine: got 'fast'",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims="x", dtype="int99"),
            e.NumberError,
            "dtype: got 'int99'",
        ),
        (lambda v: volconv.gaussian(v, -1.0), e.KernelError, "at least 0"),
        (lambda v: volconv.gaussian(v, "2 mm"), e.UnitError, "'units' attribute"),
        (lambda v: volconv.gaussian(v, "2"), e.UnitError, "without quotes"),
        (lambda v: volconv.box(v, 0), e.GeometryError, "at least 1"),
        (
            lambda v: volconv.box(v, {"x": 3}, dims=["x", "y"]),
            e.DimError,
            "size says itself where it goes",
        ),
        (
            lambda v: volconv.gaussian(v, {"x": 3}, dims="y"),
            e.DimError,
            "the dimensions that sigma names",
        ),
        (
            lambda v: volconv.box(v, {"x": 2, "w": 2}),
            e.DimError,
            "size: got 'w'",
        ),
        (
            lambda v: volconv.correlate(v, [1], dims=3),
            e.KindError,
            "dims: got 3; expected a name, or a list of names",
        ),
        (
            lambda v: volconv.max_pool(v, {"x": 2}, dims=3),
            e.KindError,
            "dims: got 3; expected a name, or a list of names",
        ),
        (
            lambda v: volconv.conv_transpose(
                v, np.ones((9, 1, 2)), channel="z", dims="x", padding=-1
            ),
            e.GeometryError,
            "padding along 'x': got -1",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(volume, call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(volume)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_arrays_of_another_library_are_not_stripped_of_what_they_are():
    metres = pint.UnitRegistry().Quantity(np.arange(5.0), "m")
    data = xr.DataArray(metres, dims="x")
    with pytest.raises(
        e.KindError, match=r"pint.*Quantity; expected one of NumPy or Dask"
    ):
        volconv.box(data, 3)
    assert volconv.box(data.as_numpy(), 3).shape == (5,)
    lazy = xr.DataArray(da.from_array(metres.magnitude, 2) * metres.units, dims="x")
    with pytest.raises(e.KindError, match=r"pint.*Quantity; expected one of NumPy"):
        volconv.box(lazy, 3)


def test_texts_are_called_by_a_name_that_numpy_knows():
    with pytest.raises(
        e.NumberError, match=r"got dtype <U1; .* Fix: cast the data first"
    ):
        volconv.box(xr.DataArray(["a", "b"], dims="x"), 3)


def test_duplicate_dimensions_are_refused():
    with pytest.warns(UserWarning, match="Duplicate dimension"):
        twice = xr.DataArray(np.zeros((2, 2)), dims=("x", "x"))
    with pytest.raises(e.DimError, match="each dimension once"):
        volconv.correlate(twice, [1.0], dims="x")


@given(st.sampled_from(["symmetric", "reflect", "edge", "wrap"]), st.integers(1, 5))
def test_a_smoothing_keeps_a_constant(boundary, cells):
    flat = xr.DataArray(np.full((cells, 4), 2.5), dims=("y", "x"))
    found = volconv.gaussian(flat, 2.0, boundary=boundary)
    np.testing.assert_allclose(found.values, 2.5, rtol=1e-14)
