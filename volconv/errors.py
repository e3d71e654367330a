"""The errors that users see.

Every error answers four questions: where, got what, expected what, and how to mend it.

::

    VolconvError
    ├── GeometryError      ValueError   window, stride, dilation or padding that cannot be
    ├── DimError           ValueError   a dimension that is missing, unknown or repeated
    ├── BoundaryError      ValueError   an unknown boundary, or a fill that does not fit
    ├── KernelError        ValueError   a kernel without taps, with NaN, or with wrong dims
    ├── NumberError        ValueError   a dtype that cannot be used or cannot hold a result
    ├── UnitError          ValueError   a length whose unit is unknown or does not fit
    ├── KindError          TypeError    an argument of a wrong kind
    ├── ConfigError        ValueError   a configuration text with faults, all at once
    ├── InputError         OSError      an input that is not there or cannot be read
    │   └── ConfigFileError             a configuration's file that is not there
    ├── OutputError        OSError      an output that exists, or cannot be written
    │   └── PlanMismatch                an output that was begun by a different plan
    ├── StorageError       OSError      a store that failed while blocks were written
    ├── MemoryPlanError    ValueError   a plan that does not fit the memory limit
    ├── ClusterError       OSError      a scheduler that cannot be reached
    └── RunError           RuntimeError blocks that failed; what is done stays
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BoundaryError",
    "ClusterError",
    "ConfigError",
    "ConfigFileError",
    "DimError",
    "GeometryError",
    "InputError",
    "KernelError",
    "KindError",
    "MemoryPlanError",
    "NumberError",
    "OutputError",
    "PlanMismatch",
    "RunError",
    "StorageError",
    "UnitError",
    "VolconvError",
    "did_you_mean",
]


class VolconvError(Exception):
    """A fault of the user's making, with its mend.

    Parameters
    ----------
    where : str
        The argument, key or file at fault.
    got : str
        What was found there.
    expected : str
        What can be there.
    fix : str, optional
        What to do about it.

    Examples
    --------
    >>> print(GeometryError("stride along 'z'", "0", "a whole number of at least 1"))
    stride along 'z': got 0; expected a whole number of at least 1.
    """

    def __init__(self, where: str, got: str, expected: str, fix: str = "") -> None:
        super().__init__(where, got, expected, fix)
        self.where = where
        self.got = got
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.where}: got {self.got}; expected {self.expected}."
        if not self.fix:
            return text
        stop = "" if self.fix.endswith(("?", ".")) else "."
        return f"{text} Fix: {self.fix}{stop}"


class GeometryError(VolconvError, ValueError):
    """A window, stride, dilation or padding that cannot be."""


class DimError(VolconvError, ValueError):
    """A dimension that is missing, unknown or repeated."""


class BoundaryError(VolconvError, ValueError):
    """An unknown boundary, or a fill value that the data cannot hold."""


class KernelError(VolconvError, ValueError):
    """A kernel without taps, with NaN, or with the wrong dimensions."""


class NumberError(VolconvError, ValueError):
    """A dtype that cannot be used, or that cannot hold the result."""


class UnitError(VolconvError, ValueError):
    """A length whose unit is unknown, missing or does not fit its dimension."""


class KindError(VolconvError, TypeError):
    """An argument of a wrong kind."""


class InputError(VolconvError, OSError):
    """An input that is not there or cannot be read."""

    __str__ = VolconvError.__str__


class ConfigFileError(InputError):
    """A configuration's file that is not there or cannot be read."""


class OutputError(VolconvError, OSError):
    """An output that exists already, or that cannot be written."""

    __str__ = VolconvError.__str__


class PlanMismatch(OutputError):  # noqa: N818
    """An output that was begun by a different plan."""


class StorageError(VolconvError, OSError):
    """A store that failed while blocks were written: a full disk, a lost connection."""

    __str__ = VolconvError.__str__


class MemoryPlanError(VolconvError, ValueError):
    """A plan whose tasks do not fit the memory limit."""


class ClusterError(VolconvError, OSError):
    """A Dask scheduler that cannot be reached, or no longer, or stays without workers."""

    __str__ = VolconvError.__str__


class RunError(VolconvError, RuntimeError):
    """Blocks that failed; the finished ones are kept, and a new run goes on from them."""


class ConfigError(VolconvError, ValueError):
    """A configuration with faults: all of them, in the order of their lines.

    Parameters
    ----------
    path : str
        The configuration's path, or a word for it.
    faults : sequence of str
        One sentence or two for each fault, its line first.
    """

    def __init__(self, path: str, faults: Iterable[str]) -> None:
        self.path = path
        self.faults = tuple(faults)
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__(path, f"{count} {noun}", "a configuration without faults")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.faults)

    def __str__(self) -> str:
        return "\n".join(self.faults)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggestion of the closest known word, or an empty text.

    Examples
    --------
    >>> did_you_mean("lat", ["time", "latitude", "longitude"])
    "did you mean 'latitude'?"
    >>> did_you_mean("longitude", ["lat", "lon"])
    "did you mean 'lon'?"
    >>> did_you_mean("CT", ["ct"])
    "did you mean 'ct'?"
    >>> did_you_mean("qqq", ["time"])
    ''
    """
    names = sorted(set(known))
    begins = [name for name in names if word and name.startswith(word)]
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.55) or begins
    close = close or [name for name in names if name.casefold() == word.casefold()]
    close = close or [name for name in names if name and word.startswith(name)][-1:]
    return f"did you mean {close[0]!r}?" if close else ""
