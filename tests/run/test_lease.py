"""Runs that sleep, and wake when another one has their output in a bucket."""

import json
import pickle
import threading

import pytest

from tests.run.conftest import CONFIG
from tests.run.runs import run
from volconv.errors import OutputError
from volconv.io.bucket import HIDDEN, Bucket
from volconv.run import lease
from volconv.run.lease import Lease, check_of

KEY = f"{HIDDEN}/lock"
OTHER = json.dumps({"pid": 7, "host": "elsewhere", "token": "theirs"}).encode()
TAKEN = "process 7 on elsewhere took over"


@pytest.fixture
def clock(monkeypatch):
    """Seconds that go by when they are told to."""
    now = [0.0]
    monkeypatch.setattr(lease, "clock", lambda: now[0])
    return now


@pytest.fixture
def place(bucket, clock, monkeypatch):
    """An output that is held, by a run that gives no sign of life by itself."""
    monkeypatch.setattr(Lease, "beat", lambda _: None)
    place = Bucket(f"{bucket}/out.zarr", is_draft=True)
    with Lease(Bucket(place.url), KEY).held():
        yield place


@pytest.fixture
def asked(monkeypatch):
    """Objects that are read or written, in order."""
    found = []
    for name in ("get", "put"):
        act = getattr(Bucket, name)

        def noted(self, key, *words, act=act):
            found.append(key)
            return act(self, key, *words)

        monkeypatch.setattr(Bucket, name, noted)
    return found


def asked_of(place):
    """What is asked before an object is put there."""
    check = check_of(place)
    assert check is not None
    return check


def beat(place):
    """A sign of life of whoever holds it."""
    lock = json.loads(place.get(KEY))
    place.put(KEY, json.dumps({**lock, "beat": lock["beat"] + 1}).encode())


def test_a_run_puts_objects_while_it_lives_and_asks_for_none(place, clock, asked):
    check = asked_of(place)
    check()
    place.put(KEY, OTHER)  # as nobody may while it lives
    asked.clear()
    clock[0] += lease.LIFE - lease.BEAT - 0.01
    place.put("a", b"", check)
    assert asked == ["a"]


def test_a_run_that_wakes_when_another_has_the_output_puts_nothing(place, clock):
    check = asked_of(place)
    place.put("a", b"first", check)
    place.put(KEY, OTHER)
    clock[0] += lease.LIFE - lease.BEAT
    for _ in range(2):
        with pytest.raises(OutputError, match=TAKEN):
            place.put("a", b"late", check)
    assert place.get("a") == b"first"


def test_a_run_that_wakes_when_another_has_finished_puts_nothing(place, clock):
    check = asked_of(place)
    check()
    place.remove([KEY])
    clock[0] += lease.LIFE
    with pytest.raises(OutputError, match=r"lock is gone \(.*Fix: run again"):
        place.put("a", b"late", check)
    assert not place.holds("a")


def test_a_run_that_wakes_and_finds_its_hold_goes_on(place, clock):
    check = asked_of(place)
    check()
    clock[0] += 100 * lease.LIFE
    place.put("a", b"late", check)
    assert place.holds("a")


def test_a_client_that_may_not_write_conditionally_is_told_of(bucket, monkeypatch):
    monkeypatch.setenv("AWS_CONDITIONAL_PUT", "disabled")
    place = Bucket(f"{bucket}/without.zarr")
    with (
        pytest.raises(OutputError, match="unset AWS_CONDITIONAL_PUT"),
        Lease(place, KEY).held(),
    ):
        pass


def test_a_store_that_does_not_answer_is_not_waited_for_to_let_go(bucket, monkeypatch):
    monkeypatch.setattr(lease, "LETTING_GO", 0.1)
    answers, is_over = [], threading.Event()

    def has_token(_):
        answers.append(is_over.wait(60))
        return False

    monkeypatch.setattr(Lease, "has_token", has_token)
    with Lease(Bucket(f"{bucket}/out.zarr"), KEY).held():
        pass
    assert not answers
    is_over.set()


def test_what_lies_between_stages_is_held_with_the_output(place, clock):
    assert check_of(place.within("x")) is not None
    assert check_of(Bucket(f"{place.url}2")) is None


def test_a_sign_of_life_that_fails_is_told_with_the_next_block(
    folder, bucket, monkeypatch
):
    """Long before the life of the last one is over."""
    monkeypatch.setattr(lease, "BEAT", 0.05)
    monkeypatch.setattr(lease, "LIFE", 1000.0)
    text = CONFIG.replace("out.zarr", f"{bucket}/out.zarr")
    place = Bucket(f"{bucket}/out.zarr")
    monkeypatch.setattr("volconv.run.bucket.check_held", lambda *_: None)
    lost = threading.Event()
    look_again = Lease.look_again

    def noted(self):
        try:
            look_again(self)
        except OutputError:
            lost.set()
            raise

    monkeypatch.setattr(Lease, "look_again", noted)

    def replace(done, total):
        if done == 0:
            place.put(KEY, OTHER)
            assert lost.wait(30)

    with pytest.raises(OutputError, match=rf"block \d+ .*{TAKEN}"):
        run(folder, text, progress=replace)
    assert not [key for key in place.listed() if key.startswith("density/c")]
    assert place.get(KEY) == OTHER


# processes that compute for a run elsewhere


@pytest.fixture
def elsewhere(place, monkeypatch):
    """What another process asks before it puts an object."""
    check = pickle.loads(pickle.dumps(check_of(place)))
    monkeypatch.setattr(lease, "HELD", {})
    lease.watch_of.cache_clear()
    return check


def test_a_worker_asks_each_time_until_it_knows_that_the_run_lives(
    place, clock, elsewhere, asked
):
    for _ in range(3):
        elsewhere()
    assert asked == 3 * [KEY]
    clock[0] += 0.1
    beat(place)
    asked.clear()
    for _ in range(3):
        elsewhere()
    assert asked == [KEY]


def test_a_worker_asks_now_and_then_while_the_run_lives(place, clock, elsewhere, asked):
    elsewhere()
    for _ in range(5):
        beat(place)
        asked.clear()
        for _ in range(10):
            clock[0] += lease.BEAT / 10
            elsewhere()
        assert 1 <= asked.count(KEY) <= 2
    place.put(KEY, OTHER)
    clock[0] += lease.LIFE
    with pytest.raises(OutputError, match=TAKEN):
        place.put("a", b"late", elsewhere)
    assert not place.holds("a")


def test_a_worker_asks_each_time_when_the_run_gives_no_sign_of_life(
    place, clock, elsewhere, asked
):
    elsewhere()
    clock[0] += 0.1
    beat(place)
    elsewhere()
    clock[0] += lease.BEAT
    asked.clear()
    for _ in range(3):
        elsewhere()
    assert asked == 3 * [KEY]
    place.put(KEY, OTHER)
    with pytest.raises(OutputError, match=TAKEN):
        elsewhere()
