"""A YAML text as plain values, with the line of each of them.

The parser gives events; the values are built from them here, without recursion, so that
no text can exhaust the stack, and no value can be named twice and grow. A configuration
is data: anchors, aliases and tags are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from volconv.config.faults import Fault, Path, path_text
from volconv.config.scalars import Scalar, plain_scalar
from volconv.errors import ConfigError

__all__ = ["MAX_BYTES", "Document", "read_text"]

MAX_BYTES = 2**20
"""Longest text: far above any written by hand, and parsed within seconds."""

MAX_DEPTH = 32
"""Deepest nesting: a kernel of 20 dimensions fits, numpy's own limit is 64."""


@dataclass
class Document:
    """What a text says, and where.

    Parameters
    ----------
    values : dict, list or scalar
        Plain values; keys are texts.
    lines : dict
        The line, counted from 1, of the key or the list item at each path; none where
        the values were read from no text.
    faults : list of Fault
        Keys that are set twice.
    """

    values: Any = None
    lines: dict[Path, int] = field(default_factory=lambda: {(): 1})
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest around it that the text has.

        0 where no text was read.
        """
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read_text(text: str | bytes, path: str) -> Document:
    """The document of a YAML text.

    Parameters
    ----------
    text : str or bytes
        YAML 1.2 in UTF-8.
    path : str
        For errors.

    Raises
    ------
    ConfigError
        If it is too long, too deep, not UTF-8, not YAML, or uses anchors, aliases, tags
        or several documents.
    """
    characters = decoded(text, path)
    builder = Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(characters):
            builder.take(event)
    except RefusedError as error:
        faults = builder.refused or [error.fault]
        raise ConfigError(path, [str(fault) for fault in faults]) from None
    except MarkedYAMLError as error:
        raise ConfigError(path, [str(syntax_fault(error))]) from None
    except ReaderError as error:
        # found before there are events: it knows its position, and no line
        fault = Fault(
            characters.count("\n", 0, error.position) + 1,
            f"this is not YAML: unacceptable character #x{error.character:04x}.",
        )
        raise ConfigError(path, [str(fault)]) from None
    except (ValueError, OverflowError):
        # the scanner lets chr() fail on escapes such as "\U00110000"
        fault = Fault(builder.line, "this is not YAML: an escape names no character.")
        raise ConfigError(path, [str(fault)]) from None
    if builder.refused:
        raise ConfigError(path, [str(fault) for fault in builder.refused])
    return builder.document


def decoded(text: str | bytes, path: str) -> str:
    """The text of bytes, if it is not too long."""
    size = len(text) if isinstance(text, bytes) else len(text.encode(errors="replace"))
    if size > MAX_BYTES:
        raise ConfigError(
            path,
            [
                f"got more than {MAX_BYTES} bytes; expected fewer. "
                "Fix: keep large kernels out of the text."
            ],
        )
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        fault = Fault(
            line, f"got the byte {text[error.start]:#04x}; expected UTF-8 text."
        )
        raise ConfigError(path, [str(fault)]) from None


def syntax_fault(error: MarkedYAMLError) -> Fault:
    """What the parser says of a text that is not YAML."""
    mark = error.problem_mark or error.context_mark
    context = f" {error.context}" if error.context else ""
    return Fault(
        mark.line + 1 if mark else 1, f"this is not YAML: {error.problem}{context}."
    )


class RefusedError(Exception):
    """A text that is not read to its end."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass
class Level:
    """A list or mapping that is being filled."""

    values: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


class Builder:
    """Builds a document from the parser's events."""

    def __init__(self) -> None:
        self.document = Document()
        self.refused: list[Fault] = []
        self.levels: list[Level] = []
        self.documents = 0
        self.line = 1

    def take(self, event: Event) -> None:
        """Take the next event."""
        self.line = event.start_mark.line + 1 if event.start_mark else self.line
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise RefusedError(
                    Fault(
                        self.line,
                        "got a second document; expected one. "
                        "Fix: write one file for each.",
                    )
                )
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.levels.pop()
        elif isinstance(event, NodeEvent):
            self.refused += named_or_tagged(event, self.line)
            self.take_value(event)

    def take_value(self, event: NodeEvent) -> None:
        """A key, or a value in its place."""
        level = self.levels[-1] if self.levels else None
        if level and isinstance(level.values, dict) and level.key is None:
            self.take_key(level, event)
            return
        value = self.value_of(event)
        path: Path = ()
        if level is None:
            self.document.values = value
            self.document.lines[()] = self.line
        elif isinstance(level.values, list):
            path = (*level.path, len(level.values))
            self.document.lines.setdefault(path, self.line)
            level.values.append(value)
        else:
            assert level.key is not None, "a key comes before its value"
            path = (*level.path, level.key)
            level.values.setdefault(level.key, value)
            level.key = None
        if isinstance(value, dict | list):
            self.descend(Level(value, path))

    def descend(self, level: Level) -> None:
        """Fill a list or mapping next."""
        self.levels.append(level)
        if len(self.levels) > MAX_DEPTH:
            raise RefusedError(
                Fault(
                    self.line,
                    f"got nesting deeper than {MAX_DEPTH} levels; "
                    "expected a configuration.",
                )
            )

    def take_key(self, level: Level, event: Event) -> None:
        """A mapping's key: its text as it stands, never a number or false."""
        if not isinstance(event, ScalarEvent):
            raise RefusedError(
                Fault(self.line, "got a list or mapping as a key; expected a name.")
            )
        level.key = event.value
        path = (*level.path, event.value)
        first = self.document.lines.setdefault(path, self.line)
        assert isinstance(level.values, dict), "only a mapping has keys"
        if event.value in level.values:
            text = (
                f"{path_text(path)} is set twice (first on line {first}). Delete one."
            )
            self.document.faults.append(Fault(self.line, text))

    def value_of(self, event: Event) -> Scalar | dict[str, Any] | list[Any]:
        """The value that an event begins."""
        if isinstance(event, MappingStartEvent):
            return {}
        if isinstance(event, SequenceStartEvent):
            return []
        if not isinstance(event, ScalarEvent):
            return None
        if not event.implicit[0]:
            return str(event.value)
        try:
            return plain_scalar(event.value)
        except OverflowError:
            raise RefusedError(
                Fault(
                    self.line,
                    f"got the number {event.value[:20]}...; "
                    "expected one that float64 can hold.",
                )
            ) from None


def named_or_tagged(event: NodeEvent, line: int) -> Iterator[Fault]:
    """Faults of a value that has an anchor or a tag, or that is an alias."""
    if isinstance(event, AliasEvent):
        yield Fault(line, f"got the alias *{event.anchor}; expected the value itself.")
    elif event.anchor is not None:
        yield Fault(line, f"got the anchor &{event.anchor}; expected no anchors.")
    if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
        yield Fault(
            line,
            f"got the tag {event.tag}; expected plain values. "
            "Fix: a configuration names no types and no code.",
        )
