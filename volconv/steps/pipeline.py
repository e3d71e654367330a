"""The block function: any box of a pipeline's output, from boxes of its input.

A pipeline is steps in order, each over the input or over the result of an earlier step.
They are told by number: step 0 is the input, step n the n-th of them.

Each step pads its own input: where a box of a step reaches beyond the edge of that
step's input, the step's boundary decides, exactly as if the input had been stored whole.
A far side that a boundary needs is read, or computed, as a box of its own. What several
steps read is computed once, over all that they read::

    step 0    |--------------------------------|   read
    step 1       |--------------------------|      smooth: what both below read
    step 2          |-----------------|            gradient along x
    step 3             |--------------------|      gradient along y
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import mul
from typing import Any, NamedTuple

from numpy.typing import NDArray

from volconv.boundary import Read
from volconv.geometry import Interval, merged
from volconv.meta import ArrayMeta
from volconv.steps.extra_axes import all_dims, among
from volconv.steps.layout import Memory
from volconv.steps.node import Box, Node
from volconv.steps.rectified import Floored, floors_of
from volconv.steps.schedule import Kind, Schedule, Side, alike_along, schedule_of
from volconv.steps.step import Step

__all__ = ["Node", "Pipeline", "chain", "compute_box", "wired"]

Wanted = tuple[tuple[int, Interval], ...]
"""Cells along an axis that are wanted of some steps."""

REMEMBERED_SCHEDULES = 256
"""Schedules that are remembered: arbitrary, about 2 MB. Most blocks of a run have the same,
others those of some edge."""

REMEMBERED = 4096
"""Intervals of blocks whose demands are remembered: arbitrary, about 2 MB."""


class Result(NamedTuple):
    """How long a result is held.

    Attributes
    ----------
    step : int
        Whose it is; 0 for the input.
    first, last : int
        The step that makes it, which may be the one before: see `floors_of`; and the
        last one that reads it, or of all where it is wanted.
    """

    step: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Steps in order; the result of the last one is the pipeline's.

    Parameters
    ----------
    nodes : tuple of Node
        The steps, from number 1.
    """

    nodes: tuple[Node, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order."""
        return tuple(node.step for node in self.nodes)

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.nodes)

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions of all steps, those that some make among them."""
        return self.nodes[0].step.source.dims

    def meta(self, step: int, source: ArrayMeta) -> ArrayMeta:
        """What a step makes; the input for 0."""
        return self.nodes[step - 1].step.target if step else source

    def target(self, source: ArrayMeta) -> ArrayMeta:
        """What the pipeline makes of its input."""
        return self.meta(self.last, source)

    @cached_property
    def last_uses(self) -> tuple[int, ...]:
        """For each step the last one that reads it; its own number where none does."""
        found = list(range(self.last + 1))
        for step, node in enumerate(self.nodes, start=1):
            for read in node.inputs:
                found[read] = step
        return tuple(found)

    @cached_property
    def done_at(self) -> tuple[tuple[int, ...], ...]:
        """For each step those that none after it reads, and it or itself does."""
        found: list[list[int]] = [[] for _ in range(self.last + 1)]
        for step, last in enumerate(self.last_uses):
            found[last].append(step)
        return tuple(map(tuple, found))

    @cached_property
    def jumps(self) -> tuple[tuple[Fraction, ...], ...]:
        """For each step its cells from one cell of the result to the next, by axis.

        Where the result does not depend on the step, as what it reads has it.
        """
        ones = (Fraction(1),) * len(self.nodes[-1].step.source.dims)
        found = {self.last: ones}
        for step in range(self.last, 0, -1):
            node = self.nodes[step - 1]
            if step in found:
                for read in node.inputs:
                    found[read] = tuple(map(mul, found[step], own_jumps(node)))
        found.setdefault(0, ones)
        for step, node in enumerate(self.nodes, start=1):
            if step not in found:
                sides = zip(found[node.inputs[0]], own_jumps(node), strict=True)
                found[step] = tuple(jump / own if own else jump for jump, own in sides)
        return tuple(found[step] for step in range(self.last + 1))

    @cached_property
    def floors(self) -> Mapping[int, Floored]:
        """Layers that can do the work of the step after them, by number."""
        return floors_of(self.nodes)

    def merged_steps(self, wanted: Collection[int]) -> dict[int, Floored]:
        """Those of `floors` whose own result is not wanted."""
        return {at: made for at, made in self.floors.items() if at not in wanted}

    def demands(
        self, axis: int, wanted: Mapping[int, Interval]
    ) -> tuple[tuple[Interval, ...], ...]:
        """Cells along one axis that each step must hold.

        Parameters
        ----------
        axis : int
            Position of the axis.
        wanted : mapping of int to Interval
            The cells that are wanted of some steps, inside each.

        Returns
        -------
        tuple of tuple of Interval
            For each step from 0, what the later ones read of it and what is wanted of
            it, in order and apart; none where nothing is.
        """
        needed: list[list[Interval]] = [[] for _ in range(self.last + 1)]
        for step, cells in wanted.items():
            needed[step].append(cells)
        for step in range(self.last, 0, -1):
            node = self.nodes[step - 1]
            needed[step] = merged(needed[step])
            for number, source in enumerate(node.inputs):
                for cells in needed[step]:
                    needed[source] += node.read(number, axis, cells)
        needed[0] = merged(needed[0])
        return tuple(tuple(cells) for cells in needed)

    def boxes(
        self, wanted: Mapping[int, Box]
    ) -> tuple[tuple[tuple[Interval, ...], ...], ...]:
        """For each step and each axis, the intervals whose products it must hold."""
        return tuple(zip(*(side.needs for side in self.sides(wanted)), strict=True))

    def sides(self, wanted: Mapping[int, Box]) -> list[Side]:
        """What boxes of some steps need, for each axis."""
        axes = range(len(next(iter(wanted.values()))))
        return [
            self.side(axis, tuple([(step, box[axis]) for step, box in wanted.items()]))
            for axis in axes
        ]

    @lru_cache(maxsize=REMEMBERED)  # noqa: B019 (few pipelines, and small values)
    def side(self, axis: int, wanted: Wanted) -> Side:
        """What is needed along one axis: the same for all blocks in a row of them."""
        needs = self.demands(axis, dict(wanted))
        alike = alike_along(self.nodes, axis, wanted, needs)
        if len(self.kinds) > REMEMBERED:
            self.kinds.clear()
        return Side(needs, self.kinds.setdefault(alike, Kind(wanted, needs)))

    @cached_property
    def kinds(self) -> dict[Hashable, Kind]:
        """Of blocks along each axis, those that are told apart."""
        return {}

    @lru_cache(maxsize=REMEMBERED_SCHEDULES)  # noqa: B019 (few pipelines)
    def schedule(self, kinds: tuple[Kind, ...], given: frozenset[int]) -> Schedule:
        """How blocks of some kinds are computed, where arrays are given for some steps."""
        return schedule_of(self, kinds, given)

    def compute(
        self,
        wanted: Mapping[int, Box],
        read: Read,
        into: Mapping[int, NDArray[Any]] | None = None,
        memory: Memory | None = None,
    ) -> dict[int, NDArray[Any]]:
        """Cells of boxes of some steps.

        Parameters
        ----------
        wanted : mapping of int to box
            Steps, and of each a box: an interval for each axis.
        read : callable
            Takes a box inside the input and returns its cells.
        into : mapping of int to ndarray, optional
            Where the cells of some of the wanted boxes go, if no more of their steps
            is needed; by default into new arrays.
        memory : Memory, optional
            Where the input and all results on the way lie; by default each has memory
            of its own.

        Returns
        -------
        dict of int to ndarray
            The cells of each wanted box; not to be written to.
        """
        into = into or {}
        sides = self.sides(wanted)
        schedule = self.schedule(tuple([side.kind for side in sides]), frozenset(into))

        def boxes(step: int) -> list[Box]:
            return list(itertools.product(*[side.needs[step] for side in sides]))

        return schedule.carried_out(boxes, read, into, memory)

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """For each step the dtype of its cells."""
        read = (
            meta.dtype
            for node in self.nodes
            for step, (meta, _) in zip(node.inputs, node.over, strict=True)
            if step == 0
        )
        return (next(read), *(step.target.dtype for step in self.steps))

    def results(self, wanted: Collection[int]) -> Iterator[Result]:
        """The input and all results, but those that are made where another one lies.

        Parameters
        ----------
        wanted : collection of int
            Steps of which cells are wanted, the last among them.
        """
        makers = {at: made.reader for at, made in self.merged_steps(wanted).items()}
        made_before = set(makers.values())
        for first in range(self.last + 1):
            if first not in made_before:
                step = makers.get(first, first)
                last = self.last if step in wanted else self.last_uses[step]
                yield Result(step, first, last)


def chain(steps: Sequence[Step]) -> Pipeline:
    """The pipeline in which each step reads the result of the one before it."""
    return wired([Node(step, (number,)) for number, step in enumerate(steps)])


def wired(nodes: Sequence[Node]) -> Pipeline:
    """The pipeline of nodes, whose steps are resolved each for its own input.

    Raises
    ------
    DimError
        If two steps make the same dimensions in another order.
    """
    dims = all_dims([node.step for node in nodes])
    return Pipeline(tuple(replace(n, step=among(n.step, dims)) for n in nodes))


def compute_box(pipeline: Pipeline, box: Box, read: Read) -> NDArray[Any]:
    """Cells of a box of a pipeline's result: see `Pipeline.compute`."""
    return pipeline.compute({pipeline.last: box}, read)[pipeline.last]


def own_jumps(node: Node) -> list[Fraction]:
    """For each axis the cells of its input from one cell of a step to the next."""
    dims, windows = node.step.source.dims, node.step.geometry
    return [Fraction(windows[dim].jump) for dim in dims]
