"""Faults of a configuration as its reader sees them: the line, the path, the mend.

Steps and list items are counted from 1 in texts, as people do; indices in code from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volconv.errors import did_you_mean
from volconv.steps.model import MISSING, UNKNOWN

if TYPE_CHECKING:
    from pydantic import ValidationError

    from volconv.config.loader import Document

__all__ = ["Fault", "Path", "faults_of", "path_text"]

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document down."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Parameters
    ----------
    line : int
        Counted from 1; 0 where there is no text.
    text : str
        What is wrong and how to mend it.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


def faults_of(document: Document, error: ValidationError | None) -> list[Fault]:
    """All faults of a document, in the order of their lines.

    Parameters
    ----------
    document : Document
        What the text says.
    error : ValidationError, optional
        What its model says of that; None where it says nothing.
    """
    details: Iterable[Any] = error.errors() if error else ()
    found = [fault_of(document, one) for one in details]
    return sorted([*document.faults, *found], key=lambda fault: fault.line)


def fault_of(document: Document, details: Mapping[str, Any]) -> Fault:
    """The fault of one of the model's errors, which are all in words already."""
    path = path_in(document.values, details["loc"])
    where, context = path_text(path), details["ctx"]
    line = document.line(path)
    if details["type"] == UNKNOWN:
        known = context["known"]
        mend = did_you_mean(str(path[-1]), known)
        if not mend:
            mend = (
                f"expected one of: {', '.join(known)}." if known else "expected none."
            )
        mend = mend[:1].upper() + mend[1:]
        return Fault(line, f"unknown key {where}. {mend}")
    if details["type"] == MISSING:
        where = path_text((*path, context["key"]))
        expected = context["expected"]
        return Fault(
            line, f"missing key {where}. Expected {expected[:1].lower()}{expected[1:]}"
        )
    text = f"got {context['got']}; expected {context['expected']}."
    if context["fix"]:
        stop = "" if context["fix"].endswith(("?", ".")) else "."
        text += f" Fix: {context['fix']}{stop}"
    return Fault(line, f"{where}: {text}" if where else text)


def path_in(values: Any, loc: Path) -> Path:
    """The part of a path that the text has.

    pydantic puts the branch of a union that it tried between a key and what lies below
    it; ``..`` goes one key up, where a value contradicts its neighbour.
    """
    around: list[Any] = [values]
    path: list[str | int] = []
    for part in loc:
        here = around[-1]
        if part == "..":
            around.pop()
            path.pop()
        elif has(here, part):
            around.append(here[part])
            path.append(part)
        elif here == part:  # a bare name stands for a mapping without settings
            around.append(None)
            path.append(part)
    return tuple(path)


def has(values: Any, part: str | int) -> bool:
    """Whether a mapping has a key, or a list a position."""
    if isinstance(values, list):
        return isinstance(part, int) and part < len(values)
    return isinstance(values, Mapping) and part in values


def path_text(path: Path) -> str:
    """A path as a text, list indices counted from 1.

    Examples
    --------
    >>> path_text(("steps", 0, "gaussian", "sigma"))
    'steps.1.gaussian.sigma'
    """
    return ".".join(key_text(part) for part in path)


def key_text(part: str | int) -> str:
    """A key, quoted where it is not a plain word."""
    if isinstance(part, int):
        return str(part + 1)
    plain = part.isprintable() and part and not set(part) & set(" .:'\"")
    cut = part if len(part) <= 60 else f"{part[:60]}..."
    return cut if plain else repr(cut)
