"""What lies beyond the edge: which input cell a padded cell holds.

The names and meanings are those of `numpy.pad`, on ``1 2 3 4`` padded by 2::

    constant    · · | 1 2 3 4 | · ·      the fill value
    edge        1 1 | 1 2 3 4 | 4 4
    reflect     3 2 | 1 2 3 4 | 3 2      the edge cell once
    symmetric   2 1 | 1 2 3 4 | 4 3      the edge cell twice
    wrap        3 4 | 1 2 3 4 | 1 2

Padding longer than the axis goes on bouncing, or around, as `numpy.pad` does. Index 0 is
the first cell of the unpadded input.
"""

from __future__ import annotations

from dataclasses import dataclass

from volconv.geometry import Interval

__all__ = ["KINDS", "OTHER_NAMES", "TURNING", "Run", "runs", "source_index"]

KINDS = ("constant", "edge", "reflect", "symmetric", "wrap")
"""Names of the boundaries."""

TURNING = ("reflect", "symmetric", "wrap")
"""Those that go over all cells of the axis again and again."""

OTHER_NAMES = {
    "mirror": "reflect",
    "grid-mirror": "symmetric",
    "nearest": "edge",
    "replicate": "edge",
    "border": "edge",
    "periodic": "wrap",
    "circular": "wrap",
    "grid-wrap": "wrap",
    "grid-constant": "constant",
    "zeros": "constant",
    "zero": "constant",
    "fill": "constant",
    "extend": "edge",
}
"""What other libraries call them (scipy, torch, dask, astropy), to name ours in errors."""


@dataclass(frozen=True)
class Run:
    """Padded cells that hold input cells in a row.

    Parameters
    ----------
    dest : Interval
        The padded cells, in the input's index space.
    source : Interval or None
        The input cells that they hold; None for the fill value.
    step : int
        1 where both go the same way, -1 where the source is read backwards, 0 where all
        hold the one cell of the source.
    """

    dest: Interval
    source: Interval | None
    step: int = 1


def source_index(cell: int, cells: int, kind: str) -> int | None:
    """The input cell that a padded cell holds; None for the fill value.

    Parameters
    ----------
    cell : int
        Any position, inside the axis or beyond its ends.
    cells : int
        Cells n of the axis, at least 1.
    kind : str
        One of `KINDS`.

    Notes
    -----
    With period ``2 n`` (symmetric), ``2 (n - 1)`` (reflect) or ``n`` (wrap).

    Examples
    --------
    >>> [source_index(i, 4, "reflect") for i in range(-2, 7)]
    [2, 1, 0, 1, 2, 3, 2, 1, 0]
    """
    if 0 <= cell < cells:
        return cell
    if kind == "constant":
        return None
    if kind == "edge" or (kind == "reflect" and cells == 1):
        return 0 if cell < 0 else cells - 1
    if kind == "wrap":
        return cell % cells
    if kind == "reflect":
        phase = cell % (2 * cells - 2)
        return min(phase, 2 * cells - 2 - phase)
    phase = cell % (2 * cells)
    return min(phase, 2 * cells - 1 - phase)


def runs(wanted: Interval, cells: int, kind: str) -> tuple[Run, ...]:
    """Padded cells in order, as few runs as there are.

    Parameters
    ----------
    wanted : Interval
        Cells to fill, inside the axis and beyond its ends.
    cells : int
        Cells of the axis.
    kind : str
        One of `KINDS`.

    Examples
    --------
    >>> for run in runs(Interval(-2, 3), 9, "symmetric"):
    ...     print(run.dest, run.source, run.step)
    Interval(start=-2, stop=0) Interval(start=0, stop=2) -1
    Interval(start=0, stop=3) Interval(start=0, stop=3) 1
    """
    found = []
    cell = wanted.start
    while cell < wanted.stop:
        stop, step = run_end(cell, cells, kind)
        dest = Interval(cell, min(stop, wanted.stop))
        found.append(Run(dest, run_source(dest, cells, kind, step), step))
        cell = dest.stop
    return tuple(found)


def run_end(cell: int, cells: int, kind: str) -> tuple[int, int]:
    """Where the run of a padded cell ends, and its step."""
    far = 2**62
    if 0 <= cell < cells:
        return cells, 1
    if kind in ("constant", "edge") or (kind == "reflect" and cells == 1):
        return (0 if cell < 0 else far), (1 if kind == "constant" else 0)
    if kind == "wrap":
        return cell - cell % cells + cells, 1
    period = 2 * cells if kind == "symmetric" else 2 * cells - 2
    phase = cell % period
    if phase < cells:
        return cell - phase + cells, 1
    return cell - phase + period, -1


def run_source(dest: Interval, cells: int, kind: str, step: int) -> Interval | None:
    """The input cells of a run, in rising order."""
    first = source_index(dest.start, cells, kind)
    if first is None:
        return None
    if step == 0:
        return Interval(first, first + 1)
    if step < 0:
        return Interval(first - dest.size + 1, first + 1)
    return Interval(first, first + dest.size)
