"""The last separable pass, along cells, in the way that suits its taps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.boxtiles import BEYOND, MOST_ROWS
from volconv.compute.compiled.cells import CellPass
from volconv.compute.compiled.tiling import FEW_ROWS
from volconv.compute.compiled.turned import TurnedPass, is_turned, line_cells

if TYPE_CHECKING:
    from volconv.compute.compiled.fused import Fused
    from volconv.compute.compiled.program import Integers
    from volconv.compute.compiled.work import Work

__all__ = ["finish_of", "tap_places"]


def finish_of(work: Work) -> CellPass | TurnedPass | None:
    """The last pass over a tile; None where there is no window along cells."""
    fused = work.fused
    if fused.cells is None:
        return None
    cells, rows = fused.layout.cells, fused.layout.rows
    turns = is_turned(len(fused.cells.weights), work.counts[1], fused.item)
    if turns and not fused.cells.is_box:
        few = line_cells(fused.item)
        turned = TurnedPass.of(
            fused.cells,
            work.weights(fused.cells),
            (cells.stride, _tap_step(fused)),
            (work.width, work.counts[2]),
            (work.pitch, rows.target),
            is_streamed=bool(fused.streamed),
        )
        work.kept.append(turned.offsets)
        return replace(
            turned,
            source=work.take(few * work.pitch),
            lines=work.take(turned.line_bytes(turned.width)),
            found=work.take(turned.line_bytes(turned.count)),
        )
    few = MOST_ROWS if fused.rows.is_box else FEW_ROWS
    row = work.width, work.pitch
    if fused.cells.is_box:
        run = CellPass.of_box(
            fused.cells,
            _tap_step(fused),
            work.weights(fused.cells),
            row,
            rows.target,
            streamed=fused.streamed,
        )
    else:
        run = CellPass.of(
            cells.stride,
            work.places,
            work.weights(fused.cells.singly()),
            row,
            rows.target,
            streamed=fused.streamed,
        )
    work.kept.append(run.offsets)
    source = work.take((few + 4) * work.pitch + BEYOND)
    dealt = work.take((few + 4) * run.pitch + 64) if run.phases else source
    return replace(run, few=few, source=source, dealt=dealt, count=work.counts[2])


def tap_places(fused: Fused) -> Integers:
    """Cell of each tap of the pass along cells, relative to the first."""
    taps = fused.cells
    if taps is None:
        return np.zeros(0, dtype=np.int64)
    return taps.singly().first[:, taps.axis or 0] * _tap_step(fused)


def _tap_step(fused: Fused) -> int:
    """Cells from one tap of the pass along cells to the next."""
    taps, layout = fused.cells, fused.layout
    assert taps is not None
    assert taps.axis is not None
    if taps.axis == layout.cells.number:
        return layout.cells.dilation
    return layout.taps[taps.axis] // layout.cells.unit
