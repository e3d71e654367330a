"""Digests that tell an input from another one, or from itself after a change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from volconv.files import is_url, is_web_url
from volconv.io.bucket import METADATA, Bucket
from volconv.io.objects import is_object_url, normal_url
from volconv.io.place import Content

__all__ = ["chunks_digest", "content_digest", "holds_chunks", "text_digest"]


def content_digest(content: Content) -> str:
    """A digest of bytes."""
    return hashlib.sha256(content).hexdigest()


def text_digest(value: Mapping[Any, object]) -> str:
    """A digest of a mapping's text, its keys sorted."""
    return lines_digest(sorted(f"{key}: {item!r}" for key, item in value.items()))


def lines_digest(lines: Iterable[str]) -> str:
    """A digest of lines."""
    return content_digest("\n".join(lines).encode())


def chunks_digest(path: str, variable: str) -> str:
    """A digest of names, sizes and times (or tags) of an array's objects.

    Behind a web server nobody lists them: it is one of the metadata alone.
    """
    if is_object_url(path):
        place = Bucket(normal_url(path))
        listed = place.listed(variable) or place.listed()
        return lines_digest(
            f"{key} {told['size']} {told['e_tag']}"
            for key, told in sorted(listed.items())
        )
    if is_web_url(path):
        from volconv.io.web import metadata_told

        return lines_digest(metadata_told(path, variable))
    if is_url(path):
        return "not looked at"
    digest = hashlib.sha256()
    for parts, file in sorted(files_of(path, variable)):
        line = f"{'/'.join(parts)} {file.st_size} {file.st_mtime_ns}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def holds_chunks(path: str, variable: str) -> bool:
    """Whether objects of an array are there beside its metadata, as far as can be told.

    The first one tells: the others are not looked for.
    """
    if is_object_url(path):
        items = Bucket(normal_url(path)).items(variable)
        names = (item["path"].rpartition("/")[2] for item in items)
    elif is_url(path):
        return True
    else:
        names = (parts[-1] for parts, _ in files_of(path, variable))
    return any(name not in METADATA for name in names)


def files_of(
    path: str, variable: str
) -> Iterator[tuple[tuple[str, ...], os.stat_result]]:
    """The files of an array in a folder, or of the folder if the array is all of it."""
    root = Path(path)
    if (root / variable).is_dir():
        root = root / variable
    return files_below(str(root)) if root.is_dir() else iter(())


def files_below(
    folder: str, parts: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], os.stat_result]]:
    """The files of a folder and of all below it: the parts of their paths, and a look.

    Plain names rather than paths as objects: a volume has many thousands of chunks.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            here = (*parts, entry.name)
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(entry.path, here)
            elif entry.is_file():
                yield here, entry.stat()
