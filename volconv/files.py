"""Paths that are URLs, and faults of files of other formats, in words."""

from __future__ import annotations

import difflib
import os.path
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path, PurePath

from volconv.errors import InputError, KindError, VolconvError

__all__ = [
    "absolute",
    "in_words",
    "is_url",
    "is_web_url",
    "lies_with",
    "near_path",
    "opening",
    "reading",
    "require_packages",
    "seen_from",
]


def is_url(path: str) -> bool:
    """Whether a path names a remote store rather than a folder or a file."""
    return "://" in path


def is_web_url(path: str) -> bool:
    """Whether a path is the URL of files behind a web server."""
    return path.lower().startswith(("http://", "https://"))


def lies_with(one: str | PurePath, other: str | PurePath) -> bool:
    """Whether two paths are one, or one lies in the other, as they are written.

    Examples
    --------
    >>> lies_with("a/b", "./a"), lies_with("a", "a/../a/c"), lies_with("a", "ab")
    (True, True, False)
    """
    first, second = (PurePath(os.path.normpath(path)) for path in (one, other))
    return first == second or first in second.parents or second in first.parents


def seen_from(path: str, other: str) -> str:
    """A path as it is said in the folder of another, with which it may be moved.

    As it stands where one is a URL, or lies on another drive.

    Examples
    --------
    >>> seen_from("/a/b/saved.zarr", "/a/out.zarr")
    'b/saved.zarr'
    >>> seen_from("s3://a/saved.zarr", "/a/out.zarr")
    's3://a/saved.zarr'
    """
    if is_url(path) or is_url(other):
        return path
    try:
        return PurePath(os.path.relpath(path, PurePath(other).parent)).as_posix()
    except ValueError:
        return path


def absolute(path: str | PurePath, kind: type[VolconvError], where: str) -> Path:
    """A path that does not depend on where it was said; links stay as they are.

    Parameters
    ----------
    path : path
    kind : type
        What is raised.
    where : str
        What a configuration calls the path, for errors.

    Raises
    ------
    VolconvError
        If it is relative to a folder that is no longer there.
    """
    try:
        return Path(os.path.normpath(Path(path).absolute()))
    except FileNotFoundError:
        raise kind(
            where,
            f"{str(path)!r}, relative to a folder that was removed",
            "a path from a folder that is there",
            "change to one",
        ) from None


def near_path(path: Path, is_such: Callable[[Path], bool]) -> str:
    """A suggestion of what lies beside a path that is not there, or an empty text.

    Names are compared without their endings, in which all may be alike.
    """
    try:
        beside = {
            one.stem.casefold(): one for one in path.parent.iterdir() if is_such(one)
        }
    except OSError:
        return ""
    close = difflib.get_close_matches(path.stem.casefold(), beside, n=1)
    return f"did you mean {str(beside[close[0]])!r}?" if close else ""


def require_packages(where: str, what: str, *packages: str) -> None:
    """Refuse a file that no installed library reads.

    Parameters
    ----------
    where : str
        The file, for errors.
    what : str
        What it is.
    *packages : str
        Their names.

    Raises
    ------
    KindError
    """
    for package in packages:
        if find_spec(package) is None:
            raise KindError(
                where,
                f"{what}, and no library that reads it",
                f"the package {package}",
                f"pip install {' '.join(packages)}",
            )


@contextmanager
def opening(path: str, expected: str, *broken: type[Exception]) -> Iterator[None]:
    """A block that opens or reads a file, whose faults come out in words.

    Parameters
    ----------
    path : str
        The file.
    expected : str
        What it should be.
    *broken : type
        Errors of what is no such file.

    Raises
    ------
    InputError
        If it is not there, cannot be read, or is of another format.
    """
    if is_url(path):
        raise InputError(path, "a URL", "a file of this machine", "copy it here")
    try:
        yield
    except VolconvError:
        raise
    except FileNotFoundError:
        raise InputError(path, "no such file", expected) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(path, reason, "a file that can be read") from None
    except broken:
        raise InputError(path, "a file of another format", expected) from None


@contextmanager
def in_words(
    kind: type[VolconvError], where: str, expected: str, fix: str
) -> Iterator[None]:
    """A block that works with a store, whose faults come out in words.

    Parameters
    ----------
    kind : type
        What is raised in the place of the system's errors.
    where : str
        The store.
    expected, fix : str
        What it should be, and how it is mended.

    Raises
    ------
    VolconvError
    """
    try:
        yield
    except VolconvError:
        raise
    except OSError as error:
        at = f" at {error.filename!r}" if error.filename else ""
        raise kind(where, f"{error.strerror or error}{at}", expected, fix) from error


def reading(
    where: str, path: str, kind: type[VolconvError] = InputError
) -> AbstractContextManager[None]:
    """A block that reads of a store, whose faults come out in words.

    Parameters
    ----------
    where : str
        What a configuration calls the store, for errors.
    path : str
        The store's folder or URL.
    kind : type
        What is raised.
    """
    expected = "a store that can be listed and read"
    return in_words(kind, f"{where} {path!r}", expected, "mend it, then run again")
