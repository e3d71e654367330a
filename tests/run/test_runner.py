"""Runs over stores: the bytes of the whole, kept through every interruption."""

import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial, partialmethod
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from numpy.testing import assert_array_equal

import volconv
from tests.cli.command import halted
from tests.cli.command import volconv as volconv_command
from tests.run.conftest import CONFIG, prepared
from tests.run.runs import interrupted, journalled, result, run, tree
from tests.waiting import eventually
from volconv.cli.plan import print_hindrance
from volconv.errors import (
    ClusterError,
    InputError,
    KindError,
    MemoryPlanError,
    OutputError,
    PlanMismatch,
    RunError,
    StorageError,
)
from volconv.io.store import documents_of
from volconv.run.folder import FolderTarget
from volconv.run.status import status_of
from volconv.run.task import Worker


def expected(volume):
    smooth = volconv.gaussian(
        volume, {"z": 1.0, "y": 0.8, "x": 1.2}, boundary={"x": "wrap", "y": "edge"}
    )
    return volconv.correlate(
        smooth,
        [[1, 2], [3, 4]],
        dims=("y", "x"),
        stride={"y": 2, "x": 1},
        padding=1,
    )


def test_a_run_writes_what_the_functions_compute_bit_for_bit(folder, volume):
    outcome = run(folder)
    assert outcome.computed == prepared(folder).plan.blocks > 4
    found = result(folder).density
    wanted = expected(volume)
    assert_array_equal(found.values.view("u4"), wanted.values.view("u4"))
    for name, coord in wanted.coords.items():
        assert_array_equal(found[name].values, coord.values)
        assert found[name].attrs == coord.attrs
    assert found.attrs["units"] == "g"
    assert found.attrs["volconv"] == wanted.attrs["volconv"]
    assert not FolderTarget(folder / "out.zarr").partial.exists()


def test_what_a_run_writes_goes_into_netcdf_as_it_is(folder):
    run(folder)
    found = result(folder)
    found.to_netcdf(folder / "out.nc", engine="h5netcdf")
    with xr.open_dataset(folder / "out.nc", engine="h5netcdf") as again:
        assert again.load().identical(found)


def test_the_store_is_zarr_3_with_checksums_and_consolidated(folder):
    run(folder, CONFIG.replace("x: 5}", "x: 5}\n  shards: {z: 6, y: 8, x: 10}"))
    group = zarr.open_group(folder / "out.zarr", mode="r")
    assert group.metadata.zarr_format == 3
    assert group.metadata.consolidated_metadata is not None
    array = group["density"]
    assert array.chunks == (3, 4, 5)
    assert array.shards == (6, 8, 10)
    assert array.metadata.dimension_names == ("z", "y", "x")
    assert array.compressors[0].checksum is True


@pytest.mark.parametrize(
    "codec", ["zstd", "none", "gzip", "{blosc: {cname: lz4, clevel: 1}}"]
)
def test_a_flipped_bit_of_the_result_does_not_go_unnoticed(folder, codec):
    run(folder, CONFIG.replace("x: 5}", f"x: 5}}\n  codec: {codec}"))
    wanted = result(folder).density.values
    victim = folder / "out.zarr" / "density" / "c" / "0" / "0" / "0"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0x10
    victim.write_bytes(content)
    array = zarr.open_array(folder / "out.zarr" / "density", mode="r")
    with pytest.raises(Exception, match=r"(?i)crc|checksum|corrupt|error|invalid"):
        array[:3, :4, :5]
    assert_array_equal(array[3:], wanted[3:])


def test_a_second_run_recomputes_nothing(folder):
    run(folder)
    before = tree(folder / "out.zarr")
    times = (folder / "out.zarr/zarr.json").stat().st_mtime_ns
    outcome = run(folder)
    assert (outcome.computed, outcome.kept) == (0, prepared(folder).plan.blocks)
    assert tree(folder / "out.zarr") == before
    assert (folder / "out.zarr/zarr.json").stat().st_mtime_ns == times


@pytest.mark.parametrize(
    ("name", "whose"), [("x", "a dimension"), ("y", "a dimension"), ("lon", "a coor")]
)
def test_cells_are_not_stored_under_the_name_of_where_they_lie(
    folder, volume, name, whose
):
    labelled = volume.assign_coords(lon=("x", np.arange(13.0)))
    labelled.to_dataset().to_zarr(folder / "in.zarr", mode="w", consolidated=False)
    text = CONFIG.replace("out.zarr", f"out.zarr\n  variable: {name}")
    with pytest.raises(
        OutputError, match=f"got '{name}', which is the name of {whose}"
    ):
        prepared(folder, text)


@pytest.mark.parametrize("chunks", ["{z: 9, y: 14, x: 13}", "{z: 1, y: 3, x: 4}"])
def test_the_numbers_do_not_depend_on_the_blocks(folder, volume, chunks):
    run(folder, CONFIG.replace("{z: 3, y: 4, x: 5}", chunks))
    assert_array_equal(result(folder).density.values, expected(volume).values)


def test_a_step_may_be_stored_in_between_with_the_same_result(folder, volume):
    first, second = CONFIG.split("  - correlate:")
    run(folder, first + "output: {path: smooth.zarr, chunks: {z: 4, y: 3, x: 5}}")
    text = CONFIG.split("steps:")[0].replace("in.zarr", "smooth.zarr")
    run(folder, text + "steps:\n  - correlate:" + second)
    assert_array_equal(result(folder).density.values, expected(volume).values)
    record = json.loads(result(folder).density.attrs["volconv"])
    assert [step["step"] for step in record["steps"]] == ["gaussian", "correlate"]


def test_the_output_s_dtype_rounds_half_to_even_and_saturates(folder, volume):
    text = CONFIG.replace("path: out.zarr", "path: out.zarr\n  dtype: uint8")
    run(folder, text)
    wanted = np.clip(np.rint(expected(volume).values), 0, 255).astype("uint8")
    found = xr.open_zarr(folder / "out.zarr", chunks=None).density
    assert found.dtype == np.uint8
    assert_array_equal(found.values, wanted)


# where it runs


def test_processes_write_the_same_bytes_as_threads(folder):
    run(folder)
    threads = tree(folder / "out.zarr")
    run(folder, on="processes", restart=True)
    assert tree(folder / "out.zarr") == threads


@pytest.fixture
def scheduler(tmp_path_factory):
    """`dask scheduler` and two `dask worker` as processes of their own."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    worker = ["worker", "--nthreads", "1", *common]
    commands = [["scheduler", "--port", "0", *common], worker, worker]
    with (folder / "log").open("w") as log, contextlib.ExitStack() as stack:
        for words in commands:
            command = [sys.executable, "-m", "dask", *words]
            process = stack.enter_context(
                subprocess.Popen(command, stderr=log, stdout=log, cwd=folder)
            )
            stack.callback(process.terminate)
        until = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]


def test_a_running_scheduler_gets_the_same_bytes_and_goes_on_running(folder, scheduler):
    run(folder)
    threads = tree(folder / "out.zarr")
    for _ in range(2):
        run(folder, on=scheduler, restart=True)
        assert tree(folder / "out.zarr") == threads


def test_no_scheduler_is_one_clear_error(folder, monkeypatch):
    with pytest.raises(ClusterError, match=r"^on: got .*tcp://HOST:PORT"):
        run(folder, on="somewhere")
    with pytest.raises(ClusterError, match=r"no answer at tcp://127\.0\.0\.1:9"):
        run(folder, on="tcp://127.0.0.1:9")
    run(folder)  # what was begun is no hindrance


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1", "missing port number"),
        ("tcp://127.0.0.1:x", "tcp://HOST:PORT"),
        ("foo://a:1", "unknown address scheme 'foo'"),
        ("http://localhost:1", "unknown address scheme 'http'"),
        ("inproc://192.0.2.1/1/1", "does not match"),
        ("ucx://a:1", "ucx"),
        ("tls://a:1", "distributed.comm.tls in Dask's configuration"),
    ],
)
def test_an_address_that_cannot_be_reached_is_refused_before_anything_is_begun(
    folder, address, said
):
    with pytest.raises(ClusterError, match=re.escape(said)):
        run(folder, on=address)
    assert not list(folder.glob("out.zarr*"))


@pytest.mark.parametrize("on", [None, 3])
def test_what_is_no_text_is_no_crew(folder, on):
    with pytest.raises(KindError, match=r"on=client\.scheduler\.address"):
        run(folder, on=on)


def test_nothing_is_erased_for_a_scheduler_that_does_not_answer(folder):
    run(folder)
    whole = tree(folder / "out.zarr")
    with pytest.raises(ClusterError, match=r"no answer at tcp://127\.0\.0\.1:9"):
        run(folder, on="tcp://127.0.0.1:9", restart=True)
    assert tree(folder / "out.zarr") == whole


def test_what_can_be_no_crew_is_refused_before_anything_is_erased_or_begun(folder):
    with pytest.raises(ClusterError, match="'thread'"):
        run(folder, on="thread")
    assert not list(folder.glob("out.zarr*"))
    run(folder)
    whole = tree(folder / "out.zarr")
    with pytest.raises(ClusterError, match="threads, processes"):
        run(folder, on="thread", restart=True)
    assert tree(folder / "out.zarr") == whole


def test_a_chunk_that_goes_while_a_run_reads_is_no_fill_value(folder):
    def remove_one(done, total):
        if done == total - 1:
            (folder / "in.zarr" / "density" / "c" / "0" / "0" / "0").unlink()

    with pytest.raises(InputError, match=r"changed while they were read.*--restart"):
        run(folder, progress=remove_one)
    assert not (folder / "out.zarr").exists()
    with pytest.raises(PlanMismatch, match="chunks stored"):
        run(folder)


@pytest.mark.parametrize("kind", ["file", "link", "link to nowhere", "folder"])
def test_what_is_no_output_is_refused_and_erased_when_asked(folder, kind):
    path, other = folder / "out.zarr", folder / "elsewhere"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(other)
        if kind == "link":
            other.mkdir()
            (other / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="exists and was not made by a run"):
        run(folder)
    assert not list(folder.glob("*.partial"))
    assert run(folder, restart=True).computed > 0
    assert not path.is_symlink()
    assert sorted(result(folder).data_vars) == ["density"]
    assert kind != "link" or (other / "thesis.txt").read_text() == "precious"
    assert not list(folder.glob("*.deleting"))


def test_what_lies_where_a_run_keeps_its_work_is_named(folder):
    (folder / "out.zarr.partial").write_text("a file")
    with pytest.raises(
        OutputError, match=r"out\.zarr\.partial' cannot be .*\(File exis"
    ):
        run(folder)


@pytest.mark.parametrize("damaged", ['{"plan": 1}', "", '{"finger', "[]"])
def test_a_header_that_is_none_is_told_with_the_mend(folder, damaged):
    (folder / "out.zarr.partial").mkdir()
    (folder / "out.zarr.partial" / "header.json").write_text(damaged)
    (folder / "out.zarr.partial" / "owner.json").write_text('{"pid": 1, "host": "a"}')
    with pytest.raises(OutputError, match=r"has kept no plan; .*Fix: --restart"):
        run(folder)
    assert run(folder, restart=True).computed > 0


def test_a_store_that_fails_before_the_first_block_is_named(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FolderTarget, "write_header", full)
    with pytest.raises(
        StorageError,
        match=r"out\.zarr: got No space left on device; expected a store that can be "
        r"written\. Fix: mend it, then run again: what is done is kept\.$",
    ):
        run(folder)
    monkeypatch.undo()
    assert run(folder).computed > 0


@pytest.mark.parametrize(
    "files",
    [
        ["notes.txt"],
        ["store/data.bin", "step-1/x"],
        *([name, "store/x"] for name in ("lock", "header.json", "owner.json")),
        ["journal.jsonl"],
    ],
)
@pytest.mark.parametrize("restart", [True, False])
def test_what_no_run_made_where_one_keeps_its_work_is_never_touched(
    folder, files, restart
):
    for name in files:
        path = folder / "out.zarr.partial" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"thesis": "precious"}')
    before = tree(folder / "out.zarr.partial")
    with pytest.raises(
        OutputError, match=r"out\.zarr\.partial' exists and was not made by a run"
    ):
        run(folder, restart=restart)
    assert tree(folder / "out.zarr.partial") == before
    (folder / "out.zarr.partial").rename(folder / "aside")
    run(folder)
    (folder / "aside").rename(folder / "out.zarr.partial")
    assert run(folder).computed == 0
    assert tree(folder / "out.zarr.partial") == before


def test_empty_files_of_a_run_s_names_are_one_s_that_was_killed_at_once(folder):
    partial = folder / "out.zarr.partial"
    partial.mkdir()
    for name in ("lock", "owner.json"):
        (partial / name).touch()
    assert run(folder).computed > 0
    assert not partial.exists()


def test_what_others_put_where_a_run_keeps_its_work_stays(folder):
    partial = interrupted(folder).partial
    (partial / "thesis.txt").write_text("precious")
    assert run(folder).kept > 0
    assert tree(partial) == {"thesis.txt": b"precious"}
    assert run(folder).computed == 0
    assert tree(partial) == {"thesis.txt": b"precious"}


def test_an_output_that_is_erased_takes_nothing_beside_it(folder):
    run(folder)
    (folder / "out.zarr.deleting").mkdir()
    (folder / "out.zarr.deleting" / "thesis.txt").write_text("precious")
    run(folder, restart=True)
    assert (folder / "out.zarr.deleting" / "thesis.txt").read_text() == "precious"


def test_what_a_kill_leaves_of_an_output_that_was_being_erased_goes(
    folder, monkeypatch
):
    run(folder)
    whole = tree(folder / "out.zarr")
    remove = shutil.rmtree

    def killed(path, *args, **options):
        if path.name == "deleting" and path.exists():
            raise KeyboardInterrupt
        remove(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            run(folder, restart=True)
    assert not (folder / "out.zarr").exists()
    assert (folder / "out.zarr.partial" / "deleting").exists()
    run(folder)
    assert tree(folder / "out.zarr") == whole
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.yaml",
        "in.zarr",
        "out.zarr",
    ]


@pytest.mark.parametrize("path", ["o.partial", "o.partial/store", "o.partial/a/b"])
def test_an_input_does_not_lie_where_the_output_is_written(folder, path):
    source = folder / path
    source.parent.mkdir(parents=True, exist_ok=True)
    (folder / "in.zarr").rename(source)
    before = tree(folder / "o.partial")
    text = CONFIG.replace("in.zarr", path).replace("out.zarr", "o")
    with pytest.raises(OutputError, match=r"o', written in .*o\.partial', which is"):
        run(folder, text)
    assert tree(folder / "o.partial") == before


@pytest.mark.parametrize("name", ["zarr.json", "density/zarr.json"])
@pytest.mark.parametrize(
    "damaged", ["", '{"zarr', "[]", '{"attributes": {}}', "[" * 10**5]
)
def test_a_begun_store_whose_metadata_is_damaged_is_to_be_begun_anew(
    folder, name, damaged
):
    (interrupted(folder).store / name).write_text(damaged)
    with pytest.raises(OutputError, match=r"json' is not what it was.*Fix: --restart"):
        run(folder)


@pytest.mark.parametrize(
    "name", ["zarr.json", "density/zarr.json", "x/zarr.json", "x/c/0", "x", ""]
)
@pytest.mark.parametrize("meanwhile", [False, True])
def test_what_a_begun_store_was_made_of_is_made_again_where_it_is_gone(
    folder, name, meanwhile
):
    run(folder)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    target = FolderTarget(folder / "out.zarr")

    def lose(done, total):
        if done == (total if meanwhile else 3):
            lost = target.store / name
            shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
            if not meanwhile:
                raise KeyboardInterrupt

    if not meanwhile:
        with pytest.raises(KeyboardInterrupt):
            run(folder, progress=lose)
        assert run(folder).kept >= (3 if name else 0)
    elif name:
        run(folder, progress=lose)
    else:
        with pytest.raises(RunError, match="objects are gone"):
            run(folder, progress=lose)
        run(folder)
    assert tree(folder / "out.zarr") == whole


@pytest.mark.parametrize("name", ["zarr.json", "x/c/0"])
def test_what_is_gone_and_would_be_another_now_is_to_be_begun_anew(
    folder, name, monkeypatch
):
    """As where another version of a library writes it."""
    (interrupted(folder).store / name).unlink()

    def others(*words):
        made = documents_of(*words)
        return {**made, name: bytes(made[name]) + b" "}

    monkeypatch.setattr("volconv.run.runner.documents_of", others)
    if name == "zarr.json":  # the same metadata, spelt otherwise
        assert run(folder).kept >= 3
        return
    told = rf"'{name}' is gone, and would be another; .*--restart"
    with pytest.raises(OutputError, match=told):
        run(folder)
    assert run(folder, restart=True).kept == 0


def metadata_of_other_kinds(file):
    """What an array's metadata might be, and not what a run wrote."""
    told = json.loads(file.read_text())
    for key, value in {
        "zarr_format": 9,
        "chunk_grid": {"name": "of no kind", "configuration": {}},
        "shape": [-1, 7, 14],
        "data_type": "int16",
        "fill_value": 7.0,
    }.items():
        assert told[key] != value
        yield json.dumps({**told, key: value})


@pytest.mark.parametrize("name", ["density/zarr.json", "x/zarr.json", "x/c/0"])
def test_a_begun_store_of_other_metadata_or_coordinates_is_to_be_begun_anew(
    folder, name
):
    file = interrupted(folder).store / name
    whole = file.read_bytes()
    others = [b"", whole[:-1]]
    if name == "density/zarr.json":
        others += [text.encode() for text in metadata_of_other_kinds(file)]
    for content in others:
        file.write_bytes(content)
        with pytest.raises(OutputError, match=rf"coordinates '{name}' is not what"):
            run(folder)
    file.write_bytes(whole)
    assert run(folder).kept > 0


@pytest.mark.parametrize("name", ["zarr.json", "x/zarr.json", "x/c/0"])
def test_what_of_a_store_changes_while_a_run_goes_on_is_no_result(folder, name):
    target = FolderTarget(folder / "out.zarr")

    def spoil(done, total):
        if done == 3:
            file = target.store / name
            file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(OutputError, match=rf"coordinates '{name}' is not what"):
        run(folder, progress=spoil)
    assert not target.path.exists()


def test_a_header_that_is_gone_erases_no_block(folder, capsys):
    target = interrupted(folder)
    target.header_file.unlink()
    before = tree(target.store)
    assert status_of(target.where).between >= 3
    told = r"with finished blocks and no header; .*Fix: --restart"
    print_hindrance(prepared(folder).plan)
    assert re.search(told, capsys.readouterr().err)
    with pytest.raises(OutputError, match=told):
        run(folder)
    assert tree(target.store) == before
    assert run(folder, restart=True).kept == 0


@pytest.mark.parametrize("gone", ["journal.jsonl", "header.json", "store"])
def test_what_a_kill_leaves_of_a_beginning_that_was_being_erased_goes(
    folder, gone, monkeypatch
):
    """Whatever was removed when it came."""
    interrupted(folder)
    unlink, remove = Path.unlink, shutil.rmtree

    def killed(path, *words, act, **options):
        act(path, *words, **options)
        if path.name == gone:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", partialmethod(killed, act=unlink))
        patch.setattr(shutil, "rmtree", partial(killed, act=remove))
        with pytest.raises(KeyboardInterrupt):
            run(folder, restart=True)
    assert run(folder).kept == 0
    assert not (folder / "out.zarr.partial").exists()


@pytest.mark.parametrize("layout", [None, "text", [], 7])
def test_a_header_whose_layout_is_none_is_told_with_the_mend(folder, layout):
    target = interrupted(folder)
    target.write_header({**(target.header() or {}), "layout": layout})
    with pytest.raises(OutputError, match=r"has kept no plan; .*Fix: --restart"):
        run(folder)


@pytest.mark.parametrize(
    "made",
    [None, [], {}, {"2": 7}, {"2": {}}, {"2": {"zarr.json": 7}}]
    + [{"2": {key: ""}} for key in ("", "/etc/passwd", "../owner.json", "\0")],
)
def test_a_header_tells_of_no_file_outside_of_its_store(folder, made):
    target = interrupted(folder)
    target.write_header({**(target.header() or {}), "made": made})
    with pytest.raises(
        OutputError, match=r"'zarr\.json' is not what it was.*--restart"
    ):
        run(folder)


def test_a_variable_may_be_named_like_a_file_that_is_being_written(folder):
    text = CONFIG.replace("path: out.zarr", "path: out.zarr\n  variable: v.partial")
    run(folder, text)
    assert [*result(folder).data_vars] == ["v.partial"]


def test_every_file_of_a_result_is_made_safe_on_the_disk(folder, monkeypatch):
    """Coordinates and metadata before the header says that the store is ready."""
    synced, fsync = [], os.fsync

    def noted(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    run(folder)
    partial = FolderTarget(folder / "out.zarr").partial
    begun = synced[: synced.index(f"{partial}/header.draft")]
    written = {f"{partial}/store/{name}" for name in tree(folder / "out.zarr")}
    assert written <= set(synced)
    assert {name for name in written if "/density/c/" not in name} <= set(begun)


# interruptions


def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(folder):
    run(folder)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    target = interrupted(folder)
    journal = target.journal_file().read_text().splitlines()
    total = prepared(folder).plan.blocks
    seen = []
    outcome = run(folder, progress=lambda done, _: seen.append(done))
    assert outcome.kept == len([line for line in journal if line]) >= 3
    assert outcome.computed == total - outcome.kept
    assert seen == list(range(outcome.kept, total + 1))
    assert tree(folder / "out.zarr") == whole


def test_what_is_finished_while_a_run_is_being_stopped_is_in_the_journal(
    folder, monkeypatch
):
    target = FolderTarget(folder / "out.zarr")
    array = target.store / "density"
    begin, begun = Worker.begin, []

    def noted(self, turn):
        begun.append(turn)
        return begin(self, turn)

    monkeypatch.setattr(Worker, "begin", noted)

    def stop(done, _):
        if done == 2:
            eventually(lambda: len(begun) > 2)  # meanwhile threads go on
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, progress=stop)
    there = {key for key in tree(array) if key.startswith("c/")}
    blocks = journalled(target)
    assert {key for _, keys in blocks for key in keys} == there
    assert run(folder).kept == len(blocks) > 2


@pytest.mark.parametrize("kind", ["folder", "file", "group"])
def test_what_comes_to_the_output_s_path_meanwhile_costs_nobody_anything(folder, kind):
    path = folder / "out.zarr"
    puts = {
        "folder": path.mkdir,
        "file": lambda: path.write_text("theirs"),
        "group": lambda: zarr.create_group(path),
    }

    def put(done, total):
        if done == 3:
            puts[kind]()

    with pytest.raises(OutputError, match="exists and was not made by a run"):
        run(folder, progress=put)
    path.rename(folder / "moved away")
    assert run(folder).computed == 0


def test_an_unfinished_output_cannot_be_opened_as_a_result(folder):
    target = interrupted(folder)
    with pytest.raises(FileNotFoundError):
        zarr.open(target.path, mode="r")
    with pytest.raises(FileNotFoundError):
        zarr.open(target.partial, mode="r")


def test_a_torn_journal_line_costs_one_block(folder):
    target = interrupted(folder, blocks=4)
    text = target.journal_file().read_text().rstrip("\n")
    done = text.count('"block"')
    target.journal_file().write_text(text[:-9])
    assert run(folder).kept == done - 1


def test_an_object_that_is_lost_or_cut_is_computed_again(folder):
    run(folder)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    target = interrupted(folder, blocks=4)
    blocks = journalled(target)
    lost, cut = (target.store / "density" / keys[0] for _, keys in blocks[:2])
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    assert run(folder).kept == len(blocks) - 2
    assert tree(folder / "out.zarr") == whole


def test_other_blocks_go_on_with_the_same_objects(folder):
    """The memory limit, and so the blocks, may change between two runs."""
    run(folder)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    interrupted(folder, blocks=6)
    wide = prepared(folder, workers=1)
    assert wide.plan.blocks != prepared(folder).plan.blocks
    outcome = run(folder, limits={"workers": 1})
    assert outcome.kept >= 1
    assert tree(folder / "out.zarr") == whole


def test_sigkill_at_any_moment_loses_nothing(folder):
    text = CONFIG.replace("{z: 3, y: 4, x: 5}", "{z: 1, y: 4, x: 5}")
    (folder / "config.yaml").write_text(text)
    run(folder, text)
    whole = tree(folder / "out.zarr")
    shutil.rmtree(folder / "out.zarr")
    for lines in (0, 1, 2, 3):
        with halted(folder, lines + 1, at=lines):
            time.sleep(0.0 if lines else 0.7)
        assert not (folder / "out.zarr").exists()
    done = volconv_command("run", "config.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "were there already" in done.stdout
    assert tree(folder / "out.zarr") == whole


# refusals


def test_another_plan_is_refused_with_the_field_that_differs(folder):
    run(folder)
    before = tree(folder / "out.zarr")
    other = CONFIG.replace("[3, 4]", "[3, 5]")
    with pytest.raises(PlanMismatch, match=r"step 2 \(correlate\) differ.*--restart"):
        run(folder, other)
    with pytest.raises(PlanMismatch, match=r"output\.chunks differ"):
        run(folder, CONFIG.replace("z: 3", "z: 2"))
    assert tree(folder / "out.zarr") == before
    assert run(folder, other, restart=True).kept == 0
    assert tree(folder / "out.zarr") != before


def test_a_begun_output_of_another_plan_is_refused_too(folder):
    interrupted(folder)
    with pytest.raises(PlanMismatch, match=r"step 1 \(gaussian\) differ"):
        run(folder, CONFIG.replace("0.8", "0.9"))


def test_a_changed_input_is_refused(folder):
    interrupted(folder)
    array = zarr.open_array(folder / "in.zarr" / "density", mode="r+")
    array[0, 0, 0] = 5
    with pytest.raises(PlanMismatch, match=r"input\.chunks stored differ"):
        run(folder)


def test_what_was_not_made_by_a_run_is_never_touched(folder):
    (folder / "out.zarr").mkdir()
    (folder / "out.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="was not made by a run"):
        run(folder)
    assert (folder / "out.zarr" / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize(
    "path", ["in.zarr/", "./x/../in.zarr", "in.zarr/out.zarr", ".", "link.zarr"]
)
def test_the_input_cannot_be_the_output_however_it_is_spelt(folder, path):
    (folder / "link.zarr").symlink_to("in.zarr")
    (folder / "x").mkdir()
    before = tree(folder / "in.zarr")
    with pytest.raises(
        (OutputError, volconv.errors.ConfigError), match=r"another|apart"
    ):
        run(folder, CONFIG.replace("out.zarr", path))
    assert tree(folder / "in.zarr") == before


def test_two_runs_on_one_output_are_refused_while_the_first_lives(folder):
    def second(done, total):
        with pytest.raises(OutputError, match=f"process {os.getpid()} on"):
            run(folder)

    run(folder, progress=second)


def test_a_plan_that_does_not_fit_says_which_number_to_change(folder):
    with pytest.raises(MemoryPlanError, match=r"memory='\d+MiB'"):
        run(folder, limits={"memory": 2**20})
    assert not list(folder.glob("out*"))


def test_one_value_is_no_input(folder):
    zarr.create_array(folder / "value.zarr", shape=(), dtype="float32")
    text = (
        "version: 1\ninput: {path: value.zarr}\nsteps: [abs]\noutput: {path: o.zarr}\n"
    )
    with pytest.raises(InputError, match="one value without dimensions"):
        prepared(folder, text)


def test_an_output_folder_that_cannot_be_made_is_one_clear_error(folder):
    (folder / "file").write_text("")
    with pytest.raises(OutputError, match="a folder that can be written to"):
        run(folder, CONFIG.replace("out.zarr", "file/out.zarr"))


def test_a_chunk_that_cannot_be_decoded_ends_the_run_with_its_place(folder):
    victim = folder / "in.zarr" / "density" / "c" / "1" / "1" / "1"
    victim.write_bytes(b"not a chunk")
    with pytest.raises(InputError, match=r"block \d+ .*in.zarr.*in cells z"):
        run(folder)
    assert not (folder / "out.zarr").exists()


def test_a_nan_that_an_integer_output_cannot_hold_ends_the_run(folder, volume):
    holes = volume.where(volume > 0.2).to_dataset()
    holes.to_zarr(folder / "holes.zarr", zarr_format=3, consolidated=False)
    text = CONFIG.replace("in.zarr", "holes.zarr")
    text = text.replace("path: out.zarr", "path: out.zarr\n  dtype: int16")
    with pytest.raises(volconv.errors.NumberError, match=r"block .*NaN in a result"):
        run(folder, text)


def test_an_object_that_vanishes_during_the_run_is_noticed_at_the_end(folder):
    target = FolderTarget(folder / "out.zarr")

    def steal(done, total):
        if done == total:
            next((target.store / "density").rglob("c/*/*/*")).unlink()

    with pytest.raises(RunError, match="objects are gone"):
        run(folder, progress=steal)
    assert not target.path.exists()
    assert run(folder).computed == 1
