"""Object stores: their URLs, the client that reaches them, and their errors.

What a user must say of a store beside its URL (endpoint, region, credentials) comes from
the environment, by the names that the store's own tools use: ``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS`` and so on.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from volconv.errors import KindError
from volconv.files import is_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = [
    "in_plain_words",
    "is_object_url",
    "normal_url",
    "object_client",
    "split_url",
]

SAME = {"s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az", "azure": "az"}
"""Schemes that are other names of a store."""

SCHEMES = frozenset({"s3", "gs", "az", *SAME})
"""Schemes of the stores that can be listed and written to."""


def is_object_url(path: str) -> bool:
    """Whether a path is the URL of an object store.

    Examples
    --------
    >>> is_object_url("s3://bucket/a.zarr"), is_object_url("/data/a.zarr")
    (True, False)
    """
    return is_url(path) and path.partition("://")[0].lower() in SCHEMES


def normal_url(url: str) -> str:
    """A URL as it is spelt here: one name for each object.

    Examples
    --------
    >>> normal_url("S3A://bucket//x/./y/../a.zarr/")
    's3://bucket/x/a.zarr'
    """
    scheme, bucket, key = split_url(url)
    return f"{scheme}://{bucket}/{key}".rstrip("/")


def split_url(url: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of an object store's URL."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    bucket, _, key = rest.partition("/")
    key = posixpath.normpath("/" + key).strip("/")
    return SAME.get(scheme, scheme), bucket, key


@lru_cache(maxsize=32)
def object_client(url: str) -> ObjectStore:
    """The client of everything below a URL.

    Raises
    ------
    KindError
        If the library is missing.
    """
    if find_spec("obstore") is None:
        raise KindError(
            url,
            "the URL of an object store, and no library that reaches it",
            "the package obstore",
            "pip install obstore",
        )
    from obstore.store import from_url

    options: Any = {}
    endpoints = [os.environ.get(f"AWS_ENDPOINT{end}", "") for end in ("", "_URL")]
    if any(each.startswith("http://") for each in endpoints):
        options["client_options"] = {"allow_http": True}
    with in_plain_words(url):
        return from_url(normal_url(url), **options)


@contextmanager
def in_plain_words(where: str) -> Iterator[None]:
    """Tell a client's errors as those of the operating system, with their first line.

    Raises
    ------
    PermissionError
        If the store does not let us.
    FileNotFoundError
        If the object, or the bucket, is not there.
    OSError
        From anything else, after the client has tried it several times.
    """
    from obstore import exceptions

    try:
        yield
    except (
        exceptions.PermissionDeniedError,
        exceptions.UnauthenticatedError,
    ) as error:
        raise PermissionError(errno.EACCES, first_line(error), where) from error
    except exceptions.NotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, first_line(error), where) from error
    except exceptions.BaseError as error:
        raise OSError(errno.EIO, first_line(error), where) from error


def first_line(error: BaseException) -> str:
    """What an error says, without the client's inner state."""
    return str(error).partition("\n")[0].strip()
