"""Tables that run two or three separable passes over one slab at a time.

For windows along z, y and x (planes, rows and cells)::

    block --z pass--> slab of a few planes --y pass--> a few rows --x pass--> output

The z pass reads the block line by line and writes a slab; then each plane of the
slab is taken through the other two, a few rows at a time. Without a window along
planes the y pass reads the block; without one along cells it writes the output.
Input that cannot be read in place is packed just before the first pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from volconv.compute.compiled.direct.layout import Layout, arrange, fits_edges
from volconv.compute.compiled.direct.sums import shifts_of, streams
from volconv.compute.compiled.direct.taps import Taps, taps_of
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.program import Program
from volconv.compute.compiled.separable.tiling import tiles
from volconv.compute.compiled.separable.work import Work

if TYPE_CHECKING:
    from volconv.compute.compiled.programs.correlator import Geometry, ProgramCorrelator
    from volconv.compute.compiled.programs.edges import Edges


@dataclass(frozen=True)
class Fused:
    """How the passes are laid out for one geometry.

    Attributes
    ----------
    correlator : ProgramCorrelator
    layout : Layout
    planes, rows, cells : Taps or None
        The pass along each part.
    streamed : int
        See `Sums`.
    edges : Edges or None
    """

    correlator: ProgramCorrelator
    layout: Layout
    planes: Taps | None
    rows: Taps
    cells: Taps | None
    streamed: int
    edges: Edges | None = None

    @classmethod
    def of(
        cls, correlator: ProgramCorrelator, geometry: Geometry, passes: dict[int, Taps]
    ) -> Fused | None:
        """The passes as they fall on the parts of a layout; None for unknown edges."""
        windows = (correlator.size, correlator.stride, correlator.dilation)
        last = len(correlator.size) - 1
        axes = sorted(passes)
        # Of the axes before the last, the one that rows can be made of is the last but
        # for those that are merged with it; for a window along cells alone, any other.
        along_rows = [None, *(axis for axis in axes if axis != last)]
        layout = arrange(geometry, *windows, along_rows[-1])
        if along_rows[-1] in layout.merged:
            layout = arrange(geometry, *windows, along_rows[-2])
        if not fits_edges(layout, geometry, correlator.source_dtype.itemsize):
            return None
        inside = [axis for axis in axes if axis in layout.merged]
        streamed = streams(geometry, layout, correlator.compute_dtype.itemsize)
        return cls(
            correlator,
            layout,
            passes.get(layout.planes.number),
            passes.get(layout.rows.number) or _nothing(len(correlator.size)),
            passes[inside[0]] if inside else None,
            streamed,
            geometry.edges,
        )

    @property
    def item(self) -> int:
        """Bytes of a cell between passes."""
        return self.correlator.compute_dtype.itemsize

    def program(self) -> Program:
        """All the work on blocks of one geometry."""
        tables, kept, most = [], [], 0
        for tile in tiles(self.layout, self.planes is not None, self.item):
            work = Work(self, *tile)
            tables.append(program.joined(list(work.tables())))
            kept += work.kept
            most = max(most, work.scratch)
        return Program.of(tables, shifts_of(self.layout.others), most, kept)


def _nothing(ndim: int) -> Taps:
    """A pass that leaves cells as they are, for rows without a window."""
    return taps_of(np.ones([1] * ndim), 0)
