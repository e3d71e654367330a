import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from volconv.errors import GeometryError, KernelError, KindError
from volconv.kernels import box, gaussian

SIGMAS = st.floats(0.01, 6)


def scipy_weights(sigma, truncate):
    """What a single one becomes, far from every edge."""
    delta = np.zeros(151)
    delta[75] = 1
    return ndimage.gaussian_filter1d(delta, sigma, truncate=truncate)


@given(SIGMAS, st.floats(0.1, 6))
def test_gaussian_weights_are_those_of_scipy(sigma, truncate):
    (weights,) = gaussian({"x": sigma}, truncate).factors
    reach = weights.size // 2
    line = scipy_weights(sigma, truncate)
    np.testing.assert_allclose(
        weights, line[75 - reach : 76 + reach], rtol=4e-16, atol=5e-324
    )
    assert not line[: 75 - reach].any()


@given(SIGMAS)
def test_a_gaussian_is_even_and_sums_to_one(sigma):
    (weights,) = gaussian({"x": sigma}).factors
    assert np.array_equal(weights, weights[::-1])
    assert weights.sum() == pytest.approx(1, abs=1e-15)


def test_a_gaussian_over_axes_is_the_product_over_each():
    kernel = gaussian({"y": 0.7, "x": 1.3}, truncate=3)
    rows, columns = scipy_weights(0.7, 3), scipy_weights(1.3, 3)
    product = np.outer(rows, columns)[75 - 2 : 76 + 2, 75 - 4 : 76 + 4]
    assert kernel.sizes == {"y": 5, "x": 9}
    np.testing.assert_allclose(kernel.weights, product, rtol=1e-15)


@pytest.mark.parametrize(("sigma", "truncate"), [(0, 4.0), (0.1, 4.0), (3, 0)])
def test_a_gaussian_that_reaches_no_neighbour_keeps_the_cell(sigma, truncate):
    assert gaussian({"x": sigma}, truncate).weights.tolist() == [1]


@pytest.mark.parametrize(
    ("sigma", "truncate", "where"),
    [
        (-1, 4.0, "sigma along 'x'"),
        (np.nan, 4.0, "sigma along 'x'"),
        (np.inf, 4.0, "sigma along 'x'"),
        (1, -1, "truncate"),
        (1, np.nan, "truncate"),
    ],
)
def test_a_negative_or_infinite_sigma_is_refused(sigma, truncate, where):
    with pytest.raises(
        KernelError, match=rf"^{where}: got .*; expected a number of at least 0\.$"
    ):
        gaussian({"x": sigma}, truncate)


@pytest.mark.parametrize("sigma", ["1", None, True, [1]])
def test_a_sigma_that_is_no_number_is_refused(sigma):
    with pytest.raises(KindError, match=r"^sigma along 'x': got .*; expected a number"):
        gaussian({"x": sigma})
    with pytest.raises(KindError, match=r"^truncate: got .*; expected a number\.$"):
        gaussian({"x": 1}, sigma)


def test_a_kernel_over_no_dimension_is_refused():
    with pytest.raises(KernelError, match=r"^sigma: got no dimension"):
        gaussian({})
    with pytest.raises(KernelError, match=r"^size: got no dimension"):
        box({})


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3))
def test_a_box_gives_every_cell_the_same_weight(shape):
    kernel = box(dict(zip("zyx", shape, strict=False)))
    assert kernel.weights.shape == tuple(shape)
    np.testing.assert_allclose(kernel.weights, 1 / np.prod(shape), rtol=1e-15)


@pytest.mark.parametrize(
    ("size", "error"), [(0, GeometryError), (-3, GeometryError), (1.5, KindError)]
)
def test_a_box_of_no_whole_number_of_cells_is_refused(size, error):
    with pytest.raises(
        error, match=r"^size along 'x': got .*; expected a whole number"
    ):
        box({"x": size})
