"""Numbers and words as people read them, and as they write them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from volconv.errors import KindError, did_you_mean

__all__ = [
    "bytes_text",
    "check_word",
    "number_text",
    "parse_bytes",
    "range_text",
    "results_text",
    "tasks_text",
    "text_of",
]

NONE: Mapping[str, str] = MappingProxyType({})

SHOWN = 72
"""Most characters of a value that an error shows: with its place, a terminal's line."""

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}


def bytes_text(nbytes: int) -> str:
    """Bytes in the largest unit that leaves at least one.

    Examples
    --------
    >>> bytes_text(3 * 2**30 // 2), bytes_text(12)
    ('1.5 GiB', '12 B')
    """
    size, unit = float(nbytes), ""
    for unit in UNITS:
        if size < 1024 or unit == "P":
            break
        size /= 1024
    return f"{nbytes} B" if not unit else f"{size:.1f} {unit}iB"


def number_text(number: float) -> str:
    """A cell's value: whole numbers with all digits, as labels need, others short.

    Examples
    --------
    >>> number_text(2000000014.0), number_text(0.1234567), number_text(1e300)
    ('2000000014', '0.123457', '1e+300')
    """
    is_exact = abs(number) <= 2**53 and number == int(number)
    return f"{number:.0f}" if is_exact else f"{number:g}"


def range_text(lowest: float, highest: float, nonfinite: int | None) -> str:
    """What values cells have.

    Examples
    --------
    >>> range_text(0, 0.5, 3)
    'from 0 to 0.5, 3 not finite'
    """
    ends = f"from {number_text(lowest)} to {number_text(highest)}"
    return f"{ends}, {nonfinite} not finite"


def results_text(count: int, nbytes: int) -> str:
    """Results of blocks that tasks share and store, of so many bytes in all, in words.

    Examples
    --------
    >>> results_text(1, 4096), results_text(2, 8192)
    ("4.0 KiB, a block's result", '8.0 KiB, the results of 2 blocks')
    """
    what = "a block's result" if count == 1 else f"the results of {count} blocks"
    return f"{bytes_text(nbytes)}, {what}"


def tasks_text(count: int) -> str:
    """How many tasks, in words.

    Examples
    --------
    >>> tasks_text(1), tasks_text(2)
    ('1 task', '2 tasks')
    """
    return f"{count} task" if count == 1 else f"{count} tasks"


def processes_text(count: int, nbytes: int) -> str:
    """What processes take themselves, in words; one has no tasks where there are more.

    Examples
    --------
    >>> processes_text(0, 2**20), processes_text(2, 2**20)
    ("the process's own 1.0 MiB", 'the own 1.0 MiB of each of 3 processes')
    """
    if not count:
        return f"the process's own {bytes_text(nbytes)}"
    return f"the own {bytes_text(nbytes)} of each of {count + 1} processes"


def parse_bytes(where: str, text: str) -> int:
    """Bytes of a text such as "4GiB", "500 MB" or "1e9".

    Decimal units (kB, MB, GB) are powers of 1000, binary ones (KiB, MiB, GiB) of 1024.

    Raises
    ------
    KindError
        If it is not a size above zero.

    Examples
    --------
    >>> parse_bytes("memory", "4 GiB"), parse_bytes("memory", "2kB")
    (4294967296, 2000)
    """
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kKMGTP]?)(i?)[bB]?\s*", text)
    try:
        number = float(match[1]) if match else 0.0
    except ValueError:
        number = 0.0
    if match is not None:
        power = list(UNITS).index(match[2].upper())
        number *= (1024 if match[3] else 1000) ** power
    if not 1 <= number < math.inf:
        raise KindError(where, repr(text), "a size such as 4GiB or 500MB")
    return int(number)


def text_of(attrs: Mapping[Any, object], key: str) -> str | None:
    """An attribute that is a text; None where it is another value, or is not there.

    Examples
    --------
    >>> text_of({"units": "mm"}, "units"), text_of({"units": ["mm"]}, "units")
    ('mm', None)
    """
    value = attrs.get(key)
    return value if isinstance(value, str) else None


def check_word(
    where: str, value: object, known: Collection[str], mends: Mapping[str, str] = NONE
) -> str:
    """The value, if it is one word of a list.

    Parameters
    ----------
    where : str
        The argument, for errors.
    value : object
        What the user says.
    known : collection of str
        The words.
    mends : mapping of str to str
        What to do about words that others use, where more is to be said than which of
        ours is near.

    Raises
    ------
    KindError

    Examples
    --------
    >>> check_word("per", "unit", ("cell", "unit"))
    'unit'
    >>> check_word("per", "units", ("cell", "unit"))
    Traceback (most recent call last):
    volconv.errors.KindError: per: got 'units'; expected cell or unit. Fix: did you ...?
    """
    if isinstance(value, str) and value in known:
        return value
    text = "nothing" if value is None else repr(value)
    got = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    expected = " or ".join(known) if len(known) == 2 else ", ".join(known)
    fix = ""
    if isinstance(value, str):
        fix = mends.get(value, "") or did_you_mean(value, known)
    raise KindError(where, got, expected, fix)
