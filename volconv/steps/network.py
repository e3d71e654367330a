"""The step `onnx`: a network in a file, which becomes many steps once it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, StrictStr, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from volconv.errors import KindError
from volconv.meta import ArrayMeta
from volconv.steps.fields import Dims, PathText
from volconv.steps.settings import StepSettings
from volconv.steps.step import Step

__all__ = ["Onnx"]


class Onnx(StepSettings):
    """A network in an ONNX file, its nodes as steps."""

    step_name: ClassVar[str] = "onnx"

    path: PathText
    """The file, relative to this one or absolute."""

    channel: str = "channel"
    """The dimension of channels."""

    dims: Dims | None = None
    """Dimensions of the network's other axes, in their order: by default all others."""

    output: Annotated[StrictStr, Field(min_length=1)] | None = None
    """A result in the midst of the network, or the node that makes it, to end with."""

    @model_validator(mode="before")
    @classmethod
    def from_path(cls, value: Any) -> Any:
        """The settings of a path alone."""
        return {"path": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}

    def located(self, locate: Callable[[str], str]) -> Self:
        """The same with each path as `locate` gives it."""
        return super().located(locate).model_copy(update={"path": locate(self.path)})

    def resolve(self, source: ArrayMeta) -> Step:
        """No step: the file is read by those who may open files."""
        del source
        raise KindError("onnx", f"{self.path!r}, which is not read", "its layers")
