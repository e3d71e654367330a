"""What is worked out once for each step, and let go with it."""

import gc
import itertools
import weakref

import numpy as np

from tests.strategies import meta_of
from volconv.coordinates.provenance import cell_method_entry, step_text
from volconv.coordinates.spatial_attrs import moves_cells
from volconv.steps import WindowOptions
from volconv.steps.correlate import correlate_step
from volconv.steps.memoised import memoised
from volconv.steps.slabs import whole_reading


def a_step():
    return correlate_step(
        meta_of((5, 6), "float32"), np.ones((3, 3)), None, WindowOptions(padding=1)
    )


def counted():
    numbers = itertools.count(1)
    return memoised(lambda _: next(numbers))


def test_each_step_is_asked_once():
    of = counted()
    first, second = a_step(), a_step()
    assert [of(first), of(second), of(first), of(second)] == [1, 2, 1, 2]


def test_a_step_without_a_hash_is_asked_each_time():
    of = counted()
    assert [of([]), of([])] == [1, 2]


def test_steps_are_let_go():
    step = a_step()
    for of in (moves_cells, step_text, cell_method_entry, whole_reading):
        assert of(step) is of(step)
    known = weakref.ref(step)
    del step
    gc.collect()
    assert known() is None
