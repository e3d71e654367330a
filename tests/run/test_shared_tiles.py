"""Threads that share the tiles of blocks: order, errors, ends, what is there at once."""

import itertools
import threading
import time
from collections import Counter

import numpy as np
import pytest

from tests.run.conftest import CONFIG, stopping_at
from tests.run.runs import crews, run, tree
from tests.run.test_cluster import Cluster
from tests.run.test_tiles import ready
from tests.waiting import PATIENCE, eventually
from volconv.errors import RunError, StorageError
from volconv.io import ZarrSource
from volconv.plan.search import Search
from volconv.plan.sweep import Tiling
from volconv.run import retries
from volconv.run.task import Worker
from volconv.run.tiles import TileThreads

FEW = Tiling((3, 2, 5))


class Crew:
    """What the threads do with tiles, as a test says."""

    def __init__(self, stage, threads, before=None):
        self.stage = stage
        self.before = before or (lambda *_: None)
        self.lock = threading.Lock()
        self.computed = []
        self.stored = []
        self.open: Counter[int] = Counter()
        self.most_open = 0
        self.threads = TileThreads(
            stage, np.dtype("f4"), threads, self.compute, self.store
        )

    def compute(self, turn, tile, result):
        with self.lock:
            self.computed.append((turn, tile))
            self.open[turn] += 1
            self.most_open = max(self.most_open, len(self.open))
        self.before(turn, tile)
        (box,) = self.stage.boxes(self.stage.sweep.index(turn))
        part = self.stage.tiles.box(self.stage.tiles.number(tile))
        place = tuple(
            slice(one.start - whole.start, one.stop - whole.start)
            for one, whole in zip(part, box, strict=True)
        )
        result[place] = self.stage.tiles.number(tile)

    def store(self, turn, result, begun):
        assert begun <= time.perf_counter()
        (box,) = self.stage.boxes(self.stage.sweep.index(turn))
        assert result.shape == tuple(side.size for side in box)
        for tile in self.stage.tiles_of(turn):
            number = self.stage.tiles.number(tile)
            size = np.prod([side.size for side in self.stage.tiles.box(number)])
            assert np.count_nonzero(result == number) == size
        with self.lock:
            self.stored.append(turn)
            del self.open[turn]
        return turn


@pytest.fixture
def crew(folder, monkeypatch):
    """A crew over the blocks of a stage that are cut as is said."""
    crews = []

    def make(threads, before=None, tiling=FEW):
        stage = ready(folder, monkeypatch, tiling).plan.stages[-1]
        assert stage.grid.total >= 8
        crews.append(Crew(stage, threads, before))
        return crews[-1]

    yield make
    for one in crews:
        one.threads.close()


def all_tiles(stage, turns):
    return [(turn, tile) for turn in turns for tile in stage.tiles_of(turn)]


@pytest.mark.parametrize("threads", [1, 2, 5, 40])
@pytest.mark.parametrize("tiling", [FEW, Tiling((1, 2, 1))])
def test_each_tile_is_computed_once_and_few_blocks_are_open(crew, threads, tiling):
    found = crew(threads, tiling=tiling)
    turns = range(found.stage.grid.total)
    records = [found.threads.begin(turn) for turn in turns]
    assert [record.result(PATIENCE) for record in records] == list(turns)
    assert sorted(found.computed) == sorted(all_tiles(found.stage, turns))
    assert found.most_open <= tiling.blocks_at_once(threads)
    assert len(found.threads.pieces) <= tiling.blocks_at_once(threads)


def test_tiles_are_handed_out_in_the_order_of_turns_whatever_comes_first(crew):
    go_on = threading.Event()
    found = crew(1, lambda *_: go_on.wait(PATIENCE))
    records = [found.threads.begin(turn) for turn in (3, 7, 5, 4)]
    go_on.set()
    for record in records:
        record.result(PATIENCE)
    assert found.computed == all_tiles(found.stage, (3, 4, 5, 7))
    assert found.stored == [3, 4, 5, 7]


def test_all_threads_have_tiles_of_one_block_at_once(crew):
    """None goes on before all have one: one thread a block would wait in vain."""
    barrier = threading.Barrier(4, timeout=PATIENCE)
    first = iter(range(4))

    def meet(*_):
        if next(first, None) is not None:
            barrier.wait()

    found = crew(4, meet)
    assert found.threads.begin(0).result(PATIENCE) == 0
    assert len(found.computed) == FEW.total


def test_the_next_block_begins_as_the_last_tile_of_one_is_computed(crew):
    """The one that ends last waits until tiles of the next one were computed."""
    others = threading.Event()

    def last_waits(turn, tile):
        if turn == 1:
            others.set()
        if (turn, tile) == slow:
            assert others.wait(PATIENCE)

    found = crew(2, last_waits)
    slow = all_tiles(found.stage, [0])[-1]
    records = [found.threads.begin(turn) for turn in range(4)]
    assert [record.result(PATIENCE) for record in records] == list(range(4))
    assert found.most_open == 2


def test_an_error_of_a_tile_is_that_of_its_block_and_of_no_other(crew):
    def fail(turn, tile):
        if turn == 1:
            raise ValueError(f"{tile} is bad")

    found = crew(3, fail)
    records = [found.threads.begin(turn) for turn in range(4)]
    with pytest.raises(ValueError, match="is bad"):
        records[1].result(PATIENCE)
    assert [records[turn].result(PATIENCE) for turn in (0, 2, 3)] == [0, 2, 3]
    of_it = [tile for turn, tile in found.computed if turn == 1]
    assert len(of_it) <= 3 < FEW.total  # those that had begun


def test_a_result_that_cannot_be_stored_is_the_error_of_its_block(crew, monkeypatch):
    found = crew(2)
    store = found.store

    def full(turn, *rest):
        if turn == 0:
            raise OSError("no space left")
        return store(turn, *rest)

    monkeypatch.setattr(found.threads, "store", full)
    records = [found.threads.begin(turn) for turn in range(3)]
    with pytest.raises(OSError, match="no space left"):
        records[0].result(PATIENCE)
    assert [record.result(PATIENCE) for record in records[1:]] == [1, 2]


def test_memory_that_is_not_there_is_the_error_of_its_block(crew, monkeypatch):
    def none(_):
        raise MemoryError("no memory")

    monkeypatch.setattr("volconv.run.tiles.lasting", none)
    found = crew(2)
    with pytest.raises(MemoryError, match="no memory"):
        found.threads.begin(0).result(PATIENCE)


def test_threads_that_are_closed_end_and_whoever_waits_is_told(crew):
    before = crews()
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        assert go_on.wait(PATIENCE)

    found = crew(2, slow)
    records = [found.threads.begin(turn) for turn in range(4)]
    assert begun.wait(PATIENCE)
    found.threads.close()
    for record in records[1:]:
        with pytest.raises(RuntimeError, match="has ended"):
            record.result(PATIENCE)
    assert not records[0].done()  # its memory is in use
    go_on.set()
    with pytest.raises(RuntimeError, match="has ended"):
        records[0].result(PATIENCE)
    with pytest.raises(RuntimeError, match="has ended"):
        found.threads.begin(5).result(PATIENCE)
    eventually(lambda: crews() <= before)
    assert len(found.computed) <= 2
    assert not found.stored


# whole runs


@pytest.fixture
def expected(folder):
    """The bytes of a run whose blocks are whole."""
    run(folder, CONFIG, limits={"workers": 1})
    return tree(folder / "out.zarr")


@pytest.fixture
def cut(expected, monkeypatch):
    """All blocks in tiles, on four threads."""
    monkeypatch.setattr(Search, "tilings", lambda *_: ([FEW], []))
    return {"workers": 4}


class Failing:
    """Reads of an input, of which some fail."""

    def __init__(self, monkeypatch, fails):
        self.count = itertools.count()
        self.fails = fails
        monkeypatch.setattr(retries, "FIRST_WAIT", 0.01)
        monkeypatch.setattr(ZarrSource, "read", self.reading(ZarrSource.read))

    def reading(self, read):
        def failing(source, *given, **named):
            error = self.fails(next(self.count))
            if error is not None:
                raise error
            return read(source, *given, **named)

        return failing


def test_a_tile_that_is_tried_again_leaves_the_same_bytes(
    folder, monkeypatch, expected, cut
):
    reset = ConnectionError("a reset")
    Failing(monkeypatch, lambda n: reset if n % 7 == 3 else None)
    run(folder, CONFIG, limits=cut, restart=True)
    assert tree(folder / "out.zarr") == expected


def test_a_run_of_which_a_tile_fails_says_where_and_goes_on_later(
    folder, monkeypatch, expected, cut
):
    before = crews()
    with monkeypatch.context() as patch:
        Failing(patch, lambda n: ValueError("a bad chunk") if n == 10 else None)
        with pytest.raises(RunError, match=r"block \d+ .*a bad chunk"):
            run(folder, CONFIG, limits=cut, restart=True)
        Failing(patch, lambda n: FileNotFoundError(2, "gone") if n > 10 else None)
        with pytest.raises(StorageError, match=r"block \d+ .*gone"):
            run(folder, CONFIG, limits=cut)
    outcome = run(folder, CONFIG, limits=cut)
    assert outcome.computed > 0
    assert tree(folder / "out.zarr") == expected
    eventually(lambda: crews() <= before)


def test_a_run_in_tiles_that_is_stopped_goes_on(folder, expected, cut):
    with pytest.raises(KeyboardInterrupt):
        run(folder, limits=cut, restart=True, progress=stopping_at(3))
    outcome = run(folder, limits=cut)
    assert outcome.kept >= 3
    assert tree(folder / "out.zarr") == expected


def test_a_run_that_is_stopped_ends_with_the_tiles_that_have_begun(
    folder, monkeypatch, cut
):
    """Not with their blocks: these may take minutes."""
    computed: list[int] = []
    seen: list[int] = []
    stopped = threading.Event()
    compute, close = Worker.compute_tile, TileThreads.close

    def noting(worker, turn, tile, result):
        computed.append(turn)
        assert not seen or stopped.wait(PATIENCE)  # however late who stops it is
        time.sleep(0.005)
        compute(worker, turn, tile, result)

    def closing(threads):
        close(threads)
        stopped.set()

    monkeypatch.setattr(Worker, "compute_tile", noting)
    monkeypatch.setattr(TileThreads, "close", closing)

    def stop(done, total):
        if done >= 1:
            seen.append(len(computed))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, limits=cut, restart=True, progress=stop)
    assert len(computed) <= seen[0] + 2 * cut["workers"]


def test_processes_compute_tiles_each_of_blocks_of_its_own(folder, expected, cut):
    run(folder, CONFIG, limits=cut, on="processes", restart=True)
    assert tree(folder / "out.zarr") == expected


def test_tiles_on_a_cluster_of_threads_outlive_a_worker(
    folder, expected, cut, tmp_path_factory
):
    import contextlib

    with contextlib.ExitStack() as stack:
        cluster = Cluster(tmp_path_factory.mktemp("cluster"), stack)
        words = ("worker", "--nthreads", "2", "--no-nanny")
        workers = [cluster.start(*words) for _ in range(2)]
        cluster.has_workers(2)

        def progress(done, _):
            if done == 2:
                workers[0].kill()
                workers[0].wait()

        run(
            folder,
            CONFIG,
            limits=cut,
            on=cluster.address,
            restart=True,
            progress=progress,
        )
    assert tree(folder / "out.zarr") == expected


def test_a_run_of_one_block_says_how_much_of_it_is_done(folder, monkeypatch, cut):
    one = CONFIG.replace("{z: 3, y: 4, x: 5}", "{z: 9, y: 8, x: 14}")
    compute, begun = Worker.compute_tile, itertools.count()
    told: list[tuple[float, int]] = []

    def between():
        return {done for done, total in told if total == 1 and 0 < done < 1}

    def after_some(*given):
        """More tiles, once it is told how much of it those before them are."""
        some = min(3, next(begun) // 5)
        eventually(lambda: len(between()) >= some)
        compute(*given)

    monkeypatch.setattr(Worker, "compute_tile", after_some)
    monkeypatch.setattr("volconv.run.threads.BEAT", 0.01)
    run(
        folder,
        one,
        limits=cut,
        restart=True,
        progress=lambda *done: told.append(done),
    )
    shares = [done for done, total in told if total == 1]
    assert shares == sorted(shares)
    assert len(between()) > 2
    assert (shares[0], shares[-1]) == (0, 1)
    assert len(shares) == len(told)
