"""The last separable pass, along cells, in the way that suits its taps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.loops.boxtiles import BEYOND, MOST_ROWS
from volconv.compute.compiled.separable.cells import CellPass
from volconv.compute.compiled.separable.folds import Fold
from volconv.compute.compiled.separable.tiling import FEW_ROWS
from volconv.compute.compiled.separable.turned import TurnedPass, is_turned, line_cells

if TYPE_CHECKING:
    from volconv.compute.compiled.direct.taps import Taps
    from volconv.compute.compiled.programs.program import Integers
    from volconv.compute.compiled.separable.fused import Fused
    from volconv.compute.compiled.separable.work import Work

__all__ = ["finish_of", "fold_of", "tap_positions"]


def finish_of(work: Work) -> CellPass | TurnedPass | None:
    """The last pass over a tile; None where there is no window along cells."""
    taps = work.fused.cells
    if taps is None:
        return None
    return turned_pass(work, taps) if turns(work) else cell_pass(work, taps)


def turned_pass(work: Work, taps: Taps) -> TurnedPass:
    """The last pass over turned rows."""
    fused, layout = work.fused, work.fused.layout
    few = line_cells(fused.item)
    turned = TurnedPass.of(
        taps,
        work.weights(taps),
        (layout.cells.stride, _tap_step(fused)),
        (work.width, work.counts[2]),
        (work.pitch, layout.rows.target),
        work.fold,
        is_streamed=bool(fused.streamed),
    )
    work.kept.append(turned.offsets)
    return replace(
        turned,
        source=work.take(few * work.pitch),
        lines=work.take(turned.line_bytes(max(work.reach, turned.reach))),
        found=work.take(turned.line_bytes(turned.count)),
    )


def cell_pass(work: Work, taps: Taps) -> CellPass:
    """The last pass along rows as they lie."""
    fused, layout = work.fused, work.fused.layout
    few = MOST_ROWS if fused.rows.is_box else FEW_ROWS
    row = work.width, work.pitch
    if taps.is_box:
        run = CellPass.of_box(
            taps,
            _tap_step(fused),
            work.weights(taps),
            row,
            layout.rows.target,
            streamed=fused.streamed,
        )
    else:
        run = CellPass.of(
            layout.cells.stride,
            work.positions,
            work.weights(taps.singly()),
            row,
            layout.rows.target,
            streamed=fused.streamed,
        )
    work.kept.append(run.offsets)
    source = work.take((few + 4) * work.pitch + BEYOND)
    dealt = work.take((few + 4) * run.pitch + 64) if run.phases else source
    return replace(run, few=few, source=source, dealt=dealt, count=work.counts[2])


def turns(work: Work) -> bool:
    """Whether the last pass is along cells, over turned rows."""
    taps = work.fused.cells
    if taps is None or taps.is_box:
        return False
    return is_turned(len(taps.weights), work.counts[1], work.fused.item)


def fold_of(work: Work) -> Fold:
    """A line of a tile's input, less what repeats other cells if rows are turned."""
    edges, cells = work.fused.edges, work.fused.layout.cells
    indices = np.arange(work.reach, dtype=np.int64)
    if edges is not None:
        indices = edges.indices(cells.number, work.starts[2] + indices)
    return Fold.of(indices) if turns(work) else Fold(indices, 0, ())


def tap_positions(fused: Fused) -> Integers:
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
