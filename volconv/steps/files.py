"""Files that a configuration names in the place of what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, Discriminator, Field, StrictStr, Tag

from volconv.errors import InputError
from volconv.steps.fields import PathText
from volconv.steps.model import SettingsModel, refusing

__all__ = ["ARRAY_FILES", "ArrayFile", "Named", "OrFile", "is_file", "with_files"]

ARRAY_FILES = (".npy", ".npz", ".safetensors", ".onnx")
"""How files of arrays end."""

MENDS: Mapping[str, str] = {
    **dict.fromkeys(
        (".pt", ".pth", ".ckpt", ".bin"),
        "write the state_dict by safetensors.torch.save_file",
    ),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), "write the arrays by numpy.savez"),
}
"""What to do about other files that often hold weights."""

Value = TypeVar("Value")


class Named(SettingsModel):
    """Something in a file of its own."""

    path: PathText
    """The file, relative to this one or absolute."""

    def located(self, locate: Callable[[str], str]) -> Self:
        """The same with its path as `locate` gives it."""
        return self.model_copy(update={"path": locate(self.path)})


def read_array_path(path: str) -> str:
    """The path, if its ending is that of a file of arrays.

    Raises
    ------
    InputError
    """
    ending = PurePosixPath(path).suffix.lower()
    if ending not in ARRAY_FILES:
        expected = f"a file that ends with {', '.join(ARRAY_FILES)}"
        raise InputError("", repr(path), expected, MENDS.get(ending, ""))
    return path


class ArrayFile(Named):
    """An array in a file of NumPy, safetensors or ONNX."""

    path: Annotated[PathText, AfterValidator(refusing(read_array_path))]
    """The file (.npy, .npz, .safetensors or .onnx), relative to this one or absolute."""

    name: Annotated[StrictStr, Field(min_length=1)] | None = None
    """The array's name in a file that has several."""


def is_file(value: object) -> bool:
    """Whether a value names a file, as far as a look at its keys tells."""
    return isinstance(value, ArrayFile) or (
        isinstance(value, Mapping) and "path" in value
    )


OrFile = Annotated[
    Annotated[Value, Tag("inline")] | Annotated[ArrayFile, Tag("in a file")],
    Discriminator(
        lambda value: (
            "in a file" if isinstance(value, ArrayFile | Mapping) else "inline"
        )
    ),
]
"""A value written out, or {path: net.safetensors, name: encoder.0.weight}."""


def with_files(value: Any, change: Callable[[Named], Any]) -> Any:
    """A value with something else in the place of each file that it names.

    Examples
    --------
    >>> file = ArrayFile(path="a.npy")
    >>> with_files((file, 1), lambda found: found.path)
    ('a.npy', 1)
    >>> with_files((file, 1), lambda found: found) == (file, 1)
    True
    """
    if isinstance(value, Named):
        return change(value)
    if isinstance(value, tuple):
        found = tuple(with_files(one, change) for one in value)
        is_same = all(new is old for new, old in zip(found, value, strict=True))
        return value if is_same else found
    if isinstance(value, dict):
        changed = {key: with_files(one, change) for key, one in value.items()}
        is_same = all(changed[key] is value[key] for key in value)
        return value if is_same else changed
    return value
