"""Verbs `plan` and `run` as a user types them."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from tests.cli.command import halted
from volconv.cli.main import main
from volconv.cli.run import LineProgress

CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian: {sigma: {z: 5 mm}, boundary: edge}
  - box: {size: {y: 2}, stride: {y: 2}, padding: valid}
output: {path: out.zarr, chunks: {z: 4, y: 4}}
"""


@pytest.fixture
def folder(tmp_path):
    values = np.random.default_rng(2).random((8, 12)).astype("float32")
    coords = {"z": ("z", 2.5 * np.arange(8), {"units": "mm"}), "y": np.arange(12)}
    array = xr.DataArray(values, coords, ("z", "y"), name="v")
    array.chunk(z=4, y=5).to_zarr(
        tmp_path / "in.zarr", zarr_format=3, consolidated=False
    )
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def volconv(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "volconv", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_plan_tells_shapes_coordinates_blocks_bytes_and_memory(folder):
    done = volconv(folder, "plan", "config.yaml", "--memory", "1GiB", "--threads", "2")
    assert done.returncode == 0, done.stderr
    for line in (
        "input    z 8, y 12  float32  in chunks of 4 x 5",
        "z: size 17, padding 8 before and 8 after (edge)",
        "           sigma along z: 5 mm = 2 cells of 2.5 mm\n",
        "step 2   box -> z 8, y 6  float32",
        "y: 0.5 … 10.5",
        "blocks   4 of 4 x 4 cells",
        "writes   192 B before compression",
        "limit 1.0 GiB",
    ):
        assert line in done.stdout
    assert done.stderr == ""
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "in.zarr"]


def test_plan_refuses_an_output_that_is_not_apart_from_the_input(folder):
    (folder / "link.zarr").symlink_to("in.zarr")
    for path in ("in.zarr/out", "link.zarr/out"):
        text = CONFIG.replace("path: out.zarr", f"path: {path}")
        (folder / "inside.yaml").write_text(text)
        done = volconv(folder, "plan", "inside.yaml")
        assert done.returncode == (2 if path.startswith("in.zarr") else 4)
        assert "output.path: got " in done.stderr
        assert done.stdout == ""
    assert not list((folder / "in.zarr").glob("out*"))


@pytest.mark.parametrize(("key", "code"), [("in.zarr", 3), ("out.zarr", 0)])
def test_a_link_to_itself_is_told_in_words(folder, key, code):
    (folder / "loop.zarr").symlink_to("loop.zarr")
    (folder / "loop.yaml").write_text(CONFIG.replace(f"path: {key}", "path: loop.zarr"))
    done = volconv(folder, "plan", "loop.yaml")
    assert done.returncode == code
    assert "loop.zarr', which " in done.stderr
    assert "Traceback" not in done.stderr


def test_plan_says_what_a_run_would_stop_at(folder):
    (folder / "out.zarr").mkdir()
    (folder / "out.zarr" / "thesis.txt").write_text("precious")
    plan, run = (volconv(folder, verb, "config.yaml") for verb in ("plan", "run"))
    assert run.returncode == 4
    assert "was not made by a run" in run.stderr
    assert plan.returncode == 0
    assert plan.stderr == run.stderr.replace("error:", "note: a run would refuse:")
    assert plan.stdout == run.stdout
    assert [path.name for path in (folder / "out.zarr").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_a_chunk_that_cannot_be_decoded_is_told_in_words_alone(folder, on):
    chunk = folder / "in.zarr" / "v" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:20])
    done = volconv(folder, "run", "config.yaml", "--on", on, "--threads", "1")
    assert done.returncode == 3
    said = done.stderr.splitlines()
    assert [line for line in said if not line.startswith("blocks ")] == said[-1:]
    assert said[-1].startswith("error: block 0 (cells 0:4, 0:4), ")
    assert "in cells z 0:4, y 0:5; expected chunks that can be decoded." in said[-1]


def test_plan_as_json_says_the_same(folder):
    done = volconv(folder, "plan", "config.yaml", "--json", "--threads", "2")
    plan = json.loads(done.stdout)
    assert plan["output"]["sizes"] == {"z": 8, "y": 6}
    assert plan["output"]["coordinates"]["y"] == {"first": 0.5, "last": 10.5}
    (stage,) = plan["stages"]
    assert stage["blocks"]["count"] == 4
    # every chunk is decoded once, and held until the last block has read it
    assert plan["bytes"]["read"] == 8 * 12 * 4
    assert plan["bytes"]["read_amplification"] == 1
    assert stage["memory"]["chunks_held"] > 0
    assert plan["memory"]["task"] == sum(stage["memory"]["parts"].values())
    assert [step["step"] for step in plan["steps"]] == ["gaussian", "box"]
    assert [step["lengths"] for step in plan["steps"]] == [
        [
            {
                "where": "sigma",
                "dim": "z",
                "length": "5 mm",
                "cells": 2.0,
                "spacing": 2.5,
                "units": "mm",
                "whole": None,
            }
        ],
        [],
    ]


def test_run_shows_the_plan_runs_and_does_nothing_the_second_time(folder):
    done = volconv(folder, "run", "config.yaml")
    assert done.returncode == 0, done.stderr
    assert "blocks   4 of 4 x 4 cells" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("done     4 blocks computed: ")
    assert "blocks   4 of 4\n" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    again = volconv(folder, "run", "config.yaml")
    assert "done     0 blocks computed, 4 were there already" in again.stdout


def test_dry_run_is_plan(folder):
    dry = volconv(folder, "run", "config.yaml", "--dry-run")
    assert dry.stdout == volconv(folder, "plan", "config.yaml").stdout
    assert not (folder / "out.zarr").exists()
    assert not (folder / "out.zarr.partial").exists()


@pytest.mark.parametrize(
    ("old", "new", "words", "code", "said"),
    [
        ("in.zarr", "inn.zarr", [], 3, "did you mean"),
        ("input: {path", "input: {variable: w, path", [], 3, "expected one of v"),
        ("{z: 5 mm}", "{w: 5 mm}", [], 2, "step 1 (gaussian), sigma: got 'w'"),
        ("{z: 5 mm}", "{z: 5 K}", [], 2, "of the kind of 'mm'"),
        ("size: {y: 2}", "size: {y: 20}", [], 2, "step 2 (box), kernel along 'y'"),
        ("z: 4, y: 4", "z: 4, w: 4", [], 2, "output.chunks: got 'w'"),
        ("box:", "bax:", [], 2, "line 6: steps.2: got 'bax'"),
        ("", "", ["--memory", "1MiB"], 6, "Fix: --memory"),
        ("", "", ["--memory", "lots"], 2, "a size such as 4GiB"),
        ("", "", ["--threads", "0"], 2, "--threads: got 0"),
        ("", "", ["--on", "tcp://127.0.0.1:9"], 7, "dask scheduler"),
        ("", "", ["--on", "threds"], 7, "error: --on: got 'threds'"),
        ("path: out.zarr", "path: in.zarr/out", [], 2, "a store apart from it"),
        ("", "", ["--in", "threads"], 2, "No such option"),
    ],
)
def test_each_kind_of_fault_has_its_words_and_its_code(
    folder, monkeypatch, capsys, old, new, words, code, said
):
    (folder / "config.yaml").write_text(CONFIG.replace(old, new) if old else CONFIG)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["volconv", "run", "config.yaml", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == code
    errors = capsys.readouterr().err
    assert said in errors
    assert "Traceback" not in errors
    assert not (folder / "out.zarr").exists()


def test_restart_asks_first(folder):
    assert volconv(folder, "run", "config.yaml").returncode == 0
    other = CONFIG.replace("5 mm", "6 mm")
    (folder / "config.yaml").write_text(other)
    refused = volconv(folder, "run", "config.yaml")
    assert refused.returncode == 4
    assert "step 1 (gaussian) differ" in refused.stderr
    assert "--restart" in refused.stderr
    unanswered = volconv(folder, "run", "config.yaml", "--restart")
    assert unanswered.returncode == 1
    assert "erase" in unanswered.stderr
    agreed = volconv(folder, "run", "config.yaml", "--restart", "--yes")
    assert agreed.returncode == 0, agreed.stderr


def test_restart_asks_before_it_erases_what_was_begun(folder):
    from volconv import run_config

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    text = CONFIG.replace("boundary: edge}", "boundary: edge, save: s.zarr}")
    (folder / "config.yaml").write_text(text)
    with pytest.raises(KeyboardInterrupt):
        run_config(folder / "config.yaml", progress=stop)
    unanswered = volconv(folder, "run", "config.yaml", "--restart")
    assert unanswered.returncode == 1
    for name in ("s.zarr", "out.zarr"):
        assert f"/{name}" in unanswered.stderr.partition("erase ")[2]
    kept = volconv(folder, "run", "config.yaml")
    assert "were there already" in kept.stdout
    shutil.rmtree(folder / "s.zarr")
    shutil.rmtree(folder / "out.zarr")
    new = volconv(folder, "run", "config.yaml", "--restart")
    assert new.returncode == 0, new.stderr


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(folder):
    """After the second line of progress."""
    large = xr.DataArray(np.ones((50, 80), "float32"), dims=("z", "y"), name="v")
    large.to_zarr(folder / "in.zarr", mode="w", zarr_format=3, consolidated=False)
    text = CONFIG.replace("{z: 4, y: 4}", "{z: 1, y: 1}").replace("5 mm", "2")
    (folder / "config.yaml").write_text(text)
    with halted(folder, 2) as process:
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read().decode()
        assert process.wait() == 130, rest
    assert "the same command goes on" in rest
    assert "Traceback" not in rest
    done = volconv(folder, "run", "config.yaml")
    assert re.search(r"done     \d+ blocks computed, \d+ were there", done.stdout)


@pytest.mark.parametrize("streams", ["| true", "2>&1 | true", ">&- 2>&-"])
def test_a_run_that_nobody_listens_to_is_carried_out(folder, streams):
    command = f"set -o pipefail; {sys.executable} -m volconv run config.yaml {streams}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert xr.open_zarr(folder / "out.zarr", chunks=None).v.shape == (8, 6)


def test_in_a_folder_that_was_removed_whole_paths_go_on_and_others_are_told(folder):
    text = CONFIG.replace("in.zarr", f"{folder}/in.zarr")
    (folder / "config.yaml").write_text(text.replace("out.zarr", f"{folder}/out.zarr"))

    def from_nowhere(*words):
        command = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m volconv "
        return subprocess.run(
            ["bash", "-c", command + " ".join(words)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

    done = from_nowhere("run", f"{folder}/config.yaml")
    assert done.returncode == 0, done.stderr
    assert from_nowhere("status", f"{folder}/out.zarr").returncode == 0
    relative = from_nowhere("status", "out.zarr")
    assert relative.returncode == 4
    assert "'out.zarr', relative to a folder that was removed" in relative.stderr


def test_restart_is_not_confirmed_where_nobody_can_be_asked(folder):
    assert volconv(folder, "run", "config.yaml").returncode == 0
    command = f"{sys.executable} -m volconv run config.yaml --restart <&-"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (folder / "out.zarr").exists()


@pytest.mark.parametrize(
    ("term", "seen"), [("xterm", b"4/4"), ("dumb", b"blocks   4 of 4")]
)
def test_a_terminal_gets_a_bar_or_lines_where_it_cannot_redraw(folder, term, seen):
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "volconv", "run", "config.yaml"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=child,
        env={**os.environ, "TERM": term},
    ) as process:
        os.close(child)
        said = b""
        while True:
            try:
                piece = os.read(parent, 1000)
            except OSError:  # the terminal's other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(parent)
    assert process.returncode == 0
    assert seen in said


BRANCHES = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian: {sigma: {z: 1}, name: fine, save: fine.zarr}
  - gaussian: {sigma: {z: 2}, from: input}
  - subtract: {from: [fine, input], name: rest}
  - box: {size: {y: 2}, stride: {y: 2}, padding: valid}
output: {path: out.zarr, chunks: {z: 4, y: 4}}
"""


def test_plan_tells_branches_saves_and_stages(folder):
    (folder / "config.yaml").write_text(BRANCHES)
    done = volconv(folder, "plan", "config.yaml", "--no-fuse")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line in (
        "step 2   gaussian of the input -> z 8, y 12  float32",
        "           read by no step and not saved: left out",
        "step 3   subtract of step 1 and the input -> z 8, y 12  float32",
        "step 4   box -> z 8, y 6  float32",
        f"           saved to {os.path.realpath(folder)}/fine.zarr",
        "stage    steps 1 to 3 into a store in between",
        "stage    step 4",
    ):
        assert line in [
            each.replace(str(folder), os.path.realpath(folder)) for each in lines
        ]
    fused = volconv(folder, "plan", "config.yaml", "--json")
    plan = json.loads(fused.stdout)
    assert [step["reads"] for step in plan["steps"]] == [[0], [0], [1, 0], [3]]
    assert [stage["steps"] for stage in plan["stages"]] == [[1, 4]]


def test_run_without_fusing_writes_the_same_and_restart_asks_for_saves_too(folder):
    (folder / "config.yaml").write_text(BRANCHES)
    names = ("out.zarr", "fine.zarr")

    def values():
        return [xr.open_zarr(folder / name, chunks=None).v.values for name in names]

    assert volconv(folder, "run", "config.yaml").returncode == 0
    fused = values()
    shutil.rmtree(folder / "out.zarr")
    refused = volconv(folder, "run", "config.yaml", "--restart", "--no-fuse")
    assert refused.returncode == 1
    assert "fine.zarr?" in refused.stderr
    assert (folder / "fine.zarr").exists()
    done = volconv(folder, "run", "config.yaml", "--restart", "--yes", "--no-fuse")
    assert done.returncode == 0, done.stderr
    for one, other in zip(values(), fused, strict=True):
        assert one.tobytes() == other.tobytes()
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["config.yaml", "fine.zarr", "in.zarr", "out.zarr"]


def test_lines_of_progress_come_at_each_tenth_of_the_work(capsys):
    progress = LineProgress()
    for done in (0, 0.01, 0.25, 0.29, 1, 1.5, 2):
        progress(done, 2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.removeprefix("blocks   ") for line in lines] == [
        "0 of 2",
        "0.2 of 2",
        "1 of 2",
        "1.5 of 2",
        "2 of 2",
    ]
