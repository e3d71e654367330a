"""A one-key mapping names a thing, its value holds the thing's settings.

That is the one rule of the grammar: steps, kernels and codecs are all written so. A
bare name is a thing without settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from volconv.errors import did_you_mean
from volconv.steps.model import WordedModel, refusal, short

__all__ = ["OneKey"]


@dataclass(frozen=True)
class OneKey:
    """Annotation of a field that holds one of several things by name.

    Parameters
    ----------
    known : callable
        Returns the settings class of each name.
    noun : str
        What such a thing is, for errors.
    others : str
        What else its place may hold, for errors.
    """

    known: Callable[[], Mapping[str, type[WordedModel]]]
    noun: str
    others: str = ""

    def read(self, value: object) -> WordedModel:
        """The settings of a bare name, of a one-key mapping, or of a model itself."""
        known = self.known()
        if isinstance(value, WordedModel) and type(value) in known.values():
            return value
        name, settings = self.name_and_settings(value)
        if name not in known:
            raise refusal(
                repr(name),
                self.expected(),
                did_you_mean(name, known),
            )
        try:
            return known[name].model_validate({} if settings is None else settings)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                name, [under(name, details) for details in known[name].faults(error)]
            ) from None

    def name_and_settings(self, value: object) -> tuple[str, object]:
        """The one key and its value."""
        if isinstance(value, str):
            return value, None
        if isinstance(value, Mapping) and len(value) == 1:
            ((name, settings),) = value.items()
            return str(name), settings
        if isinstance(value, Mapping):
            found = ", ".join(str(name) for name in value) or "none"
            mend = self.indent_hint(value)
            raise refusal(short(value), f"one {self.noun}; found {found}", mend)
        raise refusal(short(value), self.expected())

    def expected(self) -> str:
        """What its place may hold."""
        return f"one {self.noun} of {', '.join(self.known())}{self.others}"

    def indent_hint(self, value: Mapping[Any, object]) -> str:
        """The mend of settings that stand beside their thing's name, not below it."""
        names = [name for name in value if name in self.known()]
        if len(names) != 1 or value[names[0]] is not None:
            return ""
        return f"indent what belongs to {names[0]} further than its name"

    def write(self, model: WordedModel) -> dict[str, Any]:
        """The one-key mapping of a model."""
        name = next(name for name, kind in self.known().items() if type(model) is kind)
        settings = model.model_dump(mode="json", exclude_unset=True, by_alias=True)
        return {name: settings}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(self.write),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema
        known = self.known()
        settings = {
            name: handler(kind.__pydantic_core_schema__) for name, kind in known.items()
        }
        bare = [name for name, kind in known.items() if not kind.required()]
        mapping = {
            "type": "object",
            "properties": settings,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
        return {"anyOf": [{"enum": bare}, mapping]} if bare else mapping


def under(name: str, details: InitErrorDetails) -> InitErrorDetails:
    """A fault of a thing's settings, placed below the thing's name."""
    kind = details["type"]
    assert isinstance(kind, PydanticCustomError), "models put their faults in words"
    return InitErrorDetails(
        type=kind, loc=(name, *details.get("loc", ())), input=details["input"]
    )
