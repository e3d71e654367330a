"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2).

YAML 1.1, which many loaders still read, makes false of ``no``, 5400 of ``1:30:00``,
8 of ``010``, a date of ``2026-01-01`` and a text of ``1e-3``.
"""

from __future__ import annotations

import re

__all__ = ["Scalar", "plain_scalar"]

Scalar = str | int | float | bool | None

WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
DECIMAL = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def plain_scalar(text: str) -> Scalar:
    """The value of a scalar without quotes.

    Raises
    ------
    OverflowError
        If it is a number beyond those of float64.

    Examples
    --------
    >>> [plain_scalar(text) for text in ("no", "1e-3", "1:30", "010", "1.2 mm")]
    ['no', 0.001, '1:30', 10, '1.2 mm']
    """
    if text in WORDS:
        return WORDS[text]
    if INFINITY.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    for pattern, base in ((DECIMAL, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            if len(text) > 256:
                raise OverflowError(text)
            return int(text, base)
    if FLOAT.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise OverflowError(text)
        return number
    return text
