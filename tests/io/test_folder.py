"""What is put into a folder is there at once, or not at all."""

import os

import google_crc32c
import pytest

from volconv.io.folder import Folder, write_and_send


def test_what_was_put_is_what_is_there(tmp_path):
    folder = Folder(tmp_path)
    for content in (b"before", b"after it", b""):
        folder.put("cells/c/3", content)
        assert (tmp_path / "cells" / "c" / "3").read_bytes() == content
        assert folder.record("cells/c/3") == (
            len(content),
            google_crc32c.value(content),
        )
    assert list((tmp_path / "cells" / "c").iterdir()) == [tmp_path / "cells/c/3"]


def test_a_file_that_could_not_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    folder = Folder(tmp_path)
    folder.put("c/3", b"before")

    def broken(file, content):
        write_and_send(file, content[:3])
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr("volconv.io.folder.write_and_send", broken)
    with pytest.raises(OSError, match="Input/output"):
        folder.put("c/3", b"after it")
    assert [file.name for file in (tmp_path / "c").iterdir()] == ["3"]
    assert (tmp_path / "c" / "3").read_bytes() == b"before"


def test_a_write_that_the_system_cuts_short_goes_on(tmp_path, monkeypatch):
    class Short:
        """A file that takes 3 bytes at a time."""

        def __init__(self, handle):
            self.handle = handle

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.handle.close()

        def write(self, content):
            return self.handle.write(content[:3])

        def fileno(self):
            return self.handle.fileno()

    opened = type(tmp_path).open
    monkeypatch.setattr(
        type(tmp_path), "open", lambda *given, **more: Short(opened(*given, **more))
    )
    write_and_send(tmp_path / "file", memoryview(b"ten bytes."))
    monkeypatch.undo()
    assert (tmp_path / "file").read_bytes() == b"ten bytes."
