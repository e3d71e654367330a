"""Which engine: from the kernel, the window and the numbers, never from a block's shape.

So the choice, and with it the bits of a result, cannot depend on how an array is cut.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from volconv.errors import NumberError, did_you_mean

__all__ = ["ENGINES", "Choice", "check_engine", "choose_engine"]

ENGINES = ("auto", "direct", "separable", "reference")
"""Names of the engines, and of the choice among them."""

# Nanoseconds of one thread for an output of a float32 block that lies in the cache,
# measured 2026-11 on an AMD Zen 4 by scripts/measure_engines.py. Only their ratios count;
# reading the block costs every engine the same, and is left out.
DIRECT_TAP = 0.019
SEPARABLE_TAP = 0.027
SEPARABLE_PASS = 0.15


@dataclass(frozen=True)
class Choice:
    """An engine, and why.

    Parameters
    ----------
    engine : str
        One of `ENGINES` but ``auto``.
    why : str
        For people.
    """

    engine: str
    why: str


def choose_engine(
    engine: str,
    taps: int,
    factors: Sequence[int] | None,
    strides: Sequence[int],
    compute: str,
) -> Choice:
    """The engine of a kernel.

    Parameters
    ----------
    engine : str
        What the user asked for.
    taps : int
        Taps whose weight is not zero.
    factors : sequence of int, optional
        Taps of each factor, in the order of the passes; None for a kernel that is not
        a product of factors.
    strides : sequence of int
        The stride along the axis of each factor.
    compute : str
        dtype of the arithmetic.

    Raises
    ------
    NumberError
        If the engine is unknown, or does not take such a kernel or such numbers.

    Examples
    --------
    >>> choose_engine("auto", 729, [9, 9, 9], [1, 1, 1], "float32").engine
    'separable'
    >>> choose_engine("auto", 27, [3, 3, 3], [1, 1, 1], "float32").engine
    'direct'
    """
    check_engine(engine)
    if engine == "reference":
        return Choice(engine, "by the definition, slowly, as asked")
    if compute.startswith(("int", "uint")):
        if engine == "separable":
            raise NumberError(
                "engine",
                f"'separable' for {compute} arithmetic",
                "float or complex arithmetic",
                "use engine='auto', or a float kernel",
            )
        return Choice("direct", f"{taps} taps, exact {compute} sums")
    if factors is None or len(factors) < 2:
        if engine == "separable":
            raise NumberError(
                "engine",
                "'separable' for a kernel that is not a product of factors",
                "one factor for each of several dimensions",
                "use engine='auto'",
            )
        shape = (
            "that are no product of factors"
            if factors is None
            else "along one dimension"
        )
        return Choice("direct", f"{taps} taps {shape}")
    direct = DIRECT_TAP * max(1, taps)
    separable = separable_cost(factors, strides)
    by_cost = "separable" if separable < direct else "direct"
    chosen = by_cost if engine == "auto" else engine
    passes = " + ".join(map(str, factors))
    return Choice(
        chosen,
        f"{taps} taps, or {passes} in passes: about {separable / direct:.2g} times the "
        "work in passes",
    )


def check_engine(engine: str) -> None:
    """Refuse an unknown engine.

    Raises
    ------
    NumberError
        Naming the nearest that is known.
    """
    if engine not in ENGINES:
        raise NumberError(
            "engine",
            repr(engine),
            f"one of {', '.join(ENGINES)}",
            did_you_mean(str(engine), ENGINES),
        )


def separable_cost(factors: Sequence[int], strides: Sequence[int]) -> float:
    """Cost of an output in passes: early ones make what later strides leave out."""
    later = [math.prod(strides[number + 1 :]) for number in range(len(strides))]
    taps = sum(count * more for count, more in zip(factors, later, strict=True))
    return SEPARABLE_PASS * len(factors) + SEPARABLE_TAP * taps
