"""Options that hold for all public functions and methods."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from volconv.errors import KindError, did_you_mean

__all__ = ["refuses_missing_dims", "set_options"]

MISSING_DIMS = ("pass", "raise")
"""What becomes of a Dataset's variables that lack a dimension."""

chosen = {"missing_dims": "pass"}
"""What is chosen now."""


def set_options(*, missing_dims: str) -> contextlib.AbstractContextManager[None]:
    """Choose options for all functions and methods, from now on or within a ``with``.

    Parameters
    ----------
    missing_dims : str
        What becomes of a Dataset's variables that have dimensions, but lack one that a
        step moves along: ``"pass"``, the default, hands them through as they are,
        ``"raise"`` refuses the Dataset. Variables without any dimension always pass.

    Returns
    -------
    context manager
        Brings what was chosen before back at its end.

    Raises
    ------
    KindError
        If it is none of these.

    Examples
    --------
    >>> import xarray as xr, volconv
    >>> data = xr.Dataset({"a": ("x", [1, 2]), "b": ("t", [3])})
    >>> volconv.box(data, {"x": 2}, padding="valid")["b"].values
    array([3])
    >>> with volconv.set_options(missing_dims="raise"):
    ...     volconv.box(data, {"x": 2})
    Traceback (most recent call last):
    volconv.errors.DimError: variable 'b': got dims ['t']; expected ['x'] among them, \
where missing_dims is 'raise'. Fix: leave it out: dataset.drop_vars('b').
    """
    if missing_dims not in MISSING_DIMS:
        raise KindError(
            "missing_dims",
            repr(missing_dims),
            " or ".join(map(repr, MISSING_DIMS)),
            did_you_mean(str(missing_dims), MISSING_DIMS),
        )
    before = dict(chosen)
    chosen["missing_dims"] = missing_dims
    return restoring(before)


@contextlib.contextmanager
def restoring(before: dict[str, str]) -> Iterator[None]:
    """Bring back what was chosen before."""
    try:
        yield
    finally:
        chosen.update(before)


def refuses_missing_dims() -> bool:
    """Whether a Dataset's variables that lack a dimension are refused."""
    return chosen["missing_dims"] == "raise"
