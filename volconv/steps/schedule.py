"""How boxes of a pipeline are computed, worked out once for all that lie alike.

Along an axis two blocks are of one *kind* where each step needs as many cells for both,
and each step reads the same of what is held for it: one lies as the other does, further
on. Where a block reads beyond an edge, or the far side, it is of a kind of its own. Blocks
whose kinds are the same along each axis follow the same schedule::

    edge | kind 0 | kind 1 | kind 1 | kind 1 | kind 2 | edge
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Read
from volconv.geometry import Interval, relative
from volconv.steps.evaluate import Boxes, Evaluation, evaluation_of, number_of
from volconv.steps.layout import Layout, Memory, Span
from volconv.steps.node import Box, Node

if TYPE_CHECKING:
    from volconv.steps.pipeline import Pipeline, Result

__all__ = ["Kind", "Schedule", "Side", "alike_along", "schedule_of"]

BYTE = np.dtype("u1")


@dataclass(frozen=True, eq=False)
class Kind:
    """Blocks along one axis that are computed alike, told by one of them.

    Parameters
    ----------
    wanted : tuple
        Cells that are wanted of some steps.
    needs : tuple of tuple of Interval
        Cells that each step must hold: see `Pipeline.demands`.
    """

    wanted: tuple[tuple[int, Interval], ...]
    needs: tuple[tuple[Interval, ...], ...]


class Side(NamedTuple):
    """What a block needs along one axis.

    Attributes
    ----------
    needs : tuple of tuple of Interval
        Cells that each step must hold.
    kind : Kind
        The blocks that are computed as it is.
    """

    needs: tuple[tuple[Interval, ...], ...]
    kind: Kind


def alike_along(
    nodes: Sequence[Node],
    axis: int,
    wanted: tuple[tuple[int, Interval], ...],
    needs: tuple[tuple[Interval, ...], ...],
) -> Hashable:
    """What blocks along an axis have in common that are computed alike."""
    if any(len(cells) > 1 for cells in needs):
        return axis, wanted  # a far side is needed too
    found: list[object] = [axis, *(sum(side.size for side in cells) for cells in needs)]
    for step, side in wanted:
        found += step, side.size, *(side.start - outer.start for outer in needs[step])
    for outputs, node in zip(needs[1:], nodes, strict=True):
        for number, source in enumerate(node.inputs if outputs else ()):
            read = node.inside(number, axis, outputs[0])
            if read is None:
                return axis, wanted
            found += read.start - needs[source][0].start, read.size
    return tuple(found)


class Laid(NamedTuple):
    """An array in a piece of memory.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    start : int
        Where in the piece it begins.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int


@dataclass(frozen=True, eq=False)
class Entry:
    """One step on the way.

    Parameters
    ----------
    outs : tuple of int
        For each of its boxes the number of the array that it goes to.
    evaluations : tuple of Evaluation
        How each is made; none for the input, and for what is made already.
    done_by : int, optional
        The step before it that makes its cells too.
    found : (int, tuple of slice or None), optional
        Which of its boxes has what is wanted of it, and where; None if it is all.
    done : tuple of int
        Steps that are not read after it.
    """

    outs: tuple[int, ...]
    evaluations: tuple[Evaluation, ...]
    done_by: int | None
    found: tuple[int, tuple[slice, ...] | None] | None
    done: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Schedule:
    """How blocks of some kinds are computed.

    Parameters
    ----------
    entries : tuple of Entry
        One for each step, from the input on.
    given : tuple of int
        Steps whose boxes go to arrays that are given.
    laid : tuple of Laid
        Arrays for all others.
    nbytes : int
        Bytes of memory for these.
    """

    entries: tuple[Entry, ...]
    given: tuple[int, ...]
    laid: tuple[Laid, ...]
    nbytes: int

    def carried_out(
        self,
        boxes: Boxes,
        read: Read,
        into: Mapping[int, NDArray[Any]],
        memory: Memory | None,
    ) -> dict[int, NDArray[Any]]:
        """Cells of what is wanted: see `Pipeline.compute`.

        Parameters
        ----------
        boxes : callable
            The boxes of each step.
        read, into, memory
            As in `Pipeline.compute`.
        """
        outs = self.arrays(into, memory)
        held: list[Sequence[NDArray[Any]]] = []
        found: dict[int, NDArray[Any]] = {}
        for step, entry in enumerate(self.entries):
            if entry.done_by is not None:
                held.append(held[entry.done_by])
            elif step:
                evaluations = zip(entry.evaluations, entry.outs, strict=True)
                held.append([make(held, boxes, outs[out]) for make, out in evaluations])
            elif memory is None:
                held.append([read(box) for box in boxes(0)])
            else:
                reads = zip(boxes(0), entry.outs, strict=True)
                held.append([memory.read(box, outs[out]) for box, out in reads])
            if entry.found is not None:
                number, cells = entry.found
                whole = held[step][number]
                found[step] = whole if cells is None else whole[cells]
            for done in entry.done:
                held[done] = ()
        return found

    def arrays(
        self, into: Mapping[int, NDArray[Any]], memory: Memory | None
    ) -> list[Any]:
        """Where boxes go, by number: what is given first; None for a new array."""
        found: list[Any] = [into[step] for step in self.given]
        if memory is None:
            return found + [None] * len(self.laid)
        piece = memory.empty((self.nbytes,), BYTE)
        for shape, dtype, start in self.laid:
            found.append(np.ndarray(shape, dtype, piece, start))
        return found


def schedule_of(
    pipeline: Pipeline, kinds: Sequence[Kind], into: Collection[int]
) -> Schedule:
    """The schedule of blocks of some kinds, one along each axis.

    Parameters
    ----------
    pipeline : Pipeline
        The steps.
    kinds : sequence of Kind
        The kinds.
    into : collection of int
        Steps of which a box may go to an array that is given.
    """
    by_step = [
        list(itertools.product(*sides))
        for sides in zip(*(kind.needs for kind in kinds), strict=True)
    ]
    wanted = {
        step: tuple(kind.wanted[which][1] for kind in kinds)
        for which, (step, _) in enumerate(kinds[0].wanted)
    }
    given = tuple(step for step in into if by_step[step] == [wanted[step]])
    merged = pipeline.merged_steps(wanted)
    results = list(pipeline.results(wanted))
    makers = {one.first: one.step for one in results}
    done_by = {one.step: one.first for one in results if one.first < one.step}
    numbers = itertools.count(len(given))
    laid, nbytes = laid_out(pipeline, by_step, results, given)
    entries = []
    for step, boxes in enumerate(by_step):
        outs: tuple[int, ...] = ()
        evaluations: tuple[Evaluation, ...] = ()
        if step in makers:
            maker = makers[step]
            is_given = maker in given
            outs = tuple(
                given.index(maker) if is_given else next(numbers) for _ in boxes
            )
        if step and step in makers:
            node = merged[step].node if step in merged else pipeline.nodes[step - 1]
            each = range(len(boxes))
            evaluations = tuple(
                evaluation_of(node, step, n, by_step.__getitem__) for n in each
            )
        found = found_in(wanted[step], boxes) if step in wanted else None
        done = pipeline.done_at[step]
        entries.append(Entry(outs, evaluations, done_by.get(step), found, done))
    return Schedule(tuple(entries), given, laid, nbytes)


def found_in(box: Box, boxes: Sequence[Box]) -> tuple[int, tuple[slice, ...] | None]:
    """Which of some boxes has a box in it, and where; None if it is that box."""
    number = number_of(box, boxes)
    is_whole = boxes[number] == box
    return number, None if is_whole else relative(box, boxes[number])


def laid_out(
    pipeline: Pipeline,
    by_step: Sequence[Sequence[Box]],
    results: Iterable[Result],
    given: Collection[int],
) -> tuple[tuple[Laid, ...], int]:
    """Arrays for input and results, in one piece of memory, and its bytes."""
    if not pipeline.nodes:
        return (), 0  # nothing is made of what is read
    laid: list[tuple[tuple[int, ...], np.dtype[Any]]] = []
    spans: list[Span] = []
    for step, first, last in results:
        if step in given:
            continue
        dtype = np.dtype(pipeline.dtypes[step])
        for box in by_step[first]:
            shape = tuple(side.size for side in box)
            laid.append((shape, dtype))
            spans.append(Span(dtype.itemsize * math.prod(shape), first, last))
    layout = Layout.of(spans)
    arrays = zip(laid, layout.starts, strict=True)
    return tuple(Laid(*each, start) for each, start in arrays), layout.nbytes
