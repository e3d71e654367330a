"""Steps that join two or more results cell by cell: their sum, difference, product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from volconv.boundary import Boundaries
from volconv.compute import Edges, cast, checked_dtype
from volconv.errors import DimError, KindError
from volconv.geometry import Geometry
from volconv.meta import ArrayMeta
from volconv.steps.fields import DTypeName, StepName
from volconv.steps.model import refusing
from volconv.steps.settings import StepSettings

__all__ = ["Add", "Divide", "JoinStep", "Maximum", "Minimum", "Multiply", "Subtract"]

Operation = Callable[..., NDArray[Any]]

OPERATIONS: dict[str, Operation] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
"""The operations by name, applied from the first input to the last."""


@dataclass(frozen=True, eq=False)
class JoinStep:
    """An operation on the cells of several inputs, resolved for them.

    Parameters
    ----------
    name : str
        One of `OPERATIONS`.
    sources : tuple of ArrayMeta
        The inputs, all of one shape.
    compute_dtype : str
        dtype of the arithmetic.
    target : ArrayMeta
        The output.
    """

    name: str
    sources: tuple[ArrayMeta, ...]
    compute_dtype: str
    target: ArrayMeta

    @property
    def source(self) -> ArrayMeta:
        """The first input."""
        return self.sources[0]

    @property
    def geometry(self) -> Geometry:
        """Windows of one cell."""
        return Geometry(())

    @property
    def boundaries(self) -> Boundaries:
        """Nothing lies beyond the edge."""
        return Boundaries(())

    def combine(self, blocks: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Outputs of blocks of all inputs."""
        operation = OPERATIONS[self.name]
        with np.errstate(all="ignore"):
            found = reduce(
                lambda one, other: operation(one, other, dtype=self.compute_dtype),
                blocks,
            )
        return cast(found, self.target.dtype)

    def compute(
        self, block: NDArray[Any], out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """A join has several inputs: see `combine`."""
        raise NotImplementedError

    def padding(self, cells: NDArray[Any], out: NDArray[Any], edges: Edges) -> bool:
        """Nothing is padded."""
        del cells, out, edges
        return False

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `combine` allocates at most: two results, and the cast one."""
        del cells
        size = np.dtype(self.compute_dtype).itemsize
        cast_bytes = np.dtype(self.target.dtype).itemsize + size + 3
        is_cast = self.compute_dtype != self.target.dtype
        return outputs * (2 * size + (cast_bytes if is_cast else 0))

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about."""
        return 1.5 * len(self.sources)

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        return {
            "step": self.name,
            "dtype": [
                *(source.dtype for source in self.sources),
                self.compute_dtype,
                self.target.dtype,
            ],
        }

    def engine_note(self) -> str:
        """The engine and why."""
        return f"numpy: {self.compute_dtype}, cell by cell"


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

    def resolve(self, source: ArrayMeta) -> JoinStep:
        """The step over one input, which is none."""
        return self.resolve_all([source])

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> JoinStep:
        """The step for its inputs."""
        return join_step(self.step_name, sources, self.dtype)


class Add(JoinSettings):
    """The sum of several results."""

    step_name: ClassVar[str] = "add"


class Subtract(JoinSettings):
    """The first result less all others."""

    step_name: ClassVar[str] = "subtract"


class Multiply(JoinSettings):
    """The product of several results."""

    step_name: ClassVar[str] = "multiply"


class Divide(JoinSettings):
    """The first result over all others."""

    step_name: ClassVar[str] = "divide"


class Maximum(JoinSettings):
    """The largest of several results, NaN where one is NaN."""

    step_name: ClassVar[str] = "maximum"


class Minimum(JoinSettings):
    """The smallest of several results, NaN where one is NaN."""

    step_name: ClassVar[str] = "minimum"


def join_step(name: str, sources: Sequence[ArrayMeta], dtype: str | None) -> JoinStep:
    """An operation over several inputs.

    Raises
    ------
    DimError
        If their dimensions or sizes differ.

    Notes
    -----
    Integers are added, subtracted and multiplied in int64, where a sum of stored
    integers of up to 32 bits cannot wrap, and divided in float64.
    """
    first = sources[0]
    for other in sources[1:]:
        if other.sizes != first.sizes or other.dims != first.dims:
            raise DimError(
                "from",
                f"sizes {first.sizes} and {other.sizes}",
                "results of one shape",
                "give both the same stride and padding",
            )
    natural = np.result_type(*(np.dtype(source.dtype) for source in sources))
    if natural.kind in "bui":
        keeps = name in ("maximum", "minimum")
        natural = np.dtype(
            natural if keeps else "float64" if name == "divide" else "int64"
        )
    elif natural == np.float16:
        natural = np.dtype("float32")
    wanted = checked_dtype("dtype", dtype).name if dtype is not None else natural.name
    return JoinStep(name, tuple(sources), natural.name, replace(first, dtype=wanted))
