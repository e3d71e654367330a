"""What runs tell of their cells, against NumPy over all of them at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from volconv.run.statistics import Statistics


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(["f4", "f8", "i2", "u1", "c8"]))
    shape = draw(npst.array_shapes(min_dims=1, max_dims=4, max_side=7))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    cells = rng.integers(0, 100, shape).astype(dtype)
    if cells.dtype.kind in "fc":
        share = draw(st.sampled_from([0, 0.1, 1]))
        cells[rng.random(shape) < share] = draw(
            st.sampled_from([np.nan, np.inf, -np.inf])
        )
    return np.moveaxis(cells, 0, -1) if draw(st.booleans()) else cells


@given(arrays(), st.integers(1, 7))
def test_parts_tell_what_all_cells_tell(cells, step):
    found = Statistics()
    for first in range(0, len(cells), step):
        found.add_cells(cells[first : first + step])
    finite = cells[np.isfinite(cells)]
    assert found.nonfinite == cells.size - finite.size
    if finite.size and cells.dtype.kind != "c":
        assert (found.lowest, found.highest) == (finite.min(), finite.max())
    else:
        assert np.isnan([found.lowest, found.highest]).all()
