"""A folder tells what was written to it without reading it."""

import google_crc32c
import numpy as np
import pytest
import zarr

from volconv.io.folder import Folder


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def write(folder):
    array = zarr.create_array(
        folder.zarr_store(), name="cells", shape=(6,), chunks=(4,), dtype="int16"
    )
    array[:] = np.arange(6)


def test_what_was_written_is_what_is_there(folder, tmp_path):
    write(folder)
    content = (tmp_path / "cells/c/0").read_bytes()
    there = len(content), google_crc32c.value(content)
    assert folder.record("cells/c/0") == there
    assert folder.written("cells/c/0") == there


def test_what_was_written_is_told_without_reading_and_once(folder, tmp_path):
    write(folder)
    there = folder.record("cells/c/1")
    (tmp_path / "cells/c/1").write_bytes(b"another")
    assert folder.written("cells/c/1") == there
    with pytest.raises(KeyError):
        folder.written("cells/c/1")


def test_a_file_is_made_safe_before_it_is_told_of(folder, tmp_path, monkeypatch):
    write(folder)
    safe = []
    monkeypatch.setattr(Folder, "make_safe", lambda _, keys: safe.extend(keys))
    folder.written("cells/c/0", sync=True)
    folder.written("cells/c/1")
    assert safe == ["cells/c/0"]
