"""The plan: what it says is what a run does, and it opens nothing."""

import ast
import itertools
import json
import re

import numpy as np
import pytest

from volconv.coordinates import NoCoords
from volconv.errors import DimError, GeometryError, KindError, MemoryPlanError
from volconv.meta import ArrayMeta, Axis
from volconv.plan import memory
from volconv.plan.memory import COMPILER
from volconv.plan.output import output_spec
from volconv.plan.plan import make_plan
from volconv.plan.report import plan_json, plan_text
from volconv.plan.stage import PROCESS_MEMORY, Room
from volconv.steps import WindowOptions, chain
from volconv.steps.box import box_step
from volconv.steps.gaussian import gaussian_step
from volconv.text import bytes_text, parse_bytes

META = ArrayMeta(
    (Axis("z", 128), Axis("y", 128), Axis("x", 128)), "float32", (16, 16, 16)
)


def pipeline(meta=META):
    smooth = gaussian_step(
        meta, 1.0, None, 4.0, WindowOptions(padding="same", boundary="edge")
    )
    halve = box_step(smooth.target, 2, None, WindowOptions(stride=2))
    return [smooth, halve]


def plan(limit=2**30, workers=2, processes=0, **output):
    steps = pipeline()
    settings = {"path": "out.zarr", "variable": "v", **output}
    spec = output_spec(steps[-1].target, META, **settings)
    room = Room(workers, limit, processes)
    return make_plan(META, chain(steps), spec, {"name": "a"}, room)


def test_blocks_are_whole_storage_units():
    found = plan(chunks={"z": 4, "y": 8, "x": 8}, shards={"z": 8})
    assert found.output.chunks == (4, 8, 8)
    assert found.output.unit == (8, 8, 8)
    assert all(
        block % unit == 0 or block == size
        for block, unit, size in zip(
            found.stages[0].grid.block,
            found.output.unit,
            found.target.shape,
            strict=True,
        )
    )


def test_chunks_follow_the_input_where_none_are_given():
    assert plan().output.chunks == (16, 16, 16)
    memory = ArrayMeta((Axis("y", 5000), Axis("x", 9)), "uint8")
    spec = output_spec(memory, memory, path="o", variable="v")
    assert spec.chunks == (1448, 9)


def test_larger_blocks_read_less_as_far_as_memory_allows(monkeypatch):
    """But for what the compiler takes: as much as this volume five times."""
    monkeypatch.setattr(memory, "COMPILER", 0)
    wide = plan(workers=1)
    narrow = plan(workers=1, limit=PROCESS_MEMORY + 3 * 2**20)
    assert wide.bytes_read < narrow.bytes_read
    assert wide.task_bytes > narrow.task_bytes
    assert narrow.peak_bytes <= narrow.room.limit
    assert wide.read_amplification == wide.bytes_read / (128**3 * 4)


def test_what_cannot_fit_is_refused_with_numbers_that_would():
    with pytest.raises(MemoryPlanError) as refusal:
        plan(limit=PROCESS_MEMORY + 2**16)
    said = str(refusal.value)
    assert "step 1 (gaussian)" in said
    assert "--memory " in said
    enough = int(re.search(r"--memory (\d+)MiB", said)[1]) * 2**20
    assert plan(limit=enough).peak_bytes <= enough


@pytest.mark.parametrize(("size", "mebibytes"), [(32, 1), (32, 2), (64, 3), (64, 4)])
def test_fewer_tasks_are_at_once_where_more_do_not_fit(size, mebibytes):
    limit = PROCESS_MEMORY + COMPILER + mebibytes * 2**20
    chunks = dict.fromkeys("zyx", size)
    found = plan(limit=limit, workers=8, chunks=chunks)
    (stage,) = found.stages
    assert found.peak_bytes <= limit
    assert found.tasks_at_once == stage.room.workers < 8
    assert found.room.workers == 8


def test_each_process_has_a_share_beside_the_one_that_plans():
    share = PROCESS_MEMORY + COMPILER + 8 * 2**20
    found = plan(3 * share + PROCESS_MEMORY, workers=1, processes=3)
    assert PROCESS_MEMORY < found.largest.peak_bytes <= share
    assert found.peak_bytes == 3 * found.largest.peak_bytes + PROCESS_MEMORY
    assert found.tasks_at_once == 3


def test_fewer_processes_run_where_more_do_not_fit():
    with pytest.raises(MemoryPlanError) as refusal:
        plan(limit=2**20, workers=1, processes=8)
    enough = 2**20 * int(re.search(r"--memory (\d+)MiB", str(refusal.value))[1])
    found = plan(enough, workers=1, processes=8)
    assert found.room.processes == 1
    assert found.peak_bytes <= enough


@pytest.mark.parametrize("name", ["chunks", "shards"])
def test_smaller_units_are_offered_where_they_fit(name):
    def refused(**output):
        with pytest.raises(MemoryPlanError) as refusal:
            plan(limit=limit, **output)
        return re.search(rf"smaller output.{name}, such as (.*)\.", str(refusal.value))

    limit = PROCESS_MEMORY + COMPILER + 2**20
    chunks = {"chunks": dict.fromkeys("zyx", 8)} if name == "shards" else {}
    offered = ast.literal_eval(refused(**chunks, **{name: dict.fromkeys("zyx", 64)})[1])
    assert max(offered.values()) < 64
    assert plan(limit=limit, **chunks, **{name: offered}).peak_bytes <= limit


def test_smaller_units_are_not_offered_where_chunks_of_the_input_are_too_large():
    with pytest.raises(MemoryPlanError) as refusal:
        plan(limit=PROCESS_MEMORY + COMPILER + 2**12)
    assert "smaller" not in str(refusal.value)


def test_a_fingerprint_has_what_decides_the_bytes_and_nothing_else():
    first = plan().fingerprint
    assert plan(workers=1, limit=2**33, path="elsewhere.zarr").fingerprint == first
    other = plan(dtype="float64").fingerprint
    assert {key for key in first if first[key] != other[key]} == {"output.dtype"}
    assert json.loads(json.dumps(first)) == first


def test_output_refuses_what_does_not_fit_its_dimensions():
    with pytest.raises(DimError, match=r"output.chunks: got 'w'.*z, y, x"):
        plan(chunks={"w": 3})
    with pytest.raises(GeometryError, match=r"20 cells over chunks of 16.*say 32"):
        plan(shards={"z": 20})


def test_memory_of_a_task_grows_with_each_part():
    parts = plan().largest.memory.own
    assert any("padding" in part.name for part in parts)
    assert all(part.nbytes > 0 for part in parts)
    assert sum(part.nbytes for part in parts) == plan().task_bytes


def test_sizes_are_read_as_people_write_them():
    assert parse_bytes("--memory", "1.5 GiB") == 3 * 2**29
    assert parse_bytes("--memory", "500MB") == 500 * 10**6
    assert parse_bytes("--memory", "64 kb") == 64000
    for bad in (
        "",
        "many",
        "-1GB",
        "0",
        "0.5",
        "4 gigs",
        "1e",
        "nan",
        "1..2MB",
        "1e400",
    ):
        with pytest.raises(KindError, match="a size such as 4GiB"):
            parse_bytes("--memory", bad)
    assert bytes_text(2**60) == "1024.0 PiB"
    assert np.isclose(float(bytes_text(1536).split()[0]), 1.5)


def one_chunk(limit):
    """A volume in one chunk: each tile decodes all of it where it cannot be held."""
    sizes = zip("zyx", (160, 200, 240), strict=True)
    meta = ArrayMeta(tuple(itertools.starmap(Axis, sizes)), "float32", (256,) * 3)
    step = gaussian_step(meta, 1.0, None, 4.0, WindowOptions(padding="same"))
    chunks = dict.fromkeys("zyx", 80)
    spec = output_spec(step.target, meta, path="out.zarr", variable="v", chunks=chunks)
    return make_plan(meta, chain([step]), spec, {}, Room(2, limit))


def test_more_memory_is_advised_where_chunks_are_decoded_again_and_again():
    with pytest.raises(MemoryPlanError) as refusal:
        one_chunk(PROCESS_MEMORY)
    found = re.search(
        r"--memory (\d+)MiB \(or (\d+)MiB at least, which reads the input ([\d.]+) times "
        r"and not ([\d.]+)\)",
        str(refusal.value),
    )
    advised, least = (one_chunk(int(found[n]) * 2**20) for n in (1, 2))
    assert f"{least.read_amplification:.1f}" == found[3]
    assert f"{advised.read_amplification:.1f}" == found[4]
    assert least.read_amplification > 2 * advised.read_amplification
    assert least.more.room.limit == advised.room.limit
    assert least.more.bytes_read == advised.bytes_read
    said = f"advice   --memory {found[1]}MiB, to read {advised.read_amplification:.2f} "
    assert said in plan_text(least, NoCoords())
    memory = plan_json(least, NoCoords())["memory"]
    assert memory["advised"] == int(found[1]) * 2**20
    assert one_chunk(2**32).more is None
    assert plan().more is None
