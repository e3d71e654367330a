"""The base of everything that a configuration text becomes, and its faults in words.

pydantic finds the faults. It says of each where it is and what kind it is; a reader of
a configuration also wants to know what was found, what can be there, and the mend.
Every model here turns pydantic's errors into those words while it still knows its own
keys, so that unions and nesting need no second look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from volconv.errors import VolconvError, did_you_mean
from volconv.steps.docstrings import attribute_docs

__all__ = [
    "MISSING",
    "UNKNOWN",
    "SettingsModel",
    "WordedModel",
    "refusal",
    "refused_at",
    "refusing",
    "short",
]

REFUSED = "volconv_refused"
"""Error type of a value that cannot be: context ``got``, ``expected``, ``fix``."""

UNKNOWN = "volconv_unknown_key"
"""Error type of a key that is not known: context ``known``, a list."""

MISSING = "volconv_missing_key"
"""Error type of a key that is not there: context ``key`` and ``expected``."""

MAX_FAULTS = 100
"""Most faults told of one part: arbitrary, more than anyone reads at once."""

TEMPLATES = {
    REFUSED: "got {got}; expected {expected}. {fix}",
    UNKNOWN: "unknown key; expected one of {known}",
    MISSING: "missing key {key}: {expected}",
}

PLAIN_WORDS = {
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "too_short": "at least one",
    "string_too_short": "at least one character",
}
"""pydantic's error types in the words of this package."""

Value = TypeVar("Value")


class WordedModel(BaseModel):
    """A model whose faults are in this package's words."""

    @model_validator(mode="wrap")
    @classmethod
    def in_words(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """The model of a value, or all its faults in words."""
        try:
            return handler(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, cls.faults(error)
            ) from None

    @classmethod
    def by_key(cls) -> dict[str, FieldInfo]:
        """Its fields by their keys as a text writes them."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """What its keys mean, where it says so."""
        texts = attribute_docs(cls)
        return {
            field.alias or name: field.description or texts[name]
            for name, field in cls.model_fields.items()
            if field.description or name in texts
        }

    @classmethod
    def required(cls) -> list[str]:
        """Keys that cannot be left out."""
        return [key for key, field in cls.by_key().items() if field.is_required()]

    @classmethod
    def faults(cls, error: ValidationError) -> list[InitErrorDetails]:
        """The faults of an error, one for each mistake."""
        told = error.errors()[:MAX_FAULTS]
        faults = [cls.fault(details) for details in told if not is_left_short(details)]
        return [fault for fault in faults if not cls.is_misspelt(fault, faults)]

    @classmethod
    def fault(cls, details: ErrorDetails) -> InitErrorDetails:
        """One of pydantic's errors in words; those in words already stay."""
        kind, loc, value = details["type"], details["loc"], details["input"]
        context: dict[str, Any] = details.get("ctx", {})
        if kind in TEMPLATES:
            return entry(custom(kind, **context), loc, value)
        if kind == "extra_forbidden":
            return entry(custom(UNKNOWN, known=list(cls.by_key())), loc, value)
        if kind == "missing":
            key = str(loc[-1])
            expected = cls.meanings().get(key, "a value")
            return entry(custom(MISSING, key=key, expected=expected), loc[:-1], value)
        if kind in ("model_type", "model_attributes_type"):
            return entry(
                refusal(short(value), f"a mapping of {', '.join(cls.by_key())}"),
                loc,
                value,
            )
        expected = details["msg"].removeprefix("Input should be ")
        return entry(refusal(short(value), PLAIN_WORDS.get(kind, expected)), loc, value)

    @classmethod
    def is_misspelt(
        cls, fault: InitErrorDetails, faults: Iterable[InitErrorDetails]
    ) -> bool:
        """Whether a missing key stands beside it, misspelt: one fault, not two."""
        kind = fault["type"]
        if not isinstance(kind, PydanticCustomError) or kind.type != MISSING:
            return False
        key = (kind.context or {})["key"]
        beside = (
            str(other.get("loc", ("",))[-1])
            for other in faults
            if isinstance(other["type"], PydanticCustomError)
            and other["type"].type == UNKNOWN
            and other.get("loc", ())[:-1] == fault.get("loc", ())
        )
        return any(repr(key) in did_you_mean(word, cls.by_key()) for word in beside)


class SettingsModel(WordedModel):
    """A frozen part of a configuration that knows its keys and refuses all others."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,  # most models are not used
    )


def is_left_short(details: ErrorDetails) -> bool:
    """Whether a list is too short only without items that have faults of their own."""
    if details["type"] != "too_short":
        return False
    least: int = details["ctx"]["min_length"]
    return len(details["input"]) >= least


def custom(kind: str, **context: Any) -> PydanticCustomError:
    """A fault of one of this file's types."""
    return PydanticCustomError(kind, TEMPLATES[kind], context)


def refusal(got: str, expected: str, fix: str = "") -> PydanticCustomError:
    """The fault of a value that cannot be."""
    return custom(REFUSED, got=got, expected=expected, fix=fix)


def entry(
    kind: PydanticCustomError, loc: tuple[int | str, ...], value: object
) -> InitErrorDetails:
    """A fault with its path."""
    return InitErrorDetails(type=kind, loc=loc, input=value)


def refused_at(
    title: str, errors: Iterable[tuple[tuple[int | str, ...], VolconvError]]
) -> ValidationError:
    """One error of several refusals, each with its own path."""
    return ValidationError.from_exception_data(
        title,
        [
            entry(refusal(error.got, error.expected, error.fix), loc, None)
            for loc, error in errors
        ],
    )


def refusing(check: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """The check with its `VolconvError` as a fault.

    pydantic collects children of ValueError only, and a `KindError` is none.
    """

    def read(value: Any) -> Value:
        try:
            return check(value)
        except VolconvError as error:
            raise refusal(error.got, error.expected, error.fix) from None

    return read


def short(value: object) -> str:
    """A value as a message shows it: one line, cut where it is long.

    Examples
    --------
    >>> short({"a": 1})
    "{'a': 1}"
    >>> short("x" * 1000)[-9:]
    'xxxxxx...'
    """
    limit = 72  # arbitrary: with its path, one line of a terminal
    if value is None:
        return "nothing"
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, str | bytes | list | tuple):
        text = repr(value[:limit])
    elif isinstance(value, Mapping):
        text = repr(dict(list(value.items())[:limit]))
    else:
        text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."
