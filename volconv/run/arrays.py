"""Arrays that the steps of a configuration name by file, read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.errors import InputError, NumberError, did_you_mean
from volconv.io.arrays import READERS, Arrays
from volconv.steps.files import ArrayFile

__all__ = ["ArrayReader"]


def onnx_tensors(path: str) -> Arrays:
    """The constants of an ONNX file, those of its nodes included."""
    # it brings all that a network may have
    from volconv.network import read_constants

    found = read_constants(path)
    return Arrays(tuple(found), found.__getitem__)


ALL_READERS: Mapping[str, Callable[[str], Arrays]] = {**READERS, ".onnx": onnx_tensors}


@dataclass(frozen=True)
class ArrayReader:
    """Reads arrays, each file opened once."""

    opened: dict[str, Arrays] = field(default_factory=dict)

    def __call__(self, file: ArrayFile) -> NDArray[Any]:
        """The array that a configuration names.

        Raises
        ------
        InputError
            If there is no such file, or no such array in it.
        NumberError
            If the array holds no numbers, or such as NumPy does not compute with.
        KindError
            If the package that reads the file is not installed.
        """
        if file.path not in self.opened:
            opener = ALL_READERS[PurePath(file.path).suffix.lower()]
            self.opened[file.path] = opener(file.path)
        arrays = self.opened[file.path]
        name = self.name_in(arrays, file)
        where = f"{file.path}, {name}" if name else file.path
        return numbers_in(where, arrays.read(name))

    def name_in(self, arrays: Arrays, file: ArrayFile) -> str:
        """The name of the one array that is meant."""
        names = arrays.names
        if file.name in names:
            return file.name
        if file.name is None and len(names) == 1:
            return names[0]
        if names == ("",):
            got, expected = f"name {file.name!r}", "no name: the file has one array"
            raise InputError(file.path, got, expected, "leave name out")
        if file.name is None:
            raise InputError(
                file.path,
                f"{len(names)} arrays and no name",
                f"the name of one of them ({listed(names)})",
                "say it: name",
            )
        raise InputError(
            file.path,
            f"no array {file.name!r}",
            f"one of {listed(names)}",
            did_you_mean(file.name, names),
        )


SHOWN = 8
"""Most names that an error lists: arbitrary, about what a line holds."""


def listed(names: tuple[str, ...]) -> str:
    """The names, or the first of them."""
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN]) or 'none'}{rest}"


def numbers_in(where: str, values: NDArray[Any]) -> NDArray[Any]:
    """The values in a dtype that NumPy computes with; bfloat16 as float32, exactly.

    Raises
    ------
    NumberError
    """
    if values.dtype.name == "bfloat16":
        return values.astype("float32")
    if values.dtype.kind not in "iufc":
        raise NumberError(
            where,
            f"dtype {values.dtype}",
            "integers, floats of 16 to 64 bits or bfloat16, or complex numbers",
        )
    return np.asarray(values)
