"""Chunks asked for before they are read: the same bytes, no more requests, bounded."""

import asyncio
import itertools
import threading
import time
from collections import Counter

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tests.plan.grids import chunk_cache, read_cases, traffics
from tests.run.conftest import CONFIG, prepared, stopping_at
from tests.run.runs import result, run
from tests.run.test_bucket import upload
from tests.servers import Beside
from volconv.errors import InputError
from volconv.io.ahead import OnTheWay
from volconv.io.bucket import Bucket, InputStore, input_store
from volconv.io.source import ZarrSource
from volconv.meta import ArrayMeta, Axis
from volconv.plan.memory import ahead_bytes
from volconv.plan.sweep import Tiling
from volconv.run.ahead import ReadAhead
from volconv.run.turns import Turns

# what is on its way


class Far:
    """A store whose objects come when they are let, or fail."""

    def __init__(self, size=10):
        self.size = size
        self.asked = []
        self.gates = {}
        self.fails = set()

    async def ask(self, request):
        self.asked.append(request[0])
        await self.gates.setdefault(request[0], asyncio.Event()).wait()
        if request[0] in self.fails:
            raise ConnectionError("a reset")
        return b"x" * self.size

    def let(self, *keys):
        for key in keys:
            self.gates.setdefault(key, asyncio.Event()).set()


def requests(keys):
    return [(key, None) for key in keys]


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def on_the_way(far, most, each=10):
    return OnTheWay(far.ask, asyncio.get_running_loop(), most, each)


def carried_out(test):
    """A test that is a coroutine, in a loop of its own."""

    def carry_out():
        asyncio.run(test())

    carry_out.__name__, carry_out.__doc__ = test.__name__, test.__doc__
    return carry_out


@carried_out
async def test_as_much_is_asked_for_as_there_is_room_in_order():
    far = Far()
    ahead = on_the_way(far, 25)
    ahead.want(requests("abcde"), 0)
    await settled()
    assert far.asked == ["a", "b"]
    far.let("a")
    await settled()
    assert far.asked == ["a", "b"]  # it has come, and nobody has taken it
    assert await ahead.take(("a", None)) == (b"x" * 10,)
    await settled()
    assert far.asked == ["a", "b", "c"]
    assert ahead.nbytes == 20


@carried_out
async def test_what_turns_out_small_makes_room_for_more():
    far = Far(size=2)
    ahead = on_the_way(far, 25)
    ahead.want(requests("abcde"), 0)
    await settled()
    far.let("a", "b")
    await settled()
    assert far.asked == ["a", "b", "c", "d"]
    assert ahead.nbytes == 24


@carried_out
async def test_each_object_is_handed_out_once_and_what_waits_is_left_to_the_reader():
    far = Far()
    ahead = on_the_way(far, 10)
    ahead.want(requests("ab"), 0)
    await settled()
    assert await ahead.take(("b", None)) is None
    taking = asyncio.create_task(ahead.take(("a", None)))
    await settled()
    assert await ahead.take(("a", None)) is None
    far.let("a")
    assert await taking == (b"x" * 10,)
    assert (ahead.left, ahead.nbytes, far.asked) == (0, 0, ["a"])


@carried_out
async def test_a_failure_on_the_way_is_left_to_the_reader_too():
    far = Far()
    far.fails.add("a")
    ahead = on_the_way(far, 10)
    ahead.want(requests("ab"), 0)
    far.let("a", "b")
    await settled()
    assert far.asked == ["a", "b"]  # of what has failed nothing is kept
    assert await ahead.take(("a", None)) is None
    assert await ahead.take(("b", None)) == (b"x" * 10,)
    assert ahead.nbytes == 0


@carried_out
async def test_what_is_given_up_makes_room_and_a_turn_after_it_keeps_what_it_reads():
    far = Far()
    ahead = on_the_way(far, 20)
    ahead.want(requests("abcd"), 0)
    ahead.want(requests("ad"), 1)
    await settled()
    taking = asyncio.create_task(ahead.take(("b", None)))
    await asyncio.sleep(0)
    ahead.give_up(lambda turn: turn < 1)
    ahead.want(requests("e"), 1)
    await settled()
    assert far.asked == ["a", "b"]
    far.let("b")  # which is being read: it was not given up
    assert await taking == (b"x" * 10,)
    await settled()
    assert far.asked == ["a", "b", "d"]
    ahead.give_up(lambda _: True)
    far.let("a", "d")
    await settled()
    assert (ahead.left, ahead.nbytes) == (0, 0)


@carried_out
async def test_another_loop_asks_for_itself():
    far = Far()
    ahead = on_the_way(far, 20)
    ahead.want(requests("a"), 0)
    found = []
    other = threading.Thread(
        target=lambda: found.append(asyncio.run(ahead.take(("a", None))))
    )
    other.start()
    other.join()
    assert found == [None]


# which chunks


class Wanted:
    """Takes note of which chunks are wanted, with room for some."""

    def __init__(self, room):
        self.room = room
        self.there = {}

    def want(self, chunks, turn):
        for chunk in chunks:
            self.there[chunk] = max(turn, self.there.get(chunk, turn))

    @property
    def is_full(self):
        return len(self.there) >= self.room

    def give_up(self, is_past):
        self.there = {c: turn for c, turn in self.there.items() if not is_past(turn)}

    def close(self):
        self.there = {}


class Blocks:
    """The sweep of a stage whose blocks are not cut."""

    tiling = Tiling()

    def __init__(self, sweep):
        self.sweep = sweep


@settings(max_examples=60)
@given(read_cases(), st.data())
def test_chunks_are_wanted_before_they_are_decoded_and_no_others(case, data):
    """Of some blocks that are to be done, over any order and any memory."""
    traffic = data.draw(st.sampled_from(list(traffics(case))))
    shape = [axis.size for axis in case]
    array = np.arange(int(np.prod(shape)), dtype="int32").reshape(shape)
    budget = data.draw(st.integers(0, array.nbytes))
    left = data.draw(
        st.lists(
            st.booleans(), min_size=traffic.sweep.total, max_size=traffic.sweep.total
        )
    )
    wanted = Wanted(data.draw(st.integers(1, 20)))
    there = set()

    def decode(box):
        chunk = tuple(
            side.start // axis.chunk for side, axis in zip(box, case, strict=True)
        )
        if chunk in there:  # or it was held, or has been decoded, and was let go of
            return array[tuple(side.slice for side in box)].copy()
        there.add(chunk)
        del wanted.there[chunk]  # a KeyError where it was not wanted
        return array[tuple(side.slice for side in box)].copy()

    cache = chunk_cache(decode, case, traffic.sweep, budget, lag=traffic.sweep.total)
    turns = Turns(np.array(left))
    ahead = ReadAhead(
        wanted, cache.readers, Blocks(traffic.sweep), 1, cache=cache, turns=turns
    )
    for turn in turns:
        index = traffic.sweep.index(turn)
        read = cache.block_read(turn)
        ahead.begin(turn)
        there = {c for c in cache.readers.chunks_of(turn) if cache.has(turn, c)}
        needs = [axis.needs[place] for axis, place in zip(case, index, strict=True)]
        for box in itertools.product(*needs):
            if all(side.size for side in box):
                assert_array_equal(read(box), array[tuple(s.slice for s in box)])
        cache.finish(turn)
        ahead.finish(turn)
    assert not wanted.there


def test_memory_for_what_is_on_its_way_is_counted_where_it_is_remote():
    near = ArrayMeta((Axis("x", 10**6),), "float32", chunks=(1000,))
    far = ArrayMeta((Axis("x", 10**6),), "float32", chunks=(1000,), is_remote=True)
    assert ahead_bytes(near) == 0
    assert ahead_bytes(far) == 16 * 4000
    large = ArrayMeta((Axis("x", 10**9),), "float32", chunks=(10**7,), is_remote=True)
    assert ahead_bytes(large) == 2 * 4 * 10**7


def test_the_plan_of_a_remote_input_says_what_is_on_its_way(folder, remote):
    def said(text):
        (stage,) = prepared(folder, text).plan.stages
        return {part.name: part.nbytes for part in stage.memory.own}

    assert said(remote)["chunks on their way"] == 16 * 4 * 5 * 6 * 4
    assert "chunks on their way" not in said(CONFIG)


# runs


@pytest.fixture
def remote(folder, bucket):
    """A configuration whose input lies in a bucket, as one whose input is a folder."""
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    return CONFIG.replace("in.zarr", f"{bucket}/in.zarr")


@pytest.fixture
def decoded(monkeypatch):
    """How often each chunk of inputs in chunks of 4 x 5 x 6 is read."""
    found: Counter[str] = Counter()
    read = ZarrSource.read

    def counting(self, box, *args, **options):
        sides = [side.start // size for side, size in zip(box, (4, 5, 6), strict=True)]
        found["/".join(map(str, sides))] += 1
        return read(self, box, *args, **options)

    monkeypatch.setattr(ZarrSource, "read", counting)
    return found


@pytest.mark.parametrize("workers", [1, 3])
def test_each_chunk_is_asked_for_as_often_as_it_is_decoded(
    folder, remote, way, decoded, workers
):
    asked = way(lambda *_: time.sleep(0.01))
    text = remote.replace("{z: 3, y: 4, x: 5}", "{z: 3, y: 4, x: 4}")
    run(folder, text, limits={"workers": workers})
    assert asked == decoded
    local = CONFIG.replace("{z: 3, y: 4, x: 5}", "{z: 3, y: 4, x: 4}")
    run(folder, local.replace("out.zarr", "c.zarr"))
    assert_array_equal(result(folder).density, result(folder, "c.zarr").density)


def test_chunks_are_on_their_way_beside_each_other(folder, remote, way):
    beside = Beside(lambda _, path: "density/c/" in path, enough=5)
    way(beside.slow)
    run(folder, remote, limits={"workers": 1})
    assert beside.most > 4


def test_blocks_without_a_cache_ask_ahead_too(folder, remote, way, decoded):
    asked = way()
    text = remote.replace("{z: 3, y: 4, x: 5}", "{z: 9, y: 15, x: 14}")
    assert prepared(folder, text).plan.stages[0].cache_bytes == 0
    run(folder, text)
    assert len(asked) == 27
    assert set(asked.values()) == {1}


def test_a_run_that_goes_on_asks_for_what_is_left(folder, remote, way, decoded):
    with pytest.raises(KeyboardInterrupt):
        run(folder, remote, progress=stopping_at(2), limits={"workers": 1})
    decoded.clear()
    asked = way()
    run(folder, remote, limits={"workers": 1})
    assert asked == decoded
    run(folder, CONFIG.replace("out.zarr", "b.zarr"))
    assert_array_equal(result(folder).density, result(folder, "b.zarr").density)


@pytest.mark.parametrize("encoding", ["v2", "dots"])
def test_keys_of_every_kind_are_asked_for_as_they_are(
    folder, bucket, volume, way, encoding
):
    path = folder / "other.zarr"
    given = {"dtype": "int16", "scale_factor": 0.25, "_FillValue": -1}
    given["chunks"] = (4, 5, 6)
    if encoding == "v2":
        volume.to_dataset().to_zarr(
            path, zarr_format=2, encoding={"density": given}, consolidated=True
        )
    else:
        array = zarr.create_array(
            path,
            shape=volume.shape,
            dtype="f4",
            chunks=(4, 5, 6),
            dimension_names=volume.dims,
            chunk_key_encoding={"name": "default", "separator": "."},
        )
        array[:] = volume.values
    upload(path, f"{bucket}/other.zarr")
    asked: Counter[str] = Counter()

    def note(method, path):
        if method == "GET" and path.rpartition("/")[2].count(".") > 1:
            asked[path] += 1

    way(note)
    source = ZarrSource(f"{bucket}/other.zarr")
    text = CONFIG.replace("in.zarr", f"{bucket}/other.zarr")
    run(folder, text)
    local = CONFIG.replace("in.zarr", "other.zarr").replace("out.zarr", "b.zarr")
    run(folder, local)
    name = source.open().name
    assert_array_equal(result(folder)[name], result(folder, "b.zarr")[name])
    assert len(asked) == 27
    assert set(asked.values()) == {1}


def test_shards_are_read_as_ever(folder, bucket, volume, way):
    array = zarr.create_array(
        folder / "shards.zarr",
        shape=volume.shape,
        dtype="f4",
        chunks=(2, 5, 3),
        shards=(4, 5, 6),
        dimension_names=volume.dims,
    )
    array[:] = volume.values
    upload(folder / "shards.zarr", f"{bucket}/shards.zarr")
    for source, out in (
        (f"{bucket}/shards.zarr", "out.zarr"),
        ("shards.zarr", "b.zarr"),
    ):
        run(folder, CONFIG.replace("in.zarr", source).replace("out.zarr", out))
    assert_array_equal(result(folder).data, result(folder, "b.zarr").data)


# a store that fails


@pytest.mark.parametrize("status", [500, 503])
def test_what_fails_for_a_while_comes_in_the_end(folder, remote, way, status):
    answers = itertools.cycle([status, None, None])
    way(lambda _, path: next(answers) if "/c/" in path else None)
    run(folder, remote)
    run(folder, CONFIG.replace("out.zarr", "b.zarr"))
    assert_array_equal(result(folder).density, result(folder, "b.zarr").density)


def test_what_failed_on_its_way_is_asked_for_by_the_one_who_reads(
    folder, remote, way, monkeypatch
):
    asked = way()
    ask, failed = InputStore.ask, set()

    async def failing(self, key, prototype, byte_range=None):
        if "density/c/" in key and key not in failed:
            failed.add(key)
            raise ConnectionResetError("a reset")
        return await ask(self, key, prototype, byte_range)

    monkeypatch.setattr(InputStore, "ask", failing)
    run(folder, remote)
    assert len(failed) == 27
    assert set(asked.values()) == {1}


def test_a_chunk_that_is_refused_is_told_with_its_cells_and_block(
    folder, remote, way, endpoint
):
    (folder / "config.yaml").write_text(remote)
    way(lambda _, path: 403 if path.endswith("density/c/1/1/1") else None)
    with pytest.raises(InputError, match=r"block .*PermissionError.* in cells z 4:8"):
        run(folder, remote)


def test_the_listing_is_asked_of_a_chunk_that_is_not_there(folder, remote, bucket, way):
    Bucket(f"{bucket}/in.zarr").remove(["density/c/1/1/1"])
    (folder / "in.zarr/density/c/1/1/1").unlink()
    lists = []

    def note(method, path):
        if ("list-type" in path and "offset" in path) or "start-after" in path:
            lists.append(path)

    asked = way(note)
    run(folder, remote)
    run(folder, CONFIG.replace("out.zarr", "b.zarr"))
    assert_array_equal(result(folder).density, result(folder, "b.zarr").density)
    assert asked["1/1/1"] == 1
    assert len(lists) == 1


def test_processes_ask_ahead_as_threads_do(folder, remote, way):
    way()
    run(folder, remote, on="processes")
    run(folder, CONFIG.replace("out.zarr", "b.zarr"))
    assert_array_equal(result(folder).density, result(folder, "b.zarr").density)


def test_nothing_is_expected_after_a_run(folder, remote, way):
    way()
    run(folder, remote)
    url = remote.partition("path: ")[2].partition("}")[0]
    assert input_store(url).ahead == ()
