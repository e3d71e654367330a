"""Files of arrays, opened: the names in them, and each array when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from volconv.errors import InputError
from volconv.files import opening, require_packages

__all__ = ["READERS", "Arrays", "numpy_array", "numpy_arrays", "safe_tensors"]


@dataclass(frozen=True)
class Arrays:
    """The arrays of a file.

    Parameters
    ----------
    names : tuple of str
        What they are called; one empty name where the file has none.
    read : callable
        Gives the array of a name.
    """

    names: tuple[str, ...]
    read: Callable[[str], NDArray[Any]]


def numpy_array(path: str) -> Arrays:
    """The array of a file as `numpy.save` writes it.

    Raises
    ------
    InputError
        If it is not there, is none, or holds Python objects.
    """
    expected = "one array of numbers, as numpy.save writes it"
    with numpy_faults(path, expected):
        found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.ndarray):
        found.close()  # a file of several
        raise InputError(path, "a file of another format", expected)
    return Arrays(("",), lambda _: found)


def numpy_arrays(path: str) -> Arrays:
    """The arrays of a file as `numpy.savez` writes it.

    Raises
    ------
    InputError
        As for `numpy_array`.
    """
    expected = "arrays of numbers, as numpy.savez writes them"
    with numpy_faults(path, expected):
        found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.lib.npyio.NpzFile):
        raise InputError(path, "a file of another format", expected)
    found.close()

    def read(name: str) -> NDArray[Any]:
        with numpy_faults(path, expected), np.load(path, allow_pickle=False) as again:
            return np.asarray(again[name])

    return Arrays(tuple(found.files), read)


@contextmanager
def numpy_faults(path: str, expected: str) -> Iterator[None]:
    """A block in which numpy reads a file, without running what it holds."""
    with opening(path, expected, ValueError, BadZipFile, EOFError):
        try:
            yield
        except ValueError as error:
            if not str(error).startswith("Object arrays"):
                raise
            got = "Python objects, which are code to be run"
            raise InputError(path, got, expected) from None


def safe_tensors(path: str) -> Arrays:
    """The arrays of a file of safetensors.

    Raises
    ------
    InputError
        If it is not there, or is none.
    KindError
        If a package that reads it is missing.
    """
    packages = ("safetensors", "ml_dtypes")  # the latter has NumPy's bfloat16
    require_packages(path, "a file of safetensors", *packages)
    import ml_dtypes  # noqa: F401
    from safetensors import SafetensorError, safe_open

    expected = "a file of safetensors"
    with opening(path, expected, SafetensorError):
        found: Any = safe_open(path, framework="np")

    def read(name: str) -> NDArray[Any]:
        with opening(path, expected, SafetensorError):
            return np.asarray(found.get_tensor(name))

    return Arrays(tuple(found.keys()), read)


READERS: Mapping[str, Callable[[str], Arrays]] = {
    ".npy": numpy_array,
    ".npz": numpy_arrays,
    ".safetensors": safe_tensors,
}
"""What opens a file, by how its name ends."""
