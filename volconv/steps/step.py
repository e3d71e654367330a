"""What a step is to the planner and to the block function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

from numpy.typing import NDArray

from volconv.boundary import Boundaries
from volconv.compute import Edges
from volconv.geometry import Geometry, Interval
from volconv.meta import ArrayMeta

__all__ = ["Join", "Step", "VaryingStep", "of_box", "source_intervals"]


class Step(Protocol):
    """One step of a pipeline, resolved: it knows its input, and nothing is optional.

    Its input and its output have the same dimensions. One that it makes has one cell in
    its input, which is marked as new there. What more it may say is in `optional`.
    """

    @property
    def name(self) -> str:
        """The step's name, as in a configuration."""

    @property
    def geometry(self) -> Geometry:
        """Windows that its outputs are computed from."""

    @property
    def boundaries(self) -> Boundaries:
        """What its padded cells hold."""

    @property
    def source(self) -> ArrayMeta:
        """Its input."""

    @property
    def target(self) -> ArrayMeta:
        """Its output."""

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of a block that has its halo; the block is not written to.

        Parameters
        ----------
        block : ndarray
            Cells of the input, padded.
        out : ndarray, optional
            Where the outputs go; by default into a new array.
        """

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Outputs of cells that are padded on the way, if the step can do so.

        Parameters
        ----------
        cells : ndarray
            Cells of the input, without the halo; not written to.
        out : ndarray
            Where the outputs go.
        edges : Edges
            What the padded block would hold.

        Returns
        -------
        bool
            False if it could not: the block is then to be padded first.
        """

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most, its result included.

        Parameters
        ----------
        outputs : int
            Cells of the result.
        cells : int
            Cells of the block with its halo.
        """

    @property
    def is_tiled(self) -> bool:
        """Whether it works in tiles of its own, which thin slabs would waste."""

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about: what the planner weighs."""

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON: for provenance and for fingerprints."""

    def engine_note(self) -> str:
        """The engine that computes it, and why."""


@runtime_checkable
class Join(Step, Protocol):
    """A step over several inputs of the same dimensions."""

    @property
    def sources(self) -> tuple[ArrayMeta, ...]:
        """Its inputs; `source` is the first."""

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """Windows over each input, without padding; `geometry` is the first's."""

    def combine(
        self, blocks: Sequence[NDArray[Any]], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Outputs of blocks that have their halo, one of each input.

        Parameters
        ----------
        blocks : sequence of ndarray
            Not written to.
        out : ndarray, optional
            Where the outputs may go: what is returned tells whether they did.
        """


@runtime_checkable
class VaryingStep(Protocol):
    """A step whose arithmetic is not the same for every box of its output."""

    def of_box(self, box: Sequence[Interval]) -> Step:
        """The step with the arithmetic of one box."""


def of_box(step: Step, box: Sequence[Interval]) -> Step:
    """A step as it computes a box of its output."""
    # to ask whether it is an instance of the protocol takes 20 µs on Python 3.11
    return cast("VaryingStep", step).of_box(box) if hasattr(step, "of_box") else step


def source_intervals(
    step: Step, box: tuple[Interval, ...], geometry: Geometry | None = None
) -> tuple[Interval, ...]:
    """Cells that a box of a step's output reads, padding included.

    Parameters
    ----------
    step : Step
        The step.
    box : tuple of Interval
        The outputs.
    geometry : Geometry, optional
        The windows over an input; by default over the first.
    """
    windows = step.geometry if geometry is None else geometry
    return tuple(
        windows[dim].source(outputs)
        for dim, outputs in zip(step.source.dims, box, strict=True)
    )
