"""Steps kept from call to call: only where all that was said is the same."""

import itertools
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import xarray as xr

import volconv
from tests.strategies import meta_of
from volconv.api import step_cache as module
from volconv.api.step_cache import resolved
from volconv.errors import KernelError, KindError
from volconv.steps import WindowOptions
from volconv.steps.correlate import correlate_step

META = meta_of((5, 6), "float32")
CELLS = np.arange(30, dtype="float32").reshape(5, 6)
DATA = xr.DataArray(CELLS, dims=META.dims)


def asked(kernel, meta=META, dims=None, **said):
    options = WindowOptions(**said)
    return resolved(
        partial(correlate_step, kernel=kernel, dims=dims, options=options), meta
    )


def test_the_same_said_again_is_the_same_step():
    first = asked(np.ones((3, 3)), padding={META.dims[0]: (1, 0)}, fill_value=2.5)
    again = asked(np.ones((3, 3)), padding={META.dims[0]: (1, 0)}, fill_value=2.5)
    assert first is again
    named = xr.DataArray(np.ones((3, 3)), dims=META.dims)
    assert asked(named) is asked(named.copy())


@pytest.mark.parametrize(
    "other",
    [
        {"meta": meta_of((5, 6), "float64")},
        {"meta": meta_of((6, 5), "float32")},
        {"kernel": np.ones((3, 3), int)},
        {"kernel": np.ones((3, 3), "float32")},
        {"kernel": np.ones((3, 3)).tolist()},
        {"kernel": 2 * np.ones((3, 3))},
        {"dims": META.dims[::-1]},
        {"stride": 2},
        {"stride": {META.dims[0]: 1}},
        {"stride": np.int64(1)},
        {"padding": (0, 0)},
        {"boundary": "edge"},
        {"fill_value": 0.0},
        {"fill_value": -0.0},
        {"dtype": "float64"},
        {"dtype": np.dtype("float64")},
        {"engine": "direct"},
    ],
    ids=str,
)
def test_anything_else_said_is_another_step(other):
    given = {"kernel": np.ones((3, 3))}
    assert asked(**given) is not asked(**(given | other))
    assert asked(**given) is asked(**given)


def test_zeros_of_both_signs_are_told_apart():
    options = {"padding": 1, "engine": "direct"}
    kernel = np.ones((1, 1))
    for fill in (0.0, -0.0, 0.0):
        found = volconv.correlate(DATA, kernel, fill_value=fill, **options)
        step = asked(kernel, fill_value=fill, **options)
        assert np.signbit(step.boundaries.fill_value) == np.signbit(fill)
        assert found.shape == (7, 8)


def test_true_is_refused_where_one_was_said_before():
    volconv.correlate(DATA, np.ones((3, 3)), stride=1)
    with pytest.raises(KindError, match="stride along"):
        volconv.correlate(DATA, np.ones((3, 3)), stride=True)


def test_a_kernel_that_is_written_to_is_another_one():
    kernel = np.ones((1, 1))
    assert volconv.correlate(DATA, kernel).values.tobytes() == CELLS.tobytes()
    kernel[...] = 2
    doubled = volconv.correlate(DATA, kernel)
    assert doubled.values.tobytes() == (2 * CELLS).tobytes()
    assert "[[2.0]]" in doubled.attrs["volconv"]
    kernel[...] = 1
    assert volconv.correlate(DATA, kernel).values.tobytes() == CELLS.tobytes()


def test_errors_are_raised_each_time():
    for _ in range(2):
        with pytest.raises(KernelError, match="NaN or inf"):
            volconv.correlate(DATA, np.full((1, 1), np.nan))


@dataclass(frozen=True, eq=False)
class Opaque:
    """Something that tells nothing of what it holds."""


@pytest.mark.parametrize(
    "said",
    [
        Opaque(),
        lambda: None,
        np.ma.ones((3, 3)),
        np.ones(3, object),
        np.ones(module.MOST_BYTES),
        {"x": {1, 2}},
        pytest.param(xr.DataArray(np.ones(3)).chunk(1), id="lazy"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_compared_is_resolved_anew(said):
    numbers = itertools.count(1)

    def build(meta, said):
        return meta, said, next(numbers)

    first, again = (resolved(partial(build, said=said), META) for _ in range(2))
    assert first is not again


def test_weights_of_cells_that_are_written_to_are_others():
    weights = xr.DataArray(np.ones((5, 6)), dims=META.dims)
    even = volconv.correlate(DATA, np.ones((3, 3)), weights=weights)
    weights[0, 0] = 0
    uneven = volconv.correlate(DATA, np.ones((3, 3)), weights=weights)
    assert even.values[0, 0] != uneven.values[0, 0]
    assert (even.values[1:] == uneven.values[1:]).all()


def test_few_are_kept():
    for scale in range(module.KEPT + 3):
        asked(np.full((1, 1), float(scale)))
    assert module._kept.cache_info().currsize == module.KEPT
