"""What it takes to store a result, against what storing allocates."""

import numpy as np
import pytest

from tests.memory import most_bytes
from tests.plan.writes import writes_of
from volconv.compute import cast
from volconv.plan.memory import storing


@pytest.mark.parametrize("source", ["float32", "float64", "int32"])
@pytest.mark.parametrize("stored", ["uint8", "int16", "float32"])
def test_a_result_that_is_cast_is_told_with_what_the_cast_takes(source, stored):
    shape = (64, 64, 64)
    values = (300 * np.random.default_rng(1).random(shape)).astype(source)
    (write,) = writes_of(shape, (8, 8, 8), 1, stored)
    told = sum(part.nbytes for part in storing(write, values.size, source))
    assert most_bytes(lambda: cast(values, stored)) <= told
