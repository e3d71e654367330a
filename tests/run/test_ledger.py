"""Objects that are there: what the last line says of each, and what the store has."""

import google_crc32c
import numpy as np
import pytest

from volconv.io.folder import Folder
from volconv.plan.output import OutputSpec
from volconv.plan.write import Write
from volconv.run.journal import Told
from volconv.run.ledger import Ledger


@pytest.fixture
def ledger():
    output = OutputSpec("out", "a", "float32", (1, 2, 3), new_axes=(0,))
    return Ledger(Write(1, output, (1, 3, 7), (1, 1, 1)))


def stored(folder, name, content):
    file = folder / "a" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def told(name, content, *, is_safe=True):
    return Told(name, len(content), google_crc32c.value(content), is_safe)


def test_an_object_is_sound_by_its_bytes_and_in_doubt_by_its_checksum(tmp_path, ledger):
    kept, other = b"abcd", b"abcx"
    for name, there, is_safe in [
        ("c/0/0", kept, True),
        ("c/0/1", other, True),  # what is safe is not read again
        ("c/0/2", kept[:3], True),
        ("c/1/0", kept, False),
        ("c/1/1", other, False),
    ]:
        stored(tmp_path, name, there)
        ledger.note(told(name, kept, is_safe=is_safe))
    ledger.note(told("c/1/2", kept))  # and is not there
    sound = ledger.sound(Folder(tmp_path))
    assert sound.tolist() == [True, True, False, True, False, False]


def test_what_was_in_doubt_is_looked_at_once(tmp_path, ledger):
    for name, there in [("c/0/0", b"abcd"), ("c/0/1", b"abcx")]:
        stored(tmp_path, name, there)
        ledger.note(told(name, b"abcd", is_safe=False))
    expected = [True] + [False] * 5
    assert ledger.sound(Folder(tmp_path)).tolist() == expected
    stored(tmp_path, "c/0/0", b"none")  # as many bytes, and nobody reads them
    assert ledger.sound(Folder(tmp_path)).tolist() == expected


def test_names_are_those_of_all_that_is_told_of(ledger):
    names = [f"c/{row}/{place}" for row in range(2) for place in range(3)]
    assert not list(ledger.names())
    for name in names[1:]:
        ledger.note(told(name, b""))
    assert list(ledger.names()) == names[1:]


def test_of_several_lines_on_one_object_the_last_holds(tmp_path, ledger):
    stored(tmp_path, "c/1/2", b"new")
    ledger.note(told("c/1/2", b"before", is_safe=False))
    ledger.note(told("c/1/2", b"new"))
    stored(tmp_path, "c/0/0", b"new")
    ledger.note(told("c/0/0", b"new"))
    ledger.note(told("c/0/0", b"now", is_safe=False))
    assert ledger.sound(Folder(tmp_path)).tolist() == [False] * 5 + [True]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "c",
        "zarr.json",
        "c/0",
        "c/0/3",
        "c/2/0",
        "c/-1/0",
        "c/0/0/0",
        "c/x/0",
        "b/0/0",
        "c/0_0/0",
        "c/00/0",
        "c/0/00",
        "c/0/ 1",
        "c/0/٢",
        "c//0",
        "c/0/" + "9" * 5000,
        "c/" + "9" * 5000 + "/0",
    ],
)
def test_what_is_no_object_of_the_array_counts_for_nothing(tmp_path, ledger, name):
    ledger.note(Told(name, 4, 4, is_safe=True))
    assert not np.any(ledger.sound(Folder(tmp_path)))


def test_objects_beyond_those_that_are_asked_for_are_no_fault(ledger):
    class Bucket:
        def sizes(self, under, names):
            assert (under, list(names)) == ("a", ["c/1/1"])
            return iter([("zarr.json", 3), ("c/1/0", 4), ("c/1/1", 4)])

    ledger.note(told("c/1/1", b"abcd"))
    assert np.flatnonzero(ledger.sound(Bucket())).tolist() == [4]
