"""What tells an input from itself after a change."""

import hashlib
import os

import pytest

from volconv.io.digest import chunks_digest


@pytest.fixture
def store(tmp_path):
    """A folder as of Zarr, with names that sort otherwise as texts than as paths."""
    for name in ("v/c/0/10", "v/c/0/9", "v/c/0.5/1", "v/c/0-1", "v/zarr.json", "other"):
        file = tmp_path / "a.zarr" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "a.zarr" / "v" / "empty").mkdir()
    (tmp_path / "a.zarr" / "v" / "link").symlink_to(tmp_path / "a.zarr" / "other")
    (tmp_path / "a.zarr" / "v" / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a.zarr" / "v" / "folder").symlink_to(tmp_path / "a.zarr" / "v" / "c")
    return tmp_path / "a.zarr"


def expected(root):
    """The digest of the files in the order of their paths."""
    lines = [
        f"{file.relative_to(root)} {file.stat().st_size} {file.stat().st_mtime_ns}\n"
        for file in sorted(root.rglob("*"))
        if file.is_file()
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("variable", ["v", "none"])
def test_names_sizes_and_times_of_all_files_are_in_the_order_of_their_paths(
    store, variable
):
    root = store / variable if variable == "v" else store
    assert chunks_digest(str(store), variable) == expected(root)


@pytest.mark.parametrize("change", ["size", "time", "name", "gone"])
def test_a_change_of_one_chunk_is_seen(store, change):
    before = chunks_digest(str(store), "v")
    chunk = store / "v" / "c" / "0" / "9"
    if change == "size":
        stat = chunk.stat()
        chunk.write_text("longer than it was")
        os.utime(chunk, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "time":
        os.utime(chunk, ns=(0, 0))
    elif change == "name":
        chunk.rename(chunk.with_name("8"))
    else:
        chunk.unlink()
    assert chunks_digest(str(store), "v") != before


def test_a_store_that_is_no_folder_has_no_files(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert chunks_digest(str(tmp_path / "a.zip"), "v") == hashlib.sha256().hexdigest()
