"""The choice of an engine: from the kernel and the numbers, by cost."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from volconv.compute import choose_engine
from volconv.errors import NumberError
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions, window_step

META = ArrayMeta((Axis("z", 40), Axis("y", 41), Axis("x", 42)), "float32")


def choice(
    engine="auto",
    factors=(9, 9, 9),
    strides=(1, 1, 1),
    compute="float32",
    size=(),
):
    taps = int(np.prod(factors or size or 729))
    along = strides[: len(factors or ())]
    windows = list(zip(size, strides, strict=False))
    return choose_engine(engine, taps, factors, along, compute, windows).engine


def step(weights, dims=("z", "y", "x"), meta=META, **options):
    kernel = Kernel.parse(weights, dims, meta.dims)
    return window_step("correlate", meta, kernel, WindowOptions(**options))


def test_large_kernels_go_in_passes_and_small_ones_at_once():
    assert choice() == "separable"
    assert choice(factors=(3, 3, 3)) == "direct"
    assert choice(factors=(2, 2)) == "direct"
    assert choice(factors=(15, 15)) == "separable"


def test_a_stride_makes_passes_dearer():
    assert choice(factors=(4, 4, 4)) == "separable"
    assert choice(factors=(4, 4, 4), strides=(4, 4, 4)) == "direct"


@pytest.mark.parametrize("engine", ["direct", "reference", "separable"])
def test_the_engine_that_is_asked_for_is_taken(engine):
    assert choice(engine) == engine
    assert choice(engine, factors=(2, 2)) == engine


def test_an_unknown_engine_is_refused_with_the_nearest_known():
    with pytest.raises(
        NumberError,
        match=r"^engine: got 'dirct'; expected one of .*direct.* "
        r"Fix: did you mean 'direct'\?$",
    ):
        choice("dirct")


def test_a_kernel_without_factors_is_not_separable():
    assert choice(factors=None) == "direct"
    with pytest.raises(NumberError, match=r"not a product of factors.*engine='auto'"):
        choice("separable", factors=None)


def test_integer_sums_are_exact_and_not_in_passes():
    assert choice(compute="uint16") == "direct"
    with pytest.raises(NumberError, match="'separable' for uint16 arithmetic"):
        choice("separable", compute="uint16")


def test_a_product_of_factors_is_found_in_the_weights():
    rng = np.random.default_rng(4)
    one, two, three = rng.random(5), rng.random(6), rng.random(7)
    weights = np.einsum("i,j,k->kij", one, two, three)
    found = step(weights, dims=("x", "z", "y"))
    assert found.choice.engine == "separable"
    assert found.arithmetic.sizes == {"z": 5, "y": 6, "x": 7}
    assert found.kernel.sizes == {"z": 5, "y": 6, "x": 7}
    assert not found.kernel.is_separable
    weights[0, 0, 0] *= 1.001
    assert step(weights, dims=("x", "z", "y")).choice.engine == "direct"


@pytest.mark.parametrize("seed", range(5))
def test_passes_and_taps_at_once_agree_to_rounding(seed):
    rng = np.random.default_rng(seed)
    block = rng.standard_normal(META.shape).astype("float32")
    factors = [rng.standard_normal(size) for size in rng.integers(1, 7, 3)]
    weights = np.einsum("i,j,k->ijk", *factors)
    engines = ("direct", "separable") if min(weights.shape) > 1 else ("direct",)
    whole = [step(weights, engine=engine).compute(block) for engine in engines]
    scale = step(abs(weights), engine="direct").compute(abs(block))
    for found in whole:
        assert (abs(found - whole[0]) <= 1e-5 * scale).all()
    assert_array_equal(whole[0].shape, np.subtract(META.shape, weights.shape) + 1)
