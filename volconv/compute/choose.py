"""Which engine: from the kernel and the numbers alone, never from a block's shape."""

from __future__ import annotations

from volconv.errors import NumberError, did_you_mean

__all__ = ["ENGINES", "choose_engine"]

ENGINES = ("auto", "direct", "separable", "reference")
"""Names of the engines, and of the choice among them."""


def choose_engine(engine: str, factors: int) -> str:
    """The engine of a kernel.

    Parameters
    ----------
    engine : str
        What the user asked for.
    factors : int
        Factors that the kernel is known by; 1 for one that is not separable.

    Raises
    ------
    NumberError
        If the engine is unknown, or does not take such a kernel.

    Examples
    --------
    >>> choose_engine("auto", factors=3)
    'separable'
    """
    if engine not in ENGINES:
        raise NumberError(
            "engine",
            repr(engine),
            f"one of {', '.join(ENGINES)}",
            did_you_mean(str(engine), ENGINES),
        )
    if engine == "separable" and factors == 1:
        raise NumberError(
            "engine",
            "'separable' for a kernel that is not known by its factors",
            "a gaussian or box over several dimensions",
            "use engine='auto'",
        )
    if engine == "auto":
        return "separable" if factors > 1 else "direct"
    return engine
