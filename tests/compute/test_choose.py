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


@pytest.mark.parametrize("dims", ["z", "y", "x", "yx"])
def test_long_boxes_along_one_dimension_are_summed_by_doubling(dims):
    shape = (31,) + (1,) * (len(dims) - 1)
    found = step(np.full(shape, 0.25), dims=tuple(dims))
    assert found.engine_note() == (
        "separable: 31 taps of one weight along one dimension; "
        "about 0.57 times the work by doubling"
    )
    assert step(np.full(shape, 0.25), tuple(dims), stride=2).choice.engine == "direct"
    assert step(np.ones(7), dims=dims[:1]).choice.engine == "direct"
    assert step(np.arange(31.0), dims=dims[:1]).choice.engine == "direct"
    assert step(np.zeros(31), dims=dims[:1]).choice.engine == "direct"


def test_boxes_by_doubling_are_those_of_the_direct_engine_to_rounding():
    block = np.random.default_rng(0).random(META.shape).astype("float32")
    for dim in "zyx":
        found, expected = (
            step(np.full(24, 1 / 24), dims=dim, engine=engine).compute(block)
            for engine in ("auto", "direct")
        )
        assert abs(found - expected).max() < 26 * np.finfo("float32").eps


def test_a_box_of_a_row_alone_has_no_other_axis_and_is_direct():
    meta = ArrayMeta((Axis("x", 200),), "float32")
    assert step(np.ones(31), dims="x", meta=meta).choice.engine == "direct"


CUBES = {size: (size,) * 3 for size in (3, 5, 7, 9, 15, 31)}


def test_dense_cubes_go_by_transforms_from_nine_taps_on():
    found = {side: choice(factors=None, size=size) for side, size in CUBES.items()}
    assert [side for side, engine in found.items() if engine == "fft"] == [9, 15, 31]
    assert {found[side] for side in (3, 5, 7)} == {"direct"}


def test_passes_are_cheaper_than_transforms():
    assert choice(factors=(15,) * 3, size=(15,) * 3) == "separable"


def test_a_stride_spares_the_direct_engine_what_transforms_must_make():
    assert choice(factors=None, size=(15,) * 3, strides=(3,) * 3) == "direct"
    assert choice(factors=None, size=(31,) * 3, strides=(2,) * 3) == "fft"


def test_zero_taps_count_for_nothing():
    weights = np.zeros((15, 15, 15))
    weights[::7, ::7, ::7] = np.random.default_rng(0).random((3, 3, 3))
    assert step(weights).choice.engine == "direct"


def test_long_lines_and_large_planes_go_by_transforms():
    assert choice(factors=[100], size=(100,)) == "direct"
    assert choice(factors=[1000], size=(1000,)) == "fft"
    assert choice(factors=None, size=(9, 9)) == "direct"
    assert choice(factors=None, size=(40, 40)) == "fft"


def test_a_dilation_that_divides_the_stride_counts_for_nothing():
    rng = np.random.default_rng(0)
    meta = ArrayMeta(tuple(Axis(dim, 400) for dim in "zyx"), "float32")
    found = step(rng.random((9, 9, 9)), meta=meta, dilation=2, stride=2)
    assert found.windows() == [(9, 1)] * 3
    assert found.choice.engine == "fft"


def test_the_note_says_what_transforms_cost():
    rng = np.random.default_rng(0)
    note = step(rng.random((9, 9, 9))).engine_note()
    assert note == (
        "fft: 729 taps that are no product of factors; about 0.36 times by transforms"
    )
    note = step(rng.random((2, 2)), dims=("y", "x"), engine="fft").engine_note()
    assert note.startswith("fft: 4 taps that are no product of factors; about ")


@pytest.mark.parametrize("engine", ["direct", "reference", "separable", "fft"])
def test_the_engine_that_is_asked_for_is_taken(engine):
    assert choice(engine, size=(9,) * 3) == engine
    assert choice(engine, factors=(2, 2), size=(2, 2)) == engine


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


@pytest.mark.parametrize("engine", ["separable", "fft"])
def test_integer_sums_are_exact_and_not_in_passes_nor_by_transforms(engine):
    assert choice(compute="uint16", size=(31,) * 3) == "direct"
    with pytest.raises(
        NumberError,
        match=f"^engine: got '{engine}' for uint16 arithmetic; "
        "expected float or complex arithmetic. Fix: use engine='auto', or a float",
    ):
        choice(engine, compute="uint16")


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
