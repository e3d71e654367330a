"""Steps that join two or more results cell by cell: their sum, difference, product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from volconv.meta import ArrayMeta
from volconv.steps.cellwise import JoinStep, join_step
from volconv.steps.joining import JoinSettings

__all__ = ["Add", "Divide", "Maximum", "Minimum", "Multiply", "Subtract"]


class Arithmetic(JoinSettings):
    """Settings that all joins cell by cell share."""

    def resolve_all(self, sources: Sequence[ArrayMeta]) -> JoinStep:
        """The step for its inputs."""
        return join_step(self.step_name, sources, self.dtype)


class Add(Arithmetic):
    """The sum of several results."""

    step_name: ClassVar[str] = "add"


class Subtract(Arithmetic):
    """The first result less all others."""

    step_name: ClassVar[str] = "subtract"


class Multiply(Arithmetic):
    """The product of several results."""

    step_name: ClassVar[str] = "multiply"


class Divide(Arithmetic):
    """The first result over all others."""

    step_name: ClassVar[str] = "divide"


class Maximum(Arithmetic):
    """The largest of several results, NaN where one is NaN."""

    step_name: ClassVar[str] = "maximum"


class Minimum(Arithmetic):
    """The smallest of several results, NaN where one is NaN."""

    step_name: ClassVar[str] = "minimum"
