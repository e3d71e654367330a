"""Large files are written past the system's cache, as long as that is no slower."""

import errno
import mmap
import os

import numpy as np
import pytest

from volconv.io.direct_io import AGAIN, ALIGNED, LEAST, DirectIO
from volconv.io.folder import Folder, way_to

LARGE = 3 * LEAST


@pytest.fixture
def direct(tmp_path):
    """Direct I/O, where the file system of temporary files has it."""
    found = DirectIO()
    if not (found.can and found.write(tmp_path / "probe", memoryview(b"1"))):
        pytest.skip("this system has no direct I/O to its temporary files")
    (tmp_path / "probe").unlink()
    way_to.cache_clear()
    return DirectIO()


@pytest.fixture
def opened(monkeypatch):
    """Flags of the files that are opened to be written."""
    flags = []
    before = os.open

    def note(path, flag, *more, **options):
        flags.append(flag)
        return before(path, flag, *more, **options)

    monkeypatch.setattr("os.open", note)
    return flags


def content_of(nbytes, seed=1):
    return np.random.default_rng(seed).bytes(nbytes)


@pytest.mark.parametrize("more", [-ALIGNED, -1, 0, 1, 32, ALIGNED - 1, ALIGNED])
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_file_is_what_was_written(direct, tmp_path, pieces, more):
    content = content_of(pieces * LEAST + more)
    file = tmp_path / "file"
    assert direct.write(file, memoryview(b"before, and longer" * LEAST))
    assert direct.write(file, memoryview(b".." + content)[2:])
    assert file.read_bytes() == content
    os.umask(mask := os.umask(0))
    assert file.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("more", [0, 1, ALIGNED - 1])
def test_pages_are_written_from_where_they_lie(direct, tmp_path, monkeypatch, more):
    content = memoryview(mmap.mmap(-1, LARGE + ALIGNED))[: LARGE + more]
    content[:] = content_of(LARGE + more)
    written = []
    before = os.write

    def noted(descriptor, pages):
        address = np.frombuffer(pages, np.uint8).ctypes.data
        written.append((address - start, pages.nbytes))
        return before(descriptor, pages)

    start = np.frombuffer(content, np.uint8).ctypes.data
    monkeypatch.setattr("os.write", noted)
    assert direct.write(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == content
    assert written[0] == (0, LARGE)
    assert [nbytes for _, nbytes in written[1:]] == ([ALIGNED] if more else [])


@pytest.mark.usefixtures("direct")
def test_large_files_are_written_so_but_for_what_is_soon_read(tmp_path, opened):
    for is_passing, nbytes, is_direct in (
        (False, LARGE, True),
        (False, LEAST - 1, False),
        (True, LARGE, False),
    ):
        opened.clear()
        content = content_of(nbytes)
        Folder(tmp_path, is_passing).put("c/3", content)
        assert (tmp_path / "c" / "3").read_bytes() == content
        assert any(flag & os.O_DIRECT for flag in opened) == is_direct


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP])
@pytest.mark.parametrize("call", ["open", "write"])
def test_a_file_system_without_it_is_asked_once(tmp_path, monkeypatch, call, code):
    asked = []

    def refuse(*given):
        asked.append(given)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "O_DIRECT", 0, raising=False)
    monkeypatch.setattr(os, call, refuse)
    content = content_of(LARGE)
    for name in ("c/1", "c/2"):
        Folder(tmp_path).put(name, content)
        assert (tmp_path / name).read_bytes() == content
    assert len(asked) == 1
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.usefixtures("direct")
def test_a_disk_that_is_full_is_no_reason_to_write_otherwise(tmp_path, monkeypatch):
    def refuse(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="No space left"):
        Folder(tmp_path).put("file", content_of(LARGE))
    assert not list(tmp_path.iterdir())


def test_a_slow_disk_is_left_to_the_system_and_tried_again(
    direct, tmp_path, monkeypatch
):
    content = memoryview(content_of(LEAST))
    clock = iter(range(1000))
    assert direct.is_next(LEAST)
    assert not direct.is_next(LEAST - 1)
    with monkeypatch.context() as patch:  # a second for each MiB
        patch.setattr("time.perf_counter", lambda: float(next(clock)))
        direct.write(tmp_path / "file", content)
    assert sum(direct.is_next(LEAST) for _ in range(3 * AGAIN)) == 3
    with monkeypatch.context() as patch:  # as fast as can be
        patch.setattr("time.perf_counter", lambda: 0.0)
        for _ in range(30):
            direct.write(tmp_path / "file", content)
    assert all(direct.is_next(LEAST) for _ in range(3 * AGAIN))
