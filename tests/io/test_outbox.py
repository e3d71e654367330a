"""Objects on their way beside their makers: bounded, all told of, none after the end."""

import itertools
import threading
from concurrent.futures import CancelledError
from types import SimpleNamespace

import google_crc32c
import numpy as np
import pytest
import zarr
from numpy.testing import assert_array_equal

from volconv.io.folder import Folder
from volconv.io.outbox import Outbox, when_all_are_there
from volconv.io.steady import steady_gzip
from volconv.io.store import codecs, encoded_unit
from volconv.plan.output import OutputSpec
from volconv.run.writer import Unit

SOON = 10


class Far:
    """A store whose objects are there when they are let, or fail."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def put(self, error=None):
        def put():
            self.begun.release()
            assert self.gate.acquire(timeout=SOON)
            if error is not None:
                raise error

        return put

    def has_begun(self, count):
        for _ in range(count):
            assert self.begun.acquire(timeout=SOON)

    def let(self, count):
        self.gate.release(count)


@pytest.fixture
def far():
    return Far()


def handed_over(outbox, far, nbytes):
    """A thread that hands an object over, and an event that says when it has."""
    done = threading.Event()

    def hand_over():
        try:
            outbox.send(far.put(), nbytes)
        except CancelledError:
            return
        done.set()

    thread = threading.Thread(target=hand_over)
    thread.start()
    return thread, done


def test_no_more_bytes_are_on_their_way_than_there_is_room_for(far):
    outbox = Outbox(most=100, at_once=8)
    for _ in range(2):
        outbox.send(far.put(), 45)
    far.has_begun(2)
    thread, done = handed_over(outbox, far, 11)
    assert not done.wait(0.1)
    assert outbox.nbytes == 90
    far.let(1)
    assert done.wait(SOON)
    assert outbox.nbytes == 56
    far.let(2)
    thread.join()
    outbox.close()
    assert outbox.nbytes == 0


def test_what_is_larger_than_the_room_is_sent_alone(far):
    outbox = Outbox(most=10, at_once=8)
    outbox.send(far.put(), 30)
    thread, done = handed_over(outbox, far, 1)
    assert not done.wait(0.1)
    far.let(2)
    assert done.wait(SOON)
    thread.join()
    outbox.close()


def test_no_more_are_sent_at_a_time_than_may_be(far):
    outbox = Outbox(most=100, at_once=2)
    sent = [outbox.send(far.put(), 1) for _ in range(5)]
    far.has_begun(2)
    assert not far.begun.acquire(timeout=0.1)
    far.let(5)
    assert when_all_are_there(sent, "there").result(SOON) == "there"
    outbox.close()


def test_a_value_waits_for_the_last_and_fails_with_the_first_that_does(far):
    outbox = Outbox(most=100, at_once=8)
    good = when_all_are_there([outbox.send(far.put(), 1) for _ in range(3)], 7)
    far.let(2)
    with pytest.raises(TimeoutError):
        good.result(0.1)
    far.let(1)
    assert good.result(SOON) == 7
    first, second = OSError("first"), OSError("second")
    told: list[BaseException | None] = []
    sent = [outbox.send(far.put(first), 1)]
    bad = when_all_are_there([*sent, outbox.send(far.put(), 1)], 7)
    bad.add_done_callback(lambda one: told.append(one.exception()))
    far.has_begun(5)
    far.let(2)
    assert bad.exception(SOON) is first
    both = when_all_are_there(
        [outbox.send(far.put(error), 1) for error in (first, second)], 7
    )
    both.add_done_callback(lambda one: told.append(one.exception()))
    far.has_begun(2)
    far.let(2)
    outbox.close()
    assert both.exception(SOON) in (first, second)
    assert len(told) == 2  # each once


def test_after_the_end_nothing_is_sent_and_nobody_waits(far):
    outbox = Outbox(most=100, at_once=1)
    being_sent = outbox.send(far.put(), 40)
    far.has_begun(1)
    waiting = when_all_are_there([outbox.send(far.put(), 40)], 7)
    thread, done = handed_over(outbox, far, 40)
    outbox.give_up()
    thread.join(SOON)
    assert not thread.is_alive()
    assert not done.is_set()
    assert isinstance(waiting.exception(SOON), CancelledError)
    with pytest.raises(CancelledError):
        outbox.send(far.put(), 1)
    far.let(1)
    outbox.close()
    assert being_sent.done()
    assert not far.begun.acquire(blocking=False)
    assert outbox.nbytes == 0


# what is sent


@pytest.mark.parametrize("codec", ["zstd", "blosc", "gzip", "none"])
@pytest.mark.parametrize("shards", [None, (4, 6)])
def test_an_encoded_unit_is_the_object_that_is_written(
    tmp_path, monkeypatch, codec, shards
):
    seconds = itertools.count()
    monkeypatch.setattr("gzip.time", SimpleNamespace(time=lambda: next(seconds)))
    spec = OutputSpec("", "cells", "float32", (2, 3), shards, codec)
    for name in ("a", "b"):
        zarr.create_array(
            Folder(tmp_path / name).zarr_store(),
            name="cells",
            shape=(7, 9),
            chunks=(2, 3),
            shards=shards,
            dtype="float32",
            compressors=codecs(spec),
            fill_value=spec.fill_value,
        )
    values = np.random.default_rng(1).random((7, 9), "float32")
    values[:4, :6] = 0  # an empty one is one too
    wide, high = spec.unit
    told: dict[str, bytes] = {}
    for unit in np.ndindex(-(-7 // wide), -(-9 // high)):
        place = (
            slice(unit[0] * wide, (unit[0] + 1) * wide),
            slice(unit[1] * high, (unit[1] + 1) * high),
        )
        cells = values[place].copy()
        whole = Unit(unit, cells).whole(spec, np.empty).cells
        key, content = encoded_unit(Folder(tmp_path / "a"), spec, unit, whole)
        whole[:] = -1  # its memory is another block's then
        assert key == "/".join(["c", *map(str, unit)])
        told[key] = content.to_bytes()
        # as Zarr writes it
        with steady_gzip():
            array = zarr.open_array(tmp_path / "b" / "cells", mode="r+")
        array = array.with_config({"write_empty_chunks": True})
        array[place] = values[place]
        assert told[key] == (tmp_path / "b" / "cells" / key).read_bytes()
    assert not (tmp_path / "a" / "cells" / "c").exists()
    for key, encoded in told.items():
        Folder(tmp_path / "a").put(f"cells/{key}", encoded)
    assert_array_equal(zarr.open_array(tmp_path / "a" / "cells")[:], values)


def test_threads_that_begin_together_each_know_what_they_encoded(tmp_path):
    spec = OutputSpec("", "cells", "int16", (4,))
    for repeat in range(20):
        folder = Folder(tmp_path / str(repeat))
        zarr.create_array(
            folder.zarr_store(), name="cells", shape=(64,), chunks=(4,), dtype="int16"
        )
        gate = threading.Barrier(8)
        found: dict[int, tuple[str, int, int]] = {}

        def work(number, folder=folder, gate=gate, found=found):
            gate.wait()
            values = np.arange(4, dtype="int16") + number
            key, content = encoded_unit(folder, spec, (number,), values)
            folder.put(f"cells/{key}", content.as_buffer_like())
            crc = google_crc32c.value(content.as_numpy_array())
            found[number] = key, len(content), crc

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {n: (f"c/{n}", *folder.record(f"cells/c/{n}")) for n in found}
        assert len(found) == 8
        cells = np.arange(4) + np.arange(8)[:, None]
        assert_array_equal(zarr.open_array(folder.path / "cells")[:32], cells.ravel())


def test_who_is_told_that_an_object_is_not_sent_may_give_up_too(far):
    """As a run does whose block fails with it."""
    outbox = Outbox(100, at_once=1)
    outbox.send(far.put(), 1)
    far.has_begun(1)
    waits = outbox.send(far.put(), 1)
    told = threading.Event()

    def give_up(_):
        outbox.give_up()
        told.set()

    waits.add_done_callback(give_up)
    giving_up = threading.Thread(target=outbox.give_up, daemon=True)
    giving_up.start()
    giving_up.join(SOON)
    assert told.is_set()
    assert waits.cancelled()
    far.let(1)
    outbox.close()
