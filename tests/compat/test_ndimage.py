"""Every filter of `volconv.compat.ndimage` against SciPy's, over all of its arguments."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compat.peer import check
from tests.compat.strategies import (
    COMPLEX,
    FLOATS,
    INTEGERS,
    arrays,
    chunked,
    cvals,
    modes,
    one_or_each,
    origins,
    sigmas,
    some_axes,
    weights,
)

COMPILED = settings(max_examples=15)
"""Each example of floats compiles kernels of its own."""


def outputs(dtype):
    """None, or a dtype that SciPy's result can have."""
    if dtype.kind == "c":
        return st.sampled_from([None, "complex64", np.complex128])
    return st.sampled_from([None, "float32", float])


def correlations(data, dtypes):
    """Draw and compare `correlate`, `convolve` and their forms of one axis."""
    array = data.draw(arrays(dtypes))
    kind = "c" if dtypes == COMPLEX and data.draw(st.booleans()) else "f"
    if data.draw(st.booleans()):
        name = data.draw(st.sampled_from(["correlate1d", "convolve1d"]))
        taps = data.draw(weights(1, kind))
        where = {"axis": data.draw(st.integers(-array.ndim, array.ndim - 1))}
        origin = data.draw(origins(taps.shape))
    else:
        name = data.draw(st.sampled_from(["correlate", "convolve"]))
        axes, count = data.draw(some_axes(array.ndim))
        taps = data.draw(weights(count, kind))
        where = {"axes": axes}
        origin = data.draw(one_or_each(origins(taps.shape), count))
    check(
        name,
        array,
        taps,
        output=None if dtypes == INTEGERS else data.draw(outputs(array.dtype)),
        mode=data.draw(modes),
        cval=data.draw(cvals),
        origin=origin,
        gain=abs(taps).sum(),
        chunks=data.draw(chunked(array)),
        **where,
    )


@given(st.data())
def test_correlations_of_integers_are_scipy_s(data):
    correlations(data, INTEGERS)


@COMPILED
@given(st.data())
def test_correlations_of_floats_are_scipy_s(data):
    correlations(data, FLOATS)


@COMPILED
@given(st.data())
def test_correlations_of_complex_numbers_are_scipy_s(data):
    correlations(data, COMPLEX)


def gaussians(data, dtypes):
    """Draw and compare `gaussian_filter` and `gaussian_filter1d`."""
    array = data.draw(arrays(dtypes))
    output = None if dtypes == INTEGERS else data.draw(outputs(array.dtype))
    common = {
        "cval": data.draw(cvals),
        "truncate": data.draw(st.sampled_from([4.0, 2.0])),
        "gain": 16.0,
        "chunks": data.draw(chunked(array)),
    }
    orders = st.integers(0, 2)
    radii = st.sampled_from([None, 0, 1, 3])
    if data.draw(st.booleans()):
        axis = data.draw(st.integers(-array.ndim, array.ndim - 1))
        sigma = data.draw(sigmas.filter(bool))
        more = {"radius": data.draw(radii), "mode": data.draw(modes)}
        order = data.draw(orders)
        check("gaussian_filter1d", array, sigma, axis, order, output, **common, **more)
        return
    axes, count = data.draw(some_axes(array.ndim))
    more = {
        "radius": data.draw(one_or_each(radii, count)),
        "mode": data.draw(one_or_each(modes, count)),
        "axes": axes,
    }
    sigma = data.draw(one_or_each(sigmas, count))
    order = data.draw(one_or_each(orders, count))
    check("gaussian_filter", array, sigma, order, output, **common, **more)


@given(st.data())
def test_gaussians_of_integers_are_scipy_s(data):
    gaussians(data, INTEGERS)


@COMPILED
@given(st.data())
def test_gaussians_of_floats_are_scipy_s(data):
    gaussians(data, (*FLOATS, *COMPLEX))


def uniforms(data, dtypes):
    """Draw and compare `uniform_filter` and `uniform_filter1d`."""
    array = data.draw(arrays(dtypes))
    common = {
        "output": None if dtypes == INTEGERS else data.draw(outputs(array.dtype)),
        "cval": data.draw(cvals),
        "chunks": data.draw(chunked(array)),
    }
    sizes = st.integers(1, 12)
    if data.draw(st.booleans()):
        size = data.draw(sizes)
        axis = data.draw(st.integers(-array.ndim, array.ndim - 1))
        common |= {"mode": data.draw(modes), "origin": data.draw(origins([size]))}
        check("uniform_filter1d", array, size, axis, **common)
        return
    axes, count = data.draw(some_axes(array.ndim))
    size = data.draw(one_or_each(sizes, count))
    common |= {
        "mode": data.draw(one_or_each(modes, count)),
        "origin": data.draw(
            st.tuples(*[origins([one]) for one in np.broadcast_to(size, count)])
        ),
        "axes": axes,
    }
    check("uniform_filter", array, size, **common)


@given(st.data())
def test_means_of_integers_are_scipy_s(data):
    uniforms(data, INTEGERS)


@COMPILED
@given(st.data())
def test_means_of_floats_are_scipy_s(data):
    uniforms(data, (*FLOATS, *COMPLEX))


def derivatives(data, dtypes):
    """Draw and compare the filters of differences."""
    array = data.draw(arrays(dtypes))
    names = ["sobel", "prewitt", "laplace", "gaussian_laplace"]
    if array.dtype.kind != "c":  # whose roots jump where rounding changes a sign
        names.append("gaussian_gradient_magnitude")
    name = data.draw(st.sampled_from(names))
    options = {
        "output": None if dtypes == INTEGERS else data.draw(outputs(array.dtype)),
        "cval": data.draw(cvals),
        "gain": 64.0,
        "chunks": data.draw(chunked(array)),
    }
    count = array.ndim
    args = []
    if name in {"sobel", "prewitt"}:
        args = [data.draw(st.integers(-count, count - 1))]
    else:
        axes, count = data.draw(some_axes(array.ndim))
        options["axes"] = axes
    if name.startswith("gaussian"):
        every = array.ndim if name == "gaussian_gradient_magnitude" else count
        args = [data.draw(one_or_each(sigmas, every))]
        bound = {"truncate": 2.0} if data.draw(st.booleans()) else {"radius": 2}
        options |= bound
    options["mode"] = data.draw(one_or_each(modes, count))
    check(name, array, *args, **options)


@given(st.data())
def test_derivatives_of_integers_are_scipy_s(data):
    derivatives(data, INTEGERS)


@COMPILED
@given(st.data())
def test_derivatives_of_floats_are_scipy_s(data):
    derivatives(data, (*FLOATS, *COMPLEX))


@given(st.data())
def test_ranks_are_scipy_s(data):
    array = data.draw(arrays((*INTEGERS, *FLOATS)))
    name = data.draw(
        st.sampled_from(
            [
                *("maximum_filter", "minimum_filter", "median_filter"),
                *("rank_filter", "percentile_filter"),
            ]
        )
    )
    axes, count = data.draw(some_axes(array.ndim))
    if data.draw(st.booleans()):
        size = data.draw(one_or_each(st.integers(1, 4), count))
        window, sizes = {"size": size}, np.broadcast_to(size, count)
        taps = int(np.prod(sizes))
        is_box = name in {"maximum_filter", "minimum_filter"}
        own = [origins([size] if is_box else sizes) for size in sizes]
    else:
        sizes = data.draw(st.tuples(*[st.integers(1, 4)] * count))
        seed = data.draw(st.integers(0, 2**32 - 1))
        mask = np.random.default_rng(seed).random(sizes) < 0.6
        mask.flat[0] = True
        if array.ndim == 1:  # SciPy's ranks along a row are others: see the corners
            mask[:] = True
        window, taps = {"footprint": mask}, int(mask.sum())
        own = [origins(sizes)] * count
    args = {
        "rank_filter": [data.draw(st.integers(-taps, taps - 1))],
        "percentile_filter": [data.draw(st.integers(-100, 100))],
    }.get(name, [])
    check(
        name,
        array,
        *args,
        **window,
        output=None if array.ndim == 1 else data.draw(outputs(array.dtype)),
        mode=data.draw(modes),
        cval=abs(data.draw(cvals)) if array.ndim == 1 else data.draw(cvals),
        origin=data.draw(origins(sizes) | st.tuples(*own)),
        axes=axes,
        chunks=data.draw(chunked(array)),
    )
