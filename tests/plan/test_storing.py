"""What it takes to store a result, against what storing allocates."""

from collections import deque

import numpy as np
import pytest

from tests.memory import most_bytes
from tests.plan.grids import whole
from tests.plan.writes import writes_of
from volconv.plan.memory import storing
from volconv.run.writer import units_of


@pytest.mark.parametrize("source", ["float32", "float64", "int32"])
@pytest.mark.parametrize("stored", ["uint8", "int16", "float32"])
def test_a_result_that_is_cast_is_told_with_what_the_cast_takes(source, stored):
    shape = (64, 64, 128)
    values = (300 * np.random.default_rng(1).random(shape)).astype(source)
    (write,) = writes_of(shape, (32, 32, 32), 1, stored)
    told = sum(part.nbytes for part in storing(write, values.size, source))
    units = units_of(write, whole(values), values)
    assert most_bytes(lambda: deque(units, maxlen=0)) <= told
    assert told < values.nbytes / 2  # unit by unit
