"""Which engine: from the kernel, the window and the numbers, never from a block's shape.

So the choice, and with it the bits of a result, cannot depend on how an array is cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from volconv.compute.fft_lengths import best_tile
from volconv.errors import NumberError, did_you_mean

__all__ = ["ENGINES", "Choice", "check_engine", "choose_engine"]

ENGINES = ("auto", "direct", "separable", "fft", "reference")
"""Names of the engines, and of the choice among them."""

# Nanoseconds of one thread for an output of a float32 block that lies in the cache,
# measured 2026-11 on an AMD EPYC (Zen 3) by scripts/measure_engines.py. Only their
# ratios count; reading the block costs every engine the same, and is left out. Boxes are
# cheaper in passes than this says, where passes are chosen anyway.
DIRECT_TAP = 0.0238
SEPARABLE_TAP = 0.05
SEPARABLE_PASS = 0.21

# A transform must be so many times cheaper than sums: its results are the same within a
# bound however an array is cut, those of sums to the last bit.
WORTH = 2.0
# Nanoseconds that no output by transforms goes below: there and back alone.
CHEAPEST = 2.0
# Windows that are transformed; the taps of further ones are summed one by one.
TRANSFORMED = 3


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
    windows: Sequence[tuple[int, int]],
    box: int | None = None,
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
    windows : sequence of (int, int)
        Taps along each axis that has more than one, and the stride in units of the
        dilation: what is left of both when their common divisor is taken out.
    box : int, optional
        Operations for an output of a kernel along one axis whose taps have one weight,
        if it can be summed by doubling.

    Raises
    ------
    NumberError
        If the engine is unknown, or does not take such a kernel or such numbers.

    Examples
    --------
    >>> windows = [(9, 1)] * 3
    >>> choose_engine("auto", 729, [9, 9, 9], [1, 1, 1], "float32", windows).engine
    'separable'
    >>> choose_engine("auto", 729, None, [], "float32", windows).engine
    'fft'
    >>> choose_engine("auto", 27, None, [], "float32", [(3, 1)] * 3).engine
    'direct'
    """
    check_engine(engine)
    if engine == "reference":
        return Choice(engine, "by the definition, slowly, as asked")
    if compute.startswith(("int", "uint")):
        if engine in {"separable", "fft"}:
            raise NumberError(
                "engine",
                f"{engine!r} for {compute} arithmetic",
                "float or complex arithmetic",
                "use engine='auto', or a float kernel",
            )
        return Choice("direct", f"{taps} taps, exact {compute} sums")
    costs = {"direct": DIRECT_TAP * max(1, taps)}
    if box is not None:
        costs["separable"] = SEPARABLE_PASS + DIRECT_TAP * box
    elif factors is not None and len(factors) > 1:
        costs["separable"] = separable_cost(factors, strides)
    elif engine == "separable":
        raise NumberError(
            "engine",
            "'separable' for a kernel that is not a product of factors",
            "one factor for each of several dimensions, or one weight along one",
            "use engine='auto'",
        )
    sums = min(costs, key=costs.__getitem__)
    if windows and (engine == "fft" or costs[sums] > WORTH * CHEAPEST):
        costs["fft"] = fft_cost(windows)
    chosen = engine
    if engine == "auto":
        is_worth = costs.get("fft", math.inf) * WORTH < costs[sums]
        chosen = "fft" if is_worth else sums
    if chosen != "fft" and costs.get("fft", math.inf) > costs["direct"]:
        costs.pop("fft", None)
    return Choice(chosen, reason(taps, factors, costs, box))


def reason(
    taps: int,
    factors: Sequence[int] | None,
    costs: Mapping[str, float],
    box: int | None,
) -> str:
    """What the engines cost, for people."""
    said = f"{taps} taps"
    share = costs.get("separable", 0) / costs["direct"]
    if box is not None and "separable" in costs:
        said += (
            " of one weight along one dimension; "
            f"about {share:.2g} times the work by doubling"
        )
    elif "separable" in costs:
        assert factors is not None
        passes = " + ".join(map(str, factors))
        said += f", or {passes} in passes: about {share:.2g} times the work in passes"
    elif factors is None:
        said += " that are no product of factors"
    else:
        said += " along one dimension"
    if "fft" in costs:
        share = costs["fft"] / costs["direct"]
        said += f"; about {share:.2g} times by transforms"
    return said


def check_engine(
    engine: object, known: Sequence[str] = ENGINES, what: str = ""
) -> None:
    """Refuse an unknown engine, `what` telling of what they are the engines.

    Raises
    ------
    NumberError
        Naming the nearest that is known.
    """
    if not isinstance(engine, str) or engine not in known:
        raise NumberError(
            "engine",
            repr(engine),
            f"one of {', '.join(known)}{what}",
            did_you_mean(str(engine), known),
        )


def separable_cost(factors: Sequence[int], strides: Sequence[int]) -> float:
    """Cost of an output in passes: early ones make what later strides leave out."""
    later = [math.prod(strides[number + 1 :]) for number in range(len(strides))]
    taps = sum(count * more for count, more in zip(factors, later, strict=True))
    return SEPARABLE_PASS * len(factors) + SEPARABLE_TAP * taps


def fft_cost(windows: Sequence[tuple[int, int]]) -> float:
    """Cost of an output by transforms of tiles."""
    sums = math.prod(size for size, _ in windows[:-TRANSFORMED])
    sizes, strides = zip(*windows[-TRANSFORMED:], strict=True)
    return sums * best_tile(sizes, strides).nanoseconds
