import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from volconv.errors import DimError, KernelError, KindError
from volconv.kernels import Kernel, box, gaussian

DIMS = ("t", "z", "y", "x")


def test_weights_lie_along_their_dims():
    kernel = Kernel.parse([[1, 2, 3], [4, 5, 6]], ("y", "x"), DIMS)
    assert kernel.dims == ("y", "x")
    assert kernel.sizes == {"y": 2, "x": 3}
    assert kernel.weights.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert not kernel.is_separable


def test_weights_without_dims_lie_along_all_of_the_array():
    assert Kernel.parse(np.ones((2, 3)), None, ("y", "x")).sizes == {"y": 2, "x": 3}


def test_one_dim_may_be_a_single_name():
    assert Kernel.parse([1, 2], "time", ("time",)).dims == ("time",)


@pytest.mark.parametrize("dims", [None, ("x", "y"), ("y", "x")])
def test_a_dataarray_says_itself_where_it_goes(dims):
    given_kernel = xr.DataArray([[1.0, 2.0]], dims=("y", "x"))
    kernel = Kernel.parse(given_kernel, dims, DIMS)
    assert kernel.dims == ("y", "x")
    assert kernel.weights.tolist() == [[1, 2]]


def test_a_dataarray_with_other_dims_than_said_is_refused():
    given_kernel = xr.DataArray([[1.0, 2.0]], dims=("y", "x"))
    with pytest.raises(
        DimError,
        match=r"^dims: got \['z'\]; expected the kernel's own \['y', 'x'\]\. "
        "Fix: leave dims out",
    ):
        Kernel.parse(given_kernel, ("z",), DIMS)


def test_too_few_axes_without_dims_are_refused_with_a_proposal():
    with pytest.raises(
        DimError,
        match=r"^dims: got none for a kernel of 2 axes over \['t', 'z', 'y', 'x'\]; "
        r"expected one dimension for each axis of the kernel\. "
        r"Fix: say dims=\['y', 'x'\], or pass a DataArray\.$",
    ):
        Kernel.parse([[1, 2]], None, DIMS)


def test_other_dims_than_axes_are_refused():
    with pytest.raises(
        KernelError,
        match=r"^kernel: got 2 axes for dims \['x'\]; expected as many axes as dims\.$",
    ):
        Kernel.parse([[1, 2]], "x", DIMS)


def test_a_repeated_dim_is_refused():
    with pytest.raises(
        DimError, match=r"^kernel dims: got \['x', 'x'\]; expected each dimension once"
    ):
        Kernel.parse([[1, 2]], ("x", "x"), DIMS)


@pytest.mark.parametrize("empty", [[], [[]], np.ones((2, 0)), 3, 2.5])
def test_a_kernel_without_axes_or_taps_is_refused(empty):
    with pytest.raises(
        KernelError, match=r"^kernel: got shape .*; expected at least one axis and one"
    ):
        Kernel.parse(empty, None, ("x",))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, complex(0, np.nan)])
def test_a_kernel_with_nan_or_inf_is_refused(bad):
    with pytest.raises(
        KernelError,
        match=r"^kernel: got NaN or inf among its weights; expected finite weights\.$",
    ):
        Kernel.parse([1, bad], "x", DIMS)


@pytest.mark.parametrize(
    "bad",
    [
        "gaussian",
        None,
        {"a": 1},
        [object()],
        np.array(["2020"], dtype="M8[D]"),
        np.ones(2, dtype="longdouble"),
        np.ones(2, dtype="clongdouble"),
    ],
)
def test_a_kernel_that_is_no_numbers_is_refused(bad):
    with pytest.raises(
        KindError,
        match=r"^kernel: got dtype .*; expected integers from .*, floats or c",
    ):
        Kernel.parse(bad, "x", DIMS)


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(KindError, match=r"^kernel: got rows of unequal length"):
        Kernel.parse([[1, 2], [3]], ("y", "x"), DIMS)


def test_a_weight_beyond_int64_is_refused():
    top = np.array([2**63 - 1], dtype="uint64")
    assert Kernel.parse(top, "x", DIMS).weights.tolist() == [2**63 - 1]
    with pytest.raises(KernelError, match=r"^kernel: got a weight above 2\*\*63 - 1"):
        Kernel.parse(top + np.uint64(1), "x", DIMS)


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        ("bool", "int64"),
        ("uint8", "int64"),
        ("int32", "int64"),
        ("float16", "float64"),
        (">f4", "float64"),
        ("float64", "float64"),
        ("complex64", "complex128"),
    ],
)
def test_weights_are_kept_in_the_widest_dtype_of_their_kind(dtype, wide):
    kernel = Kernel.parse(np.array([0, 1], dtype=dtype), "x", DIMS)
    assert kernel.weights.dtype == wide
    assert kernel.weights.tolist() == [0, 1]


def test_a_kernel_does_not_follow_the_array_that_it_was_made_of():
    given_weights = np.array([1.0, 2.0])
    kernel = Kernel.parse(given_weights, "x", DIMS)
    given_weights[:] = 9
    assert kernel.weights.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0] = 9


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 999))
def test_a_flipped_kernel_is_reversed_along_every_dimension(shape, seed):
    weights = np.random.default_rng(seed).normal(size=shape)
    kernel = Kernel.parse(weights, DIMS[: len(shape)], DIMS)
    flipped = kernel.flipped()
    for index in np.ndindex(*shape):
        mirror = tuple(size - 1 - i for i, size in zip(index, shape, strict=True))
        assert flipped.weights[index] == weights[mirror]
    assert flipped.dims == kernel.dims
    assert np.array_equal(flipped.flipped().weights, weights)


def test_a_flipped_separable_kernel_stays_separable():
    kernel = Kernel(("y", "x"), (np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])))
    flipped = kernel.flipped()
    assert flipped.is_separable
    assert np.array_equal(flipped.weights, kernel.weights[::-1, ::-1])


@given(st.permutations(DIMS), st.integers(1, 4), st.booleans(), st.data())
def test_along_lays_the_weights_into_the_order_of_the_array(order, count, apart, data):
    dims = data.draw(st.permutations(DIMS))[:count]
    sizes = {dim: data.draw(st.integers(1, 3)) for dim in dims}
    if apart:
        factors = [np.arange(1.0, size + 1) for size in sizes.values()]
        kernel = Kernel(tuple(dims), tuple(factors))
    else:
        weights = np.arange(np.prod(list(sizes.values()))).reshape(list(sizes.values()))
        kernel = Kernel.parse(weights, dims, order)
    whole = np.ones([1] * len(order))
    for factor in kernel.along(order):
        assert factor.ndim == len(order)
        whole = whole * factor
    assert whole.shape == tuple(sizes.get(dim, 1) for dim in order)
    for place in np.ndindex(*whole.shape):
        where = dict(zip(order, place, strict=True))
        assert whole[place] == kernel.weights[tuple(where[dim] for dim in dims)]


KERNELS = {
    "plain": Kernel.parse([[1.0, 2.0]], ("y", "x"), DIMS),
    "other weights": Kernel.parse([[1.0, 3.0]], ("y", "x"), DIMS),
    "a weight one bit away": Kernel.parse(
        [[1.0, np.nextafter(2.0, 3.0)]], ("y", "x"), DIMS
    ),
    "other dims": Kernel.parse([[1.0, 2.0]], ("z", "x"), DIMS),
    "other order": Kernel.parse([[1.0], [2.0]], ("x", "y"), DIMS),
    "other shape": Kernel.parse([[1.0], [2.0]], ("y", "x"), DIMS),
    "integers": Kernel.parse([[1, 2]], ("y", "x"), DIMS),
    "complex": Kernel.parse([[1.0 + 0j, 2.0]], ("y", "x"), DIMS),
    "other complex": Kernel.parse([[1.0 + 0j, 2.0 + 1j]], ("y", "x"), DIMS),
    "factors": Kernel(("y", "x"), (np.array([1.0]), np.array([1.0, 2.0]))),
    "large": Kernel.parse(np.ones((9, 9)), ("y", "x"), DIMS),
    "large and other": Kernel.parse(np.eye(9), ("y", "x"), DIMS),
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_description_tells_a_kernel_from_every_other(name):
    for other, kernel in KERNELS.items():
        same = kernel.describe() == KERNELS[name].describe()
        assert same == (other == name), other


def test_a_description_lists_weights_where_they_are_few():
    assert KERNELS["plain"].describe()["weights"] == [[1.0, 2.0]]
    assert KERNELS["factors"].describe()["factors"] == [[1.0], [1.0, 2.0]]
    assert "weights" not in KERNELS["large"].describe()


def test_named_kernels_are_known_by_their_factors():
    assert gaussian({"y": 1, "x": 2}).is_separable
    assert box({"y": 2, "x": 3}).is_separable
    assert not box({"x": 3}).is_separable


def test_a_masked_kernel_is_refused():
    weights = np.ma.masked_array([1.0, 99, 3], [False, True, False])
    with pytest.raises(KindError, match=r"a masked array.*\.filled\(0\)"):
        Kernel.parse(weights, "x", ("x",))
    whole = Kernel.parse(np.ma.masked_array([1.0, 2]), "x", ("x",))
    assert whole.weights.tolist() == [1, 2]


@pytest.mark.parametrize("dims", [{"x": 5}, np.array("x"), 3])
def test_dims_that_are_no_names_are_refused(dims):
    with pytest.raises(KindError, match="expected a name, or a list of names"):
        Kernel.parse([1, 2], dims, ("x",))
