"""What a folder is written through knows what it wrote, without reading it."""

import threading

import google_crc32c
import numpy as np
import zarr

from volconv.geometry import Interval
from volconv.io.folder import Folder
from volconv.io.store import write_unit
from volconv.plan.output import OutputSpec

SPEC = OutputSpec("", "cells", "int16", (4,))


def create(path, chunks=16):
    folder = Folder(path)
    shape = (4 * chunks,)
    zarr.create_array(
        folder.zarr_store(), name="cells", shape=shape, chunks=(4,), dtype="int16"
    )
    return folder


def write(folder, number):
    box = (Interval(4 * number, 4 * number + 4),)
    values = np.arange(4, dtype="int16") + number
    return write_unit(folder, SPEC, (number,), box, values)


def test_what_was_written_is_what_is_there(tmp_path):
    folder = create(tmp_path)
    key, nbytes, crc = write(folder, 3)
    content = (tmp_path / "cells" / key).read_bytes()
    assert (key, nbytes, crc) == ("c/3", len(content), google_crc32c.value(content))
    assert folder.record("cells/c/3") == (nbytes, crc)


def test_threads_that_begin_together_each_know_what_they_wrote(tmp_path):
    for repeat in range(20):
        folder = create(tmp_path / str(repeat))
        gate = threading.Barrier(8)
        found: dict[int, tuple[str, int, int]] = {}

        def work(number, folder=folder, gate=gate, found=found):
            gate.wait()
            found[number] = write(folder, number)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {n: (f"c/{n}", *folder.record(f"cells/c/{n}")) for n in found}
        assert len(found) == 8
