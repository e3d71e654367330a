"""Inputs behind web servers: what they answer, in words, and what tells of a change."""

import base64
import os
import threading
import time

import aiohttp
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from tests.servers import CUT, WHOLE, Handler, serving, web_server
from volconv.errors import InputError, KindError
from volconv.geometry import Interval
from volconv.io import ZarrSource, web
from volconv.io.digest import chunks_digest
from volconv.io.web import in_plain_words, web_store

BOX = (Interval(0, 6), Interval(1, 5))

VALUES = np.arange(48, dtype="float32").reshape(6, 8)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Tries after one another."""
    monkeypatch.setattr(web, "WAITS", (0.01,))


@pytest.fixture
def folder(tmp_path):
    """Where servers find a store, with metadata that name all of it or not."""
    labels = {"y": np.arange(6) * 0.5, "x": np.arange(8.0)}
    data = xr.Dataset({"v": (("y", "x"), VALUES)}, labels).chunk(y=3, x=4)
    for name, is_told in (("told.zarr", True), ("bare.zarr", False)):
        data.to_zarr(tmp_path / name, zarr_format=2, consolidated=is_told)
    shards = {"v": {"chunks": (3, 2), "shards": (6, 4)}}
    data.chunk(-1).to_zarr(
        tmp_path / "shards.zarr", zarr_format=3, consolidated=False, encoding=shards
    )
    return tmp_path


def test_a_group_is_read_with_its_labels(folder):
    with web_server(folder) as url:
        source = ZarrSource(f"{url}/told.zarr/")
        assert source.open().coords.y.values.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
        assert_array_equal(source.read(BOX), VALUES[:, 1:5])


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("object_", ["zgroup", "y/0"])
def test_an_answer_that_is_no_object_is_told_in_words(folder, status, object_):
    def fault(method, path):
        return status if path.endswith(object_) else None

    told = pytest.raises(InputError, match=f"the server answers {status}")
    with web_server(folder, fault) as url, told as found:
        ZarrSource(f"{url}/told.zarr").identity()
    is_denied = status in (401, 403)
    assert isinstance(found.value.__cause__, PermissionError) is is_denied


@pytest.mark.parametrize("status", [None, 403, 405])
def test_a_group_that_no_server_lists_tells_the_mend(folder, status):
    def fault(method, path):
        return status if path.rstrip("/").endswith(".zarr") else None

    with web_server(folder, fault) as url:
        path = f"{url}/bare.zarr"
        for variable, name in (None, "NAME"), ("v", "v"):
            with pytest.raises(
                InputError,
                match=rf"lists no arrays.*consolidate_metadata.*input\.path: {path}/{name}",
            ):
                ZarrSource(path, variable).open()
        assert_array_equal(ZarrSource(f"{path}/v").read(BOX), VALUES[:, 1:5])


def test_a_listing_that_fails_is_none_without_arrays(folder):
    def fault(method, path):
        return 503 if path.rstrip("/").endswith(".zarr") else None

    told = pytest.raises(InputError, match="the server answers 503")
    with web_server(folder, fault) as url, told:
        ZarrSource(f"{url}/bare.zarr").open()


def test_shards_are_read_by_parts(folder):
    asked = []

    def fault(method, path):
        asked.append(path)

    with web_server(folder, fault) as url:
        source = ZarrSource(f"{url}/shards.zarr/v")
        source.open()
        asked.clear()
        assert_array_equal(source.read(BOX), VALUES[:, 1:5])
    assert len(asked) > 2


def test_shards_of_a_server_without_parts_are_refused(folder):
    with web_server(folder, lambda *_: WHOLE) as url:
        source = ZarrSource(f"{url}/told.zarr")
        assert_array_equal(source.read(BOX), VALUES[:, 1:5])
        source = ZarrSource(f"{url}/shards.zarr/v")
        with pytest.raises(InputError, match="the server gives no parts of files"):
            source.read(BOX)


def test_a_chunk_that_is_not_found_is_one_of_fill_values(folder):
    (folder / "told.zarr" / "v" / "0.0").unlink()
    with web_server(folder) as url:
        found = ZarrSource(f"{url}/told.zarr").read(BOX)
    assert np.isnan(found[:3, :3]).all()
    assert_array_equal(found[3:], VALUES[3:, 1:5])


def test_a_password_comes_from_a_file_of_the_user(folder, monkeypatch):
    (folder / "netrc").write_text("machine 127.0.0.1 login me password hush\n")
    known = f"Basic {base64.b64encode(b'me:hush').decode()}"
    with web_server(folder, credentials=known) as url:
        with pytest.raises(InputError, match="the server answers 401"):
            ZarrSource(f"{url}/told.zarr").open()
        monkeypatch.setenv("NETRC", str(folder / "netrc"))
        assert_array_equal(ZarrSource(f"{url}/told.zarr").read(BOX), VALUES[:, 1:5])


@pytest.mark.parametrize(
    "change", ["nothing", "content", "time", "content of v", "time of v"]
)
def test_a_change_of_metadata_is_seen(folder, change):
    with web_server(folder) as url:
        before = chunks_digest(f"{url}/told.zarr", "v")
        assert before != chunks_digest(f"{url}/told.zarr", "x")
        file = (
            folder / "told.zarr" / ("v/.zarray" if "of v" in change else ".zmetadata")
        )
        stat = file.stat()
        if "content" in change:
            file.write_text(f"{file.read_text()} ")
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        elif "time" in change:
            os.utime(file, ns=(0, 0))
        after = chunks_digest(f"{url}/told.zarr", "v")
    assert (after == before) is (change == "nothing")


def test_an_answer_that_breaks_off_or_does_not_come_has_a_reason(folder):
    told = pytest.raises(InputError, match="payload is not completed")
    with web_server(folder, lambda *_: CUT) as url, told:
        ZarrSource(f"{url}/told.zarr").open()
    with pytest.raises(InputError, match="Cannot connect to host"):
        ZarrSource("http://127.0.0.1:9/told.zarr").open()
    with (
        pytest.raises(TimeoutError, match="no answer in time"),
        in_plain_words("there"),
    ):
        raise TimeoutError


def test_without_the_library_it_is_named(monkeypatch):
    monkeypatch.setattr("volconv.files.find_spec", lambda _: None)
    with pytest.raises(KindError, match="pip install aiohttp"):
        ZarrSource("https://there/a.zarr").open()


def test_a_server_that_asks_for_a_wait_is_given_it():
    """Here a second, where the next try would come at once."""
    asked = []

    class Busy(Handler):
        def do_GET(self):  # noqa: N802
            asked.append(time.monotonic())
            status = 404 if len(asked) > 1 else 429
            self.reply(status, [("Retry-After", "1")], b"")

    with serving(Busy) as url:
        store = web_store(url)
        assert sync(store.get("zarr.json", default_buffer_prototype())) is None
    first, second = asked
    assert second - first >= 1


@pytest.mark.parametrize("said", ["", "Fri, 31 Dec 2027 23:59:59 GMT", "-1", "²"])
def test_what_is_no_number_of_seconds_is_not_waited_for(said):
    headers = {"Retry-After": said} if said else None
    answer = aiohttp.ClientResponseError(None, (), status=503, headers=headers)
    error = OSError()
    error.__cause__ = answer
    assert web.asked_wait(error) == 0


def test_a_server_that_says_nothing_is_not_waited_for_long(monkeypatch):
    """Neither before its answer nor in it; as long as it goes on there is no end."""
    silence = aiohttp.ClientTimeout(total=None, sock_read=1.0)
    monkeypatch.setattr(web, "SILENCE", silence)
    is_silent, done = threading.Event(), threading.Event()

    class Slow(Handler):
        def do_GET(self):  # noqa: N802
            self.send_response_only(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            for _ in range(4):
                done.wait(5 if is_silent.is_set() else 0.3)
                self.wfile.write(b"x")

    with serving(Slow) as url:
        store = web_store(url)
        found = sync(store.get("zarr.json", default_buffer_prototype()))
        assert found.to_bytes() == b"xxxx"
        is_silent.set()
        with pytest.raises(TimeoutError, match="no answer in time"):
            sync(store.get("zarr.json", default_buffer_prototype()))
        done.set()


def test_an_answer_without_a_length_may_have_broken_off(folder):
    """Nothing tells of it but the chunk, which cannot be decoded."""
    data = xr.Dataset({"v": (("y", "x"), VALUES)})
    data.to_zarr(folder / "zstd.zarr", zarr_format=3, consolidated=False)

    class Unmeasured(Handler):
        protocol_version = "HTTP/1.0"

        def do_GET(self):  # noqa: N802
            file = folder / self.path.lstrip("/")
            self.send_response_only(200 if file.is_file() else 404)
            self.end_headers()
            content = file.read_bytes() if file.is_file() else b""
            is_cut = self.path.endswith("/c/0/0")
            self.wfile.write(content[: len(content) // 2 if is_cut else None])

    with serving(Unmeasured) as url:
        source = ZarrSource(f"{url}/zstd.zarr/v")
        with pytest.raises(InputError, match="Fix: run again, as an answer may have"):
            source.read(BOX)
