"""Object stores: their URLs, the client that reaches them, and their errors.

What a user must say of a store beside its URL (endpoint, region, credentials) comes from
the environment, by the names that the store's own tools use: ``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS`` and so on.
"""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from volconv.errors import KindError
from volconv.files import is_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = [
    "in_plain_words",
    "is_key",
    "is_object_url",
    "normal_url",
    "object_client",
    "placed_url",
    "split_url",
    "tries",
    "waited",
    "waited_all",
]

Value = TypeVar("Value")

SAME = {"s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az", "azure": "az"}
"""Schemes that are other names of a store."""

SCHEMES = frozenset({"s3", "gs", "az", *SAME})
"""Schemes of the stores that can be listed and written to."""

BUCKET = re.compile(r"[\w.$-]+", re.ASCII)
"""Names of buckets."""

CONTAINER = re.compile(rf"({BUCKET.pattern}@)?{BUCKET.pattern}", re.ASCII)
"""Those of Azure, where an account's host may follow."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that no key may have."""

ENDPOINTS = {
    "s3": ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    "az": ("AZURE_STORAGE_ENDPOINT",),
}
"""Variables that name the server, by the store's scheme."""

ACCOUNT = "AZURE_STORAGE_ACCOUNT_NAME"
"""The variable that names Azure's account, where the URL does not."""

OWN_CREDENTIALS = ("169.254.169.254", "metadata.google.internal")
"""Where a machine of a cloud tells its own credentials, asked where there are no others."""

HEED = 0.5
"""Seconds after which a wait looks whether Ctrl-C was pressed: arbitrary."""

LONGEST = timedelta(seconds=30)
"""Time that a request takes at most; the client goes on with an answer that takes more."""

SENDING = timedelta(minutes=5)
"""The same where an object is sent, or a part of one, which cannot be gone on with."""

TRIES = 3
"""Times that a listing is asked for: the client tries no more once an answer begins."""


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

    Raises
    ------
    KindError
        As for `split_url`.

    Examples
    --------
    >>> normal_url("S3A://bucket/x/50%#a.zarr/")
    's3://bucket/x/50%#a.zarr'
    """
    scheme, bucket, key = split_url(url)
    return f"{scheme}://{bucket}/{key}".rstrip("/")


def placed_url(url: str) -> str:
    """A URL with one spelling for each place, as far as the environment tells it.

    Azure's account may be said in the URL, with one of its hosts, or there.

    Examples
    --------
    >>> placed_url("abfss://box@Me.dfs.core.windows.net/a.zarr")
    'az://box@me/a.zarr'
    """
    scheme, bucket, key = split_url(url)
    if scheme == "az":
        container, _, host = bucket.partition("@")
        name = (host or os.environ.get(ACCOUNT, "")).partition(".")[0]
        bucket = f"{container}@{name.lower()}"
    return f"{scheme}://{bucket}/{key}"


def split_url(url: str) -> tuple[str, str, str]:
    """Scheme, bucket and key of an object store's URL; the key is taken as it stands.

    Raises
    ------
    KindError
        If the bucket cannot be one, or the key has parts that no client keeps.
    """
    scheme, _, rest = url.partition("://")
    scheme = SAME.get(scheme.lower(), scheme.lower())
    bucket, _, key = rest.partition("/")
    if not (CONTAINER if scheme == "az" else BUCKET).fullmatch(bucket):
        is_secret = {"@", ":"} & set(bucket)
        raise KindError(
            f"{scheme}://..." if is_secret else repr(url),
            "a user or a port in a URL" if is_secret else f"the bucket {bucket!r}",
            f"{scheme}://BUCKET/KEY, the bucket in letters, digits, '.', '-' and '_'",
            "endpoint and credentials come from the environment" if is_secret else "",
        )
    given, key = bool(key), key.removesuffix("/")
    if given and not is_key(key):
        raise KindError(
            repr(url),
            f"the key {key!r}",
            "parts that are not empty, '.' or '..', without control characters",
            "spell the key as the store lists it",
        )
    return scheme, bucket, key


def is_key(key: str) -> bool:
    """Whether a text can be a key: its parts are those of a path that leads down.

    Examples
    --------
    >>> is_key("x/c/0"), is_key("x/../y"), is_key("/x")
    (True, False, False)
    """
    return not ({"", ".", ".."} & set(key.split("/")) or CONTROL.search(key))


@lru_cache(maxsize=32)
def object_client(url: str, *, sends: bool = False) -> ObjectStore:
    """The client of everything below a URL.

    Parameters
    ----------
    url : str
        As `normal_url` spells it.
    sends : bool
        Whether it sends objects, which takes long where they are large.

    Raises
    ------
    KindError
        If the library is missing, or the environment says no account or server.
    """
    if find_spec("obstore") is None:
        raise KindError(
            url,
            "the URL of an object store, and no library that reaches it",
            "the package obstore",
            "pip install obstore",
        )
    from obstore.store import from_url

    scheme, bucket, key = split_url(url)
    for name in ENDPOINTS.get(scheme, ()):
        check_endpoint(name)
    longest = SENDING if sends else LONGEST
    # an endpoint says whether it is http
    options: Any = {"client_options": {"allow_http": True, "timeout": longest}}
    if scheme == "az" and "@" not in bucket:
        options["account_name"] = account(url)
    # of az:// an old client drops the key
    spelt = "abfs" if scheme == "az" else scheme
    with in_plain_words(url):
        return from_url(f"{spelt}://{bucket}/{quote(key)}", **options)


def check_endpoint(name: str) -> None:
    """Refuse a variable that names no server, of which the client dies.

    Raises
    ------
    KindError
    """
    given = os.environ.get(name)
    if not given:
        return
    try:
        parts = urlsplit(given)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_one = False
    if not is_one:
        raise KindError(
            name,
            repr(given),
            "a URL with http:// or https://",
            f"http://{given}, or https://" if "://" not in given else "",
        )


def account(url: str) -> str:
    """The account that the environment names; the client does not find it there.

    Raises
    ------
    KindError
        If it names none.
    """
    found = os.environ.get(ACCOUNT)
    if not found:
        raise KindError(url, "no account", f"its name in {ACCOUNT}", f"set {ACCOUNT}")
    return found


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
    except (FileNotFoundError, exceptions.BaseError) as error:
        kind, number = kind_of(error)
        raise kind(number, first_line(error), where) from error


def waited(call: Callable[[], Value], *, writes: bool = False) -> Value:
    """What a call of the client brings; signals are heeded meanwhile.

    The client heeds none while it waits for a store, perhaps for minutes, and they come to
    the main thread: there another one makes the call. Ctrl-C does not wait for one that
    reads. For one that writes it does: that would go on where the run no longer holds the
    output.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    found: Future[Value] = Future()
    try:
        start(call, found)
        wait_heeding(found)
    except KeyboardInterrupt:
        if writes and not found.cancel():
            wait_heeding(found)
        raise
    return found.result()


def waited_all(calls: Iterable[Callable[[], Value]]) -> list[Value]:
    """What some calls that read bring, made beside each other; signals are heeded.

    No pool makes them: a process waits for the threads of one before it ends.
    """
    found: list[Future[Value]] = []
    for call in calls:
        found.append(Future())
        start(call, found[-1])
    for each in found:
        wait_heeding(each)
    return [each.result() for each in found]


def start(call: Callable[[], Value], found: Future[Value]) -> None:
    """Have another thread make a call, for which no process waits as it ends."""

    def work() -> None:
        if not found.set_running_or_notify_cancel():
            return
        try:
            found.set_result(call())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=work, daemon=True).start()


def wait_heeding(found: Future[Any]) -> None:
    """Wait until a call has ended; a signal that comes as a wait begins does not end it."""
    while not found.done():
        wait([found], timeout=HEED)


def tries(where: str) -> Iterator[AbstractContextManager[None]]:
    """The same for some tries of a listing; in the last one nothing passes."""
    for left in reversed(range(TRIES)):
        yield a_try(where, is_last=not left)


@contextmanager
def a_try(where: str, *, is_last: bool) -> Iterator[None]:
    """A block whose error passes if another try may mend it, and there is one."""
    try:
        with in_plain_words(where):
            yield
    except OSError as error:
        if is_last or error.errno != errno.EIO:
            raise


def kind_of(error: Exception) -> tuple[type[OSError], int]:
    """What a client's error is to the operating system.

    Of a listing the client tells no kinds, but the answer's status in its text. What
    else has a status there may be no answer of the store: of who gives credentials.
    """
    from obstore import exceptions

    said = re.search(r"performing list request.*status code: (\d+)", str(error))
    status = said[1] if said else ""
    denied = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    if isinstance(error, denied) or status in ("401", "403"):
        return PermissionError, errno.EACCES
    if isinstance(error, FileNotFoundError) or status == "404":
        return FileNotFoundError, errno.ENOENT
    return OSError, errno.EIO


def first_line(error: BaseException) -> str:
    """What an error says, and the store in it, without the client's inner state."""
    text = str(error).partition("\n\nDebug source:")[0]
    said = re.search("<Message>(.*?)</Message>", text, re.DOTALL)
    words = re.split(r"\n|<\?xml|<Error", text.strip())[0].rstrip(" :")
    if any(host in words for host in OWN_CREDENTIALS):
        words += (
            " (the machine was asked, for the environment has no credentials; a public "
            "bucket needs none, with AWS_, GOOGLE_ or AZURE_SKIP_SIGNATURE=true)"
        )
    return f"{words}: {' '.join(said[1].split())}" if said else words
