"""The outputs of a run: which kind each is, and whether it may be written."""

from __future__ import annotations

import contextlib
import os.path
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from volconv.errors import OutputError, StorageError
from volconv.files import absolute, in_words, is_url, lies_with
from volconv.io.objects import is_object_url, normal_url, placed_url
from volconv.run.target import Target

if TYPE_CHECKING:
    from volconv.run.folder import FolderTarget

__all__ = ["check_apart", "locked", "storing", "target_of"]


def target_of(path: str) -> Target:
    """The target that a path or URL names.

    Raises
    ------
    OutputError
        If it is a URL of something that cannot be written to.
    """
    if is_object_url(path):
        from volconv.run.bucket import BucketTarget

        return BucketTarget(normal_url(path))
    if is_url(path):
        raise OutputError(
            "output.path",
            repr(path),
            "a folder, or the URL of an object store (s3://, gs://, az://)",
            "write to one of these, then copy it",
        )
    return folder_target(path)


def folder_target(path: str) -> FolderTarget:
    """The target that a path names.

    Raises
    ------
    OutputError
        If it is relative to a folder that is no longer there.
    """
    from volconv.run.folder import FolderTarget

    return FolderTarget(absolute(path, OutputError, "output.path"))


@contextlib.contextmanager
def locked(targets: Mapping[int, Target]) -> Iterator[None]:
    """Hold all outputs for one run."""
    with contextlib.ExitStack() as stack:
        for target in targets.values():
            stack.enter_context(target.locked())
        yield


def storing(target: Target) -> contextlib.AbstractContextManager[None]:
    """A block that writes at an output, whose store's faults come out in words.

    They are `StorageError`.
    """
    return in_words(
        StorageError,
        target.where,
        "a store that can be written",
        "mend it, then run again: what is done is kept",
    )


def check_apart(source: str, outputs: Sequence[str], name: str = "the input") -> None:
    """Refuse an output that is the input or another output, lies in it, or holds it.

    Of a folder so is what lies beside it until it is complete.

    Parameters
    ----------
    source : str
        Path of what is read.
    outputs : sequence of str
        Paths of what is written.
    name : str
        What is read, for errors.

    Raises
    ------
    OutputError
    """
    others = [(name, source)]
    for output in outputs:
        places = places_of(output)
        for (whose, path), place in product(others, places):
            if lies_with(whole_path(path), whole_path(place)):
                through = "" if place == output else f" written in {place!r},"
                raise OutputError(
                    "output.path",
                    f"{output!r},{through} which is, holds or lies in {whose} {path!r}",
                    f"an output apart from {name} and from what is saved",
                    "choose another path",
                )
        others += [("the output", place) for place in places]


def places_of(output: str) -> list[str]:
    """Where an output lies, and where a folder is written."""
    if is_url(output):
        return [output]
    return [output, str(folder_target(output).partial)]


def whole_path(path: str) -> PurePosixPath | Path:
    """A path or URL with one spelling for each place; these two never lie in another."""
    if is_object_url(path):
        return PurePosixPath(placed_url(path))
    if is_url(path):
        return PurePosixPath(path)
    return Path(os.path.realpath(path))  # resolve() raises for a link to itself
