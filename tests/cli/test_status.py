"""Verb `status`, over outputs that are complete, begun, held, or not there."""

import errno
import itertools
import json
import os
import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.cli.command import halted
from tests.cli.test_run import volconv
from tests.run.conftest import stopping_at
from tests.run.runs import run
from volconv.cli.status import status_lines
from volconv.run.folder import FolderTarget
from volconv.run.status import status_of

CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - box: {size: {y: 3}, padding: same}
  - box: {size: {z: 3}, padding: same}
output: {path: out.zarr, chunks: {z: 1, y: 1}}
"""


@pytest.fixture
def folder(tmp_path):
    values = np.arange(9 * 12, dtype="float32").reshape(9, 12)
    values[4, 4] = np.nan
    array = xr.DataArray(values, dims=("z", "y"), name="v")
    array.to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def status(folder, output="out.zarr"):
    done = volconv(folder, "status", output, "--json")
    return done.returncode, json.loads(done.stdout)


def test_a_complete_output_is_told_with_exit_code_0(folder):
    assert volconv(folder, "run", "config.yaml").returncode == 0
    done = volconv(folder, "status", "out.zarr")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "complete out.zarr"
    code, told = status(folder)
    assert (code, told["complete"], told["done"]) == (0, True, 9 * 12)
    sizes = [f.stat().st_size for f in (folder / "out.zarr" / "v" / "c").rglob("*/*")]
    assert told["nbytes"] == sum(size for size in sizes if size)
    assert told["written"] == (folder / "out.zarr" / "zarr.json").stat().st_mtime


@pytest.mark.parametrize("how", ["objects are gone", "a copy in other chunks"])
def test_what_is_not_as_a_run_left_it_is_not_complete(folder, how):
    run(folder, CONFIG)
    store, name = folder / "out.zarr", "out.zarr"
    assert status_of(str(store)).lost == 0
    if how == "objects are gone":
        shutil.rmtree(store / "v" / "c" / "3")
        lost = 12
    else:
        name, whole = "copy.zarr", xr.open_zarr(store, consolidated=False).load()
        whole.drop_encoding().to_zarr(folder / name, consolidated=False)
        assert "volconv_plan" in xr.open_zarr(folder / name, consolidated=False).attrs
        lost = 9 * 12 - 1
    code, told = status(folder, name)
    assert (code, told["complete"], told["lost"]) == (9, False, lost)
    assert (told["done"], told["objects"]) == (9 * 12 - lost, 9 * 12)
    lines = status_lines(status_of(str(folder / name)), 0.0)
    assert lines[0].startswith("damaged ")
    assert lines[1].startswith(f"objects  {9 * 12 - lost} of 108, ")
    assert lines[1].endswith(": not as a run left it")


def test_a_begun_output_is_told_while_it_is_held_and_after(folder):
    with halted(folder, 3, "--threads", "2", "--memory", "1GiB") as process:
        code, told = status(folder)
        assert code == 9
        assert told["complete"] is False
        assert 0 < told["done"] < told["objects"] == 9 * 12
        assert f"process {process.pid} on " in told["holder"]
        assert "go on" not in volconv(folder, "status", "out.zarr").stdout
    text = volconv(folder, "status", "out.zarr").stdout
    assert f"objects  {told['done']} of 108 ({100 * told['done'] // 108} %)" in text
    assert "held by  nobody" in text
    code, told = status(folder)
    assert (code, told["holder"]) == (9, None)
    words = shlex.split(told["command"])
    assert words[:3] == ["volconv", "run", str(folder / "config.yaml")]
    assert volconv("/", *words[1:]).returncode == 0
    assert status(folder)[0] == 0


def test_one_who_may_only_read_is_told_of_a_begun_output(folder, monkeypatch):
    monkeypatch.chdir(folder)
    target = FolderTarget(Path("out.zarr"))
    with halted(folder, 3) as process:
        there = (folder, target.partial, target.owner_file, target.partial / "lock")
        modes = {path: path.stat().st_mode for path in (*there, target.header_file)}
        for path, mode in modes.items():
            path.chmod((mode | 0o055) & ~0o222)
        with as_nobody():
            held = target.owner()
    with as_nobody():
        left = target.owner()
        header = target.header()
    for path, mode in modes.items():
        path.chmod(mode)
    assert held["pid"] == process.pid
    assert left is None
    assert header["objects"] == 9 * 12


def test_what_a_header_says_in_another_kind_is_not_known(folder):
    with pytest.raises(KeyboardInterrupt):
        run(folder, CONFIG, progress=stopping_at(2))
    target = FolderTarget(folder / "out.zarr")
    header = target.header() or {}
    values: tuple[object, ...] = ("text", None, 7, -1.5, [[1]], {})
    for key, value in itertools.product(header.keys() | {"result"}, values):
        target.write_header({**header, key: value})
        found = status_of(target.where)
        assert found.done + found.between > 0
        assert type(found.objects) is int
        assert found.result is None or found.result == value == "text"
        assert status_lines(found, 0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="other locks")
def test_what_is_begun_is_told_where_the_file_system_has_no_locks(folder, monkeypatch):
    # blocks as small are told together otherwise, perhaps all of them
    monkeypatch.setattr("volconv.run.threads.TOGETHER", -1.0)
    with pytest.raises(KeyboardInterrupt):
        run(folder, CONFIG, progress=stopping_at(2))

    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    found = status_of(str(folder / "out.zarr"))
    assert 0 < found.done < found.objects == 9 * 12
    assert found.holder == "unknown: the file system has no locks"


@contextmanager
def as_nobody():
    """A user for whom the modes of files count."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_begun_output_tells_of_its_values(folder):
    text = CONFIG.replace("z: 1, y: 1", "z: 9, y: 1")
    (folder / "config.yaml").write_text(text)
    with halted(folder, 3):
        pass
    lines = (folder / "out.zarr.partial" / "journal.jsonl").read_text().splitlines()
    blocks = [line for line in map(json.loads, filter(None, lines)) if "block" in line]
    _, told = status(folder)
    objects = [one for block in blocks for one in block["objects"]]
    assert told["done"] == len(objects)
    assert told["nbytes"] == sum(nbytes for _, nbytes, _, _ in objects)
    assert told["nonfinite"] == sum(cells for *_, cells in objects)
    assert told["lowest"] == min(block["lowest"] for block in blocks)
    assert told["highest"] == max(block["highest"] for block in blocks)


def test_cells_that_are_computed_again_in_other_blocks_count_once(folder):
    """Each object has one cell that is not finite, whatever blocks wrote it."""
    array = np.ones((9, 12), "float32")
    array[:, 5] = np.nan
    volume = xr.DataArray(array, dims=("z", "y"), name="v").to_dataset()
    volume.to_zarr(folder / "in.zarr", mode="w", zarr_format=3, consolidated=False)
    text = "version: 1\ninput: {path: in.zarr}\nsteps: [abs]\n"
    text += "output: {path: out.zarr, chunks: {z: 1, y: 12}}\n"
    for workers, blocks in ((1, 2), (2, 5), (1, 3)):
        with pytest.raises(KeyboardInterrupt):
            run(
                folder,
                text,
                limits={"workers": workers},
                progress=stopping_at(blocks),
            )
        found = status_of(str(folder / "out.zarr"))
        assert found.nonfinite == found.done >= 3
        store = FolderTarget(folder / "out.zarr").store
        next((store / "v" / "c").glob("*/*")).unlink()


def test_objects_between_stages_are_told_apart(folder):
    with halted(folder, 3, "--no-fuse"):
        pass
    _, told = status(folder)
    assert told["objects"] == 9 * 12
    assert told["between"] + told["done"] > 0
    text = volconv(folder, "status", "out.zarr").stdout
    assert "objects of results between stages" in text or not told["between"]


def test_what_is_saved_and_begun_is_told_of_with_whose_it_is(folder):
    text = CONFIG.replace("same}", "same, save: s.zarr}", 1)
    (folder / "config.yaml").write_text(text)
    with halted(folder, 3, "--no-fuse"):
        pass
    code, told = status(folder, "s.zarr")
    assert (code, told["complete"], told["objects"]) == (9, False, 1)
    assert told["result"] == str(folder / "out.zarr")
    text = volconv(folder, "status", "s.zarr").stdout
    assert f"saved    by the run of {folder}/out.zarr, whose status" in text
    assert "go on    volconv run" in text
    _, result = status(folder)
    assert (result["result"], result["objects"]) == (None, 1 + 9 * 12)


def test_the_folder_that_one_stands_in_is_an_output_too(folder):
    assert volconv(folder, "status", ".").returncode == 4
    assert volconv(folder, "run", "config.yaml").returncode == 0
    done = volconv(folder / "out.zarr", "status", ".")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "complete .")
    begun = volconv(folder / "out.zarr" / "v", "status", "..")
    assert (begun.returncode, begun.stdout.splitlines()[0]) == (0, "complete ..")


def test_nothing_and_a_stranger_are_errors_with_their_codes(folder):
    missing = volconv(folder, "status", "nowhere.zarr")
    assert missing.returncode == 3
    assert "nothing there" in missing.stderr
    stranger = volconv(folder, "status", "in.zarr")
    assert stranger.returncode == 4
    assert "not made by a run" in stranger.stderr
    assert not (folder / "nowhere.zarr.partial").exists()
