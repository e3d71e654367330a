"""The journal: what is safe on the disk, what is looked at again, what a crash tears."""

import json
import re
import shutil

import pytest

from tests.run.conftest import prepared
from tests.run.runs import interrupted, run, tree
from volconv.io.folder import Folder
from volconv.run.folder import FolderTarget
from volconv.run.journal import make_safe, told, unsafe
from volconv.run.journal_file import FileJournal
from volconv.run.status import status_of
from volconv.run.task import BlockRecord

SYNC = "volconv.run.journal_file.make_safe"


def record(turn, *keys):
    objects = tuple((0, key, 4, turn, 0) for key in keys)
    return BlockRecord(turn, objects, 0.5, 0.0, 1.0, 0)


def journal_of(folder):
    def place_of(key):
        return Folder(folder), key

    return FileJournal(folder / "journal.jsonl", place_of)


def told_in(folder):
    return [one[:3] for one in told(journal_of(folder).lines())]


def unsafe_in(folder):
    return unsafe(journal_of(folder).lines())


@pytest.fixture
def synced(monkeypatch):
    """Names of the objects that were made safe, in order; none beside the work."""
    monkeypatch.setattr("volconv.run.journal_file.BATCH", 3600)
    names: list[str] = []

    def note(objects):
        names.extend(key for _, key in objects)

    monkeypatch.setattr(SYNC, note)
    return names


def write_objects(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"abcd")


def test_a_mark_stands_for_the_lines_before_it(tmp_path, synced):
    write_objects(tmp_path, "a", "b", "c")
    journal = journal_of(tmp_path)
    journal.append(record(0, "a"))
    journal.append(record(1, "b"))
    journal.make_safe()
    journal.append(record(2, "c"))
    journal.close(complete=False)
    assert synced == ["a", "b"]
    assert told_in(tmp_path) == [("a", 4, 0), ("b", 4, 1), ("c", 4, 2)]
    assert unsafe_in(tmp_path) == ["c"]


def test_blocks_that_are_told_together_are_a_line_each(tmp_path, synced):
    write_objects(tmp_path, "a", "b", "c")
    journal = journal_of(tmp_path)
    journal.append(record(0, "a", "b"), record(1, "c"))
    journal.append()
    journal.make_safe()
    journal.close(complete=False)
    assert synced == ["a", "b", "c"]
    found = [line["block"] for _, line in journal.lines() if "block" in line]
    assert found == [0, 1]
    assert unsafe_in(tmp_path) == []


def test_a_complete_stage_is_safe_as_a_whole(tmp_path, synced):
    write_objects(tmp_path, "a", "b")
    journal = journal_of(tmp_path)
    journal.append(record(0, "a", "b"))
    journal.close(complete=True)
    assert synced == ["a", "b"]
    assert unsafe_in(tmp_path) == []


def test_an_object_that_is_written_again_is_not_safe_any_more(tmp_path, synced):
    write_objects(tmp_path, "a")
    journal = journal_of(tmp_path)
    journal.append(record(0, "a"))
    journal.close(complete=True)
    again = journal_of(tmp_path)
    again.append(record(7, "a"))
    again.close(complete=False)
    assert told_in(tmp_path) == [("a", 4, 0), ("a", 4, 7)]
    assert unsafe_in(tmp_path) == ["a"]


def test_a_store_that_cannot_make_safe_ends_the_run(tmp_path, monkeypatch):
    def fail(objects):
        raise OSError(5, "the disk is broken")

    monkeypatch.setattr(SYNC, fail)
    journal = journal_of(tmp_path)
    write_objects(tmp_path, "a")
    journal.append(record(0, "a"))
    with pytest.raises(OSError, match="the disk is broken"):
        journal.close(complete=True)


def test_a_failure_beside_the_work_is_not_forgotten_at_the_end(tmp_path, synced):
    write_objects(tmp_path, "a")
    journal = journal_of(tmp_path)
    journal.append(record(0, "a"))
    journal.failure = OSError(5, "the disk was away")
    with pytest.raises(OSError, match="the disk was away"):
        journal.close(complete=True)


@pytest.mark.parametrize(
    "torn",
    [
        "",
        "{",
        '{"block": 1, "objects": [["b", 4',
        "[]",
        "null",
        '"safe"',
        "7",
        '{"safe": "x"}',
        '{"objects": 3, "seconds": 1}',
        "\x00\x00\x00",
    ],
)
def test_a_torn_line_counts_for_nothing_and_hides_no_other(tmp_path, synced, torn):
    write_objects(tmp_path, "a", "c")
    first = journal_of(tmp_path)
    first.append(record(0, "a"))
    first.close(complete=False)
    with first.path.open("a") as file:
        file.write(torn)
    then = journal_of(tmp_path)
    then.append(record(2, "c"))
    then.close(complete=False)
    assert told_in(tmp_path) == [("a", 4, 0), ("c", 4, 2)]


def lines_of(target):
    text = target.journal_file().read_text()
    return [json.loads(line) for line in text.splitlines() if line]


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 0x40
    file.write_bytes(content)


@pytest.fixture
def half_done(folder):
    """An output that was left after four blocks, and what it is to be in the end."""
    run(folder)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    target = interrupted(folder, blocks=4)
    return target, whole


def blocks_of(target):
    return [line for line in lines_of(target) if "block" in line]


def test_a_flipped_bit_behind_the_last_mark_is_computed_again(folder, half_done):
    target, whole = half_done
    assert not [line for line in lines_of(target) if "safe" in line]
    done = blocks_of(target)
    flip(target.store / "density" / done[0]["objects"][0][0])
    outcome = run(folder)
    assert outcome.kept == len(done) - 1
    assert tree(folder / "out.zarr") == whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[["c', '[[0, "c'),
        (r'(/\d", \d+, \d+, )\d', r'\g<1>""'),
        (r'(/\d", \d+, \d+, )\d', r"\g<1>-1"),
        (r'"c/\d/\d/\d"', "7"),
        (r'"c/\d/\d/\d"', '"c/0/0"'),
        (r'"c/\d/\d/\d"', r'"\\u0000/0/0/0"'),
        (r'(/\d", \d)\d', r"\1e47"),
        (r'(/\d", \d)\d', r"\g<1>0000000000000000000000"),
        ("lowest", "lowesu"),
        ("seconds", "secants"),
        (r'"seconds": [\d.]+', '"seconds": null'),
        (r'"seconds": [\d.]+', f'"seconds": {"9" * 400}'),
        ("{", f"{'[' * 10**5}{{"),
    ],
)
def test_a_damaged_line_costs_its_block_and_is_none_to_whoever_asks(
    folder, half_done, old, new
):
    target, whole = half_done
    done = blocks_of(target)
    text = target.journal_file().read_text()
    damaged = re.sub(old.replace("[[", r"\[\["), new, text, count=1)
    assert damaged != text
    target.journal_file().write_text(damaged)
    objects = sum(len(line["objects"]) for line in done)
    assert objects - 2 <= status_of(str(target.path)).done <= objects
    assert run(folder).kept == len(done) - 1
    assert tree(folder / "out.zarr") == whole


def test_before_the_mark_only_sizes_are_looked_at(folder, half_done):
    """The price of a quick start: checksums of what was safe are for a check of its own."""
    target, whole = half_done
    done = blocks_of(target)
    with target.journal_file().open("a") as file:
        file.write(f'\n{{"safe": {target.journal_file().stat().st_size}}}\n')
    key = done[0]["objects"][0][0]
    flip(target.store / "density" / key)
    assert run(folder).kept == len(done)
    different = {
        name
        for name, content in tree(folder / "out.zarr").items()
        if whole[name] != content
    }
    assert different == {f"density/{key}"}


def test_what_an_earlier_run_left_unsafe_is_made_safe_with_the_rest(
    folder, half_done, monkeypatch
):
    target, _ = half_done
    left = {key for line in blocks_of(target) for key, *_ in line["objects"]}
    names: set[str] = set()

    def note(objects):
        names.update(key.removeprefix("density/") for _, key in objects)
        make_safe(objects)

    monkeypatch.setattr(SYNC, note)
    run(folder)
    assert left <= names
    ready = prepared(folder)
    assert len(names) == sum(
        1
        for number in range(ready.plan.blocks)
        for _ in ready.plan.stages[0].grid.objects(number)
    )
    assert not FolderTarget(folder / "out.zarr").partial.exists()


def test_what_an_earlier_run_left_unsafe_is_made_safe_where_nothing_is_left_to_do(
    folder, monkeypatch
):
    target = interrupted(folder, blocks=prepared(folder).plan.blocks)
    left = {key for line in blocks_of(target) for key, *_ in line["objects"]}
    names: list[str] = []

    def note(objects):
        names.extend(key.removeprefix("density/") for _, key in objects)
        make_safe(objects)

    monkeypatch.setattr(SYNC, note)
    assert run(folder).computed == 0
    assert sorted(names) == sorted(left)
    assert not FolderTarget(folder / "out.zarr").partial.exists()
