"""What steps over several results share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from volconv.boundary import Boundaries
from volconv.compute import Edges
from volconv.errors import KindError
from volconv.geometry import Geometry
from volconv.meta import ArrayMeta
from volconv.steps.fields import DTypeName, StepName
from volconv.steps.model import refusing
from volconv.steps.settings import StepSettings
from volconv.steps.step import Join

__all__ = ["JoinSettings", "Joining"]


@dataclass(frozen=True, eq=False)
class Joining:
    """A step over several inputs, resolved for them: see `Join`.

    Parameters
    ----------
    name : str
        The step's name.
    sources : tuple of ArrayMeta
        The inputs.
    target : ArrayMeta
        The output.
    """

    name: str
    sources: tuple[ArrayMeta, ...]
    target: ArrayMeta

    @property
    def source(self) -> ArrayMeta:
        """The first input."""
        return self.sources[0]

    @property
    @abstractmethod
    def geometries(self) -> tuple[Geometry, ...]:
        """Windows over each input."""

    @property
    def geometry(self) -> Geometry:
        """Windows over the first input."""
        return self.geometries[0]

    @property
    def boundaries(self) -> Boundaries:
        """Nothing lies beyond the edge."""
        return Boundaries(())

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """A join has several inputs: see `Join.combine`."""
        raise NotImplementedError

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Nothing is padded."""
        del cells, out, edges
        return False

    @property
    def compiles(self) -> bool:
        """No code is compiled for it."""
        return False

    @property
    def is_tiled(self) -> bool:
        """Whether it works in tiles of its own: see `Step.is_tiled`."""
        return False


def several(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, if there are two or more.

    Raises
    ------
    KindError
    """
    if len(names) < 2:
        raise KindError("", f"{len(names)} name", "two or more, such as [a, b]")
    return names


class JoinSettings(StepSettings):
    """Settings that all joins share."""

    from_: Annotated[tuple[StepName, ...], AfterValidator(refusing(several))] = Field(  # type: ignore[assignment]
        alias="from"
    )
    """Names of two or more steps before it, or input; the first one first."""

    dtype: DTypeName | None = None
    """dtype of the result: rounded half to even, and saturated."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what it reads."""
        return self.from_

    def resolve(self, source: ArrayMeta) -> Join:
        """The step over one input, which is none."""
        return self.resolve_all([source])

    @abstractmethod
    def resolve_all(self, sources: Sequence[ArrayMeta]) -> Join:
        """The step for its inputs."""
