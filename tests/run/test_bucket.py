"""Runs into buckets: the objects of a folder, and nothing to open before they are whole."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial

import pytest
import xarray as xr
import zarr
from dask.distributed import LocalCluster
from numpy.testing import assert_array_equal
from obstore import exceptions

from tests.cli.command import halted
from tests.io.images import FORMATS, write_image
from tests.run.conftest import CONFIG, prepared, stopping_at
from tests.run.runs import run, tree
from tests.servers import CUT, environment, flaky
from volconv.cli.plan import print_hindrance
from volconv.errors import (
    ConfigError,
    InputError,
    KindError,
    OutputError,
    PlanMismatch,
    StorageError,
)
from volconv.io import ZarrSource, objects
from volconv.io import bucket as bucket_module
from volconv.io.bucket import DRAFT, HIDDEN, Bucket, input_store
from volconv.io.objects import object_client
from volconv.run import lease
from volconv.run.outputs import check_apart, target_of
from volconv.run.runner import run_plan
from volconv.run.status import status_of


@pytest.fixture
def text(bucket):
    return CONFIG.replace("out.zarr", f"{bucket}/out.zarr")


def content(url):
    """Every object below a URL with its bytes."""
    place = Bucket(url)
    return {key: place.get(key) for key in sorted(place.listed())}


def apart(store):
    """A store's objects without the group's own, which tells where others lie."""
    return {key: value for key, value in store.items() if key != "zarr.json"}


def whole(folder):
    """What a run into a folder writes."""
    run(folder)
    return tree(folder / "out.zarr")


def interrupted(folder, text, blocks=3):
    with pytest.raises(KeyboardInterrupt):
        run(folder, text, progress=stopping_at(blocks))


def upload(folder, url):
    """A folder's files as objects."""
    for key, value in tree(folder).items():
        Bucket(url).put(key, value)


def test_a_level_in_a_bucket_lies_where_its_image_says(tmp_path, bucket):
    for version in FORMATS:
        folder = write_image(tmp_path / version / "image.zarr", version)
        upload(folder, f"{bucket}/{version}.zarr")
        expected = ZarrSource(f"{folder}/1").open().coords
        for source in (
            ZarrSource(f"{bucket}/{version}.zarr/1"),
            ZarrSource(f"{bucket}/{version}.zarr", "1"),
        ):
            assert source.open().coords.identical(expected)
            assert source.open().meta.sizes == {"c": 2, "z": 2, "y": 3, "x": 4}


# what is written


def test_a_bucket_gets_the_objects_of_a_folder_and_no_other(folder, bucket, text):
    outcome = run(folder, text)
    assert outcome.computed == prepared(folder).plan.blocks
    assert content(f"{bucket}/out.zarr") == whole(folder)
    again = run(folder, text)
    assert (again.computed, again.kept) == (0, outcome.computed)


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_shards_and_stages_and_saves_are_the_same_everywhere(folder, bucket, on):
    text = CONFIG.replace("x: 5}", "x: 5}\n  shards: {z: 6, y: 8, x: 10}")
    text = text.replace("y: edge}}", "y: edge}, save: SAVE}")
    limits = {"limits": {"workers": 2}}
    run(folder, text.replace("SAVE", "saved.zarr"), **limits)
    remote = text.replace("out.zarr", f"{bucket}/out.zarr")
    run(folder, remote.replace("SAVE", f"{bucket}/saved.zarr"), on=on, **limits)
    for name in ("out.zarr", "saved.zarr"):
        assert apart(content(f"{bucket}/{name}")) == apart(tree(folder / name))


def test_a_folder_and_a_bucket_may_be_written_by_one_run(folder, bucket):
    saved = CONFIG.replace("y: edge}}", f"y: edge}}, save: {bucket}/saved.zarr}}")
    run(folder, saved)
    assert set(content(f"{bucket}/saved.zarr")) >= {"zarr.json", "density/zarr.json"}
    assert (folder / "out.zarr" / "zarr.json").exists()


def test_unfused_stages_lie_out_of_sight_and_are_removed(folder, bucket, text):
    from volconv.config import parse_config
    from volconv.run.limits import Limits
    from volconv.run.prepare import prepare
    from volconv.run.runner import run_plan

    config = parse_config(text).located(folder)
    ready = prepare(config, Limits(workers=2, memory=2**30), fuse=False)
    assert len(ready.plan.stages) == 2
    run_plan(ready.plan, ready.source, ready.labels)
    assert content(f"{bucket}/out.zarr") == whole(folder)


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_a_stage_reads_what_another_one_saves_to_a_bucket(folder, bucket, text, on):
    text = text.replace("y: edge}}", f"y: edge}}, save: {bucket}/saved.zarr}}")
    ready = prepared(folder, text, fuse=False)
    assert len(ready.plan.stages) == 2
    with pytest.raises(KeyboardInterrupt):
        run_plan(
            ready.plan,
            ready.source,
            ready.labels,
            on=on,
            progress=stopping_at(ready.plan.blocks - 2),
        )
    for name in ("saved.zarr", "saved.zarr/density"):
        with pytest.raises(InputError, match="GroupNotFoundError"):
            ZarrSource(f"{bucket}/{name}").open()
    run_plan(ready.plan, ready.source, ready.labels, on=on)
    assert apart(content(f"{bucket}/out.zarr")) == apart(whole(folder))
    assert set(content(f"{bucket}/saved.zarr")) >= {"zarr.json", "density/zarr.json"}


def test_an_input_in_a_bucket_is_read_like_a_folder(folder, bucket, text):
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    run(folder, text.replace("in.zarr", f"{bucket}/in.zarr"))
    assert apart(content(f"{bucket}/out.zarr")) == apart(whole(folder))


# interruptions


def test_what_is_not_complete_cannot_be_opened_in_any_way(folder, bucket, text):
    interrupted(folder, text)
    url = f"{bucket}/out.zarr"
    assert any(key.startswith("density/c/") for key in content(url))
    for path in ("", "density"):
        with pytest.raises(FileNotFoundError):
            zarr.open(input_store(url), path=path, mode="r")
    with pytest.raises(FileNotFoundError):
        xr.open_zarr(input_store(url), consolidated=False)


def test_an_interrupted_run_goes_on_and_ends_with_the_same_objects(
    folder, bucket, text
):
    interrupted(folder, text)
    outcome = run(folder, text)
    assert outcome.kept >= 3
    assert outcome.computed == prepared(folder).plan.blocks - outcome.kept
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_an_object_that_is_lost_or_cut_is_computed_again(folder, bucket, text):
    interrupted(folder, text, blocks=4)
    place = Bucket(f"{bucket}/out.zarr")
    lost, cut = [key for key in place.listed() if key.startswith("density/c/")][:2]
    place.remove([lost])
    place.put(cut, place.get(cut)[:-1])
    run(folder, text)
    assert content(f"{bucket}/out.zarr") == whole(folder)


def refused(folder, text, spoil, meanwhile, match):
    """A run of which something is spoilt after three blocks, or the one after it."""

    def at_three(done, total):
        if done == 3:
            spoil()
            if not meanwhile:
                raise KeyboardInterrupt

    if not meanwhile:
        with pytest.raises(KeyboardInterrupt):
            run(folder, text, progress=at_three)
    with pytest.raises(OutputError, match=match):
        run(folder, text, progress=at_three)


@pytest.mark.parametrize("name", ["zarr.json", "density/zarr.json", "x/zarr.json"])
@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_draft_that_is_damaged_is_told_of_with_the_mend(
    folder, bucket, text, name, meanwhile
):
    place = Bucket(f"{bucket}/out.zarr")
    damage = partial(place.put, f"{DRAFT}/{name}", b"")
    told = rf"metadata or coordinates '{name}' is not what.*--restart"
    refused(folder, text, damage, meanwhile, told)
    assert place.get("zarr.json") is None
    run(folder, text, restart=True)
    assert content(place.url) == whole(folder)


def test_what_a_draft_lost_is_made_again(folder, bucket, text):
    interrupted(folder, text)
    place = Bucket(f"{bucket}/out.zarr")
    place.remove([*place.listed(DRAFT), "x/c/0"])
    with pytest.raises(KeyboardInterrupt):
        run(folder, text, progress=stopping_at(0))
    there = set(place.listed())
    assert {"x/c/0", f"{DRAFT}/zarr.json"} <= there
    assert not there & {"zarr.json", "x/zarr.json"}
    assert run(folder, text).kept >= 3
    assert content(place.url) == whole(folder)


@pytest.mark.parametrize("damaged", [b"", b'{"finger'])
def test_a_damaged_header_hides_no_block(folder, bucket, text, damaged):
    interrupted(folder, text)
    place = Bucket(f"{bucket}/out.zarr")
    place.put(f"{HIDDEN}/header.json", damaged)
    assert status_of(place.url).between >= 3
    with pytest.raises(OutputError, match=r"has kept no plan; .*Fix: --restart"):
        run(folder, text)
    assert run(folder, text, restart=True).kept == 0


def test_a_header_that_is_gone_erases_no_block(folder, bucket, text):
    interrupted(folder, text)
    place = Bucket(f"{bucket}/out.zarr")
    place.remove([f"{HIDDEN}/header.json"])
    there = set(content(place.url))
    assert status_of(place.url).between >= 3
    with pytest.raises(OutputError, match=r"no header; .*Fix: --restart"):
        run(folder, text)
    assert set(content(place.url)) == there
    assert run(folder, text, restart=True).kept == 0


def test_sigkill_at_any_moment_loses_nothing(folder, bucket, text):
    text = text.replace("{z: 3, y: 4, x: 5}", "{z: 1, y: 4, x: 5}")
    (folder / "config.yaml").write_text(text)
    with halted(folder, 4, at=3):
        time.sleep(1.2)  # so that some lines are in the journal
    outcome = run(folder, text)
    assert outcome.computed + outcome.kept == prepared(folder, text).plan.blocks
    found = content(f"{bucket}/out.zarr")
    run(folder, text.replace(f"{bucket}/out.zarr", "out.zarr"))
    assert found == tree(folder / "out.zarr")


@pytest.mark.parametrize("at", ["before the header", "before the group", "after it"])
def test_a_crash_at_the_ends_of_a_run_is_no_hindrance(folder, bucket, text, at):
    patches = pytest.MonkeyPatch()

    def crash(*_):
        raise KeyboardInterrupt

    kind = type(target_of(f"{bucket}/x"))
    name = {"before the header": "write_header", "after it": "discard_partial"}
    if at in name:
        patches.setattr(kind, name[at], crash)
    else:
        put = Bucket.put
        patches.setattr(
            Bucket,
            "put",
            lambda s, k, *c: crash() if k == "zarr.json" else put(s, k, *c),
        )
    with pytest.raises(KeyboardInterrupt):
        run(folder, text)
    there = set(content(f"{bucket}/out.zarr"))
    assert ("zarr.json" in there) is (at == "after it")
    patches.undo()
    outcome = run(folder, text)
    assert bool(outcome.computed) is (at == "before the header")
    assert content(f"{bucket}/out.zarr") == whole(folder)


@pytest.mark.parametrize("at", ["another layout", "before the header", "a chunk"])
def test_what_others_store_beside_a_beginning_stays(
    folder, bucket, text, at, monkeypatch
):
    def crash(*_):
        raise KeyboardInterrupt

    def crash_after_a_chunk(place, key, content):
        put(place, key, content)
        if "/c/" in key:
            raise KeyboardInterrupt

    put, kind = Bucket.put, type(target_of(bucket))
    text = text.replace(f"{bucket}/out.zarr", bucket)
    with monkeypatch.context() as patches:
        if at == "before the header":
            patches.setattr(kind, "write_header", crash)
        elif at == "a chunk":
            patches.setattr(Bucket, "put", crash_after_a_chunk)
        with pytest.raises(KeyboardInterrupt):
            run(folder, text, progress=stopping_at(2))
    place = Bucket(bucket)
    if at == "another layout":
        header = json.loads(place.get(f"{HIDDEN}/header.json"))
        header["layout"] = {"1": "another"}
        place.put(f"{HIDDEN}/header.json", json.dumps(header).encode())
        place.put("density/c/7/7/7", b"of blocks that this plan has not")
    theirs = {key: key.encode() for key in ("a/zarr.json", "thesis.txt", "z/notes")}
    place.put_all(theirs)
    run(folder, text)
    assert content(bucket) == whole(folder) | theirs


# refusals


def test_another_plan_is_refused_and_restart_erases(folder, bucket, text):
    run(folder, text)
    before = content(f"{bucket}/out.zarr")
    other = text.replace("[3, 4]", "[3, 5]")
    with pytest.raises(PlanMismatch, match=r"step 2 \(correlate\) differ.*--restart"):
        run(folder, other)
    assert content(f"{bucket}/out.zarr") == before
    assert run(folder, other, restart=True).kept == 0
    assert content(f"{bucket}/out.zarr").keys() == before.keys()
    interrupted(folder, text.replace("out.zarr", "begun.zarr"))
    with pytest.raises(PlanMismatch, match=r"step 2 \(correlate\) differ"):
        run(folder, other.replace("out.zarr", "begun.zarr"))


def test_what_was_not_made_by_a_run_is_never_touched(folder, bucket, text):
    Bucket(f"{bucket}/out.zarr").put("thesis.txt", b"precious")
    with pytest.raises(OutputError, match="was not made by a run"):
        run(folder, text)
    assert content(f"{bucket}/out.zarr") == {"thesis.txt": b"precious"}


@pytest.mark.parametrize("theirs", [b"", b'{"zarr', b'{"node_type": "group"}'])
@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_group_of_others_at_the_output_s_url_costs_nobody_anything(
    folder, bucket, text, theirs, meanwhile
):
    place = Bucket(f"{bucket}/out.zarr")
    put = partial(place.put, "zarr.json", theirs)
    refused(folder, text, put, meanwhile, "exists and was not made by a run")
    assert place.get("zarr.json") == theirs
    place.remove(["zarr.json"])
    assert run(folder, text).kept >= 3
    assert content(place.url) == whole(folder)


@pytest.mark.parametrize(
    "path", ["/in.zarr", "/in.zarr/", "/in.zarr/out.zarr", "", "/"]
)
def test_the_input_cannot_be_the_output_however_it_is_spelt(folder, bucket, path):
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    before = content(bucket)
    text = CONFIG.replace("in.zarr", f"{bucket}/in.zarr")
    for scheme in ("s3", "S3A"):
        url = bucket.replace("s3", scheme, 1) + path
        with pytest.raises((OutputError, ConfigError), match=r"another|apart"):
            run(folder, text.replace("path: out.zarr", f"path: {url}"))
    assert content(bucket) == before


@pytest.mark.parametrize(
    "host", ["me.dfs.core.windows.net", "ME.blob.core.windows.net"]
)
def test_a_place_is_one_whoever_names_azure_s_account(monkeypatch, host):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "me")
    for source, output in itertools.permutations(["az://box", f"abfss://box@{host}"]):
        with pytest.raises(OutputError, match="is, holds or lies in the input"):
            check_apart(f"{source}/a.zarr", [f"{output}/a.zarr/b"])
        check_apart(f"{source}/a.zarr", [f"{output}/b.zarr"])
    check_apart("az://box/a.zarr", ["az://box@other.dfs.core.windows.net/a.zarr"])


@pytest.mark.parametrize("name", ["in%2Ezarr", "in.zarr#1", "in.zarr?x=1"])
def test_a_key_is_taken_as_it_stands(folder, bucket, name):
    """What a web page's URL would make of it is another store, and stays as it is."""
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    before = content(f"{bucket}/in.zarr")
    text = CONFIG.replace("in.zarr", f"{bucket}/in.zarr")
    run(folder, text.replace("out.zarr", f"'{bucket}/{name}'"), restart=True)
    assert content(f"{bucket}/in.zarr") == before
    found = content(bucket)
    written = {key.partition("/")[0] for key in found}
    assert written == {"in.zarr", name}
    assert run(folder, CONFIG.replace("in.zarr", f"'{bucket}/{name}'")).computed
    with pytest.raises(InputError, match=r"in\.zarr%"):
        prepared(folder, CONFIG.replace("in.zarr", f"'{bucket}/in.zarr%'"))


def test_a_changed_input_is_refused(folder, bucket, text):
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    text = text.replace("in.zarr", f"{bucket}/in.zarr")
    interrupted(folder, text)
    array = zarr.open_array(folder / "in.zarr" / "density", mode="r+")
    array[0, 0, 0] = 5
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    with pytest.raises(PlanMismatch, match=r"input\.chunks stored differ"):
        run(folder, text)


def test_a_bucket_that_is_not_there_is_one_clear_error(folder, bucket, text):
    with pytest.raises(StorageError, match=r"no-such-bucket.* Fix: mend it"):
        run(folder, text.replace(bucket, "s3://no-such-bucket"))
    with pytest.raises(InputError, match=r"input\.path.*bucket does not exist"):
        prepared(folder, text.replace("in.zarr", "s3://no-such-bucket/in.zarr"))


def test_the_status_of_what_cannot_be_looked_at_is_one_clear_error(bucket, way):
    with pytest.raises(StorageError, match=r"404.*bucket does not exist.* Fix: mend"):
        status_of("s3://no-such-bucket/out.zarr")
    way(lambda *_: 403)
    with pytest.raises(StorageError, match=r"the output .*403 Forbidden at .* Fix:"):
        status_of(f"{bucket}/out.zarr")


def test_plan_says_of_a_store_that_cannot_be_looked_at_what_a_run_says(
    folder, bucket, text, way, capsys
):
    way(lambda *_: 403)
    print_hindrance(prepared(folder, text).plan)
    said = capsys.readouterr().err
    assert said.startswith(f"note: a run would refuse: {bucket}/out.zarr: got ")
    assert "403 Forbidden" in said
    assert "Errno" not in said


def test_an_object_for_no_bucket_is_told_of_in_one_line(bucket):
    with pytest.raises(FileNotFoundError) as told:
        Bucket("s3://no-such-bucket").put("x", b"")
    assert told.value.strerror.endswith(
        "status code: 404 Not Found: The specified bucket does not exist"
    )


def test_the_endpoint_may_be_that_of_s3_alone(endpoint, bucket, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    Bucket(bucket).put("x", b"content")
    assert Bucket(bucket).get("x") == b"content"


def test_a_missing_library_is_named_with_its_mend(folder, bucket, text, monkeypatch):
    monkeypatch.setattr(objects, "find_spec", lambda _: None)
    with pytest.raises(KindError, match="pip install obstore"):
        run(folder, text)


def test_other_urls_are_refused_with_those_that_can_be(folder):
    with pytest.raises(OutputError, match=r"s3://, gs://, az://"):
        run(folder, CONFIG.replace("out.zarr", "ftp://somewhere/out.zarr"))


def test_a_store_that_removes_nothing_keeps_no_run_from_its_end(
    folder, bucket, text, way, caplog
):
    """Neither the first nor one after it, which finds that all is done."""
    place = Bucket(f"{bucket}/out.zarr")

    def fault(method, path):
        return 403 if method in ("DELETE", "POST") else None

    way(fault)
    for count in (prepared(folder).plan.blocks, 0):
        assert run(folder, text).computed == count
        assert f"{place.url}: {HIDDEN} stays there: " in caplog.text
        assert "403" in caplog.text
        caplog.clear()
    assert status_of(place.url).complete
    way()
    run(folder, text)
    assert content(place.url) == whole(folder)


# one run at a time


def test_two_runs_on_one_output_are_refused_while_the_first_lives(
    folder, text, monkeypatch
):
    monkeypatch.setattr(lease, "LIFE", 1000.0)  # however late its signs of life are
    seen = []

    def second(done, total):
        if done == 2:
            with pytest.raises(OutputError, match=f"process {os.getpid()} on"):
                run(folder, text)
            seen.append(done)

    run(folder, text, progress=second)
    assert seen == [2]


def test_the_hold_of_a_dead_run_is_taken_over(folder, bucket, text):
    place = Bucket(f"{bucket}/out.zarr")
    place.put(f"{HIDDEN}/lock", json.dumps({"pid": 1, "host": "gone"}).encode())
    assert run(folder, text).computed == prepared(folder).plan.blocks
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_a_run_that_was_replaced_stops_and_leaves_the_hold_alone(folder, bucket, text):
    place = Bucket(f"{bucket}/out.zarr")
    other = json.dumps({"pid": 7, "host": "elsewhere", "token": "theirs"}).encode()

    def replace(done, total):
        if done == 2:
            place.put(f"{HIDDEN}/lock", other)

    with pytest.raises(OutputError, match="process 7 on elsewhere took over"):
        run(folder, text, progress=replace)
    assert place.get(f"{HIDDEN}/lock") == other
    assert place.get("zarr.json") is None


# a store that fails


def volconv(folder, endpoint, *words):
    return subprocess.run(
        [sys.executable, "-m", "volconv", *words],
        cwd=folder,
        env={**os.environ, **environment(endpoint)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_puts_that_fail_for_a_while_are_tried_again(folder, bucket, text, endpoint):
    (folder / "config.yaml").write_text(text)
    answers = itertools.cycle([503, 500, None])

    def fault(method, path):
        return next(answers) if method == "PUT" and "/c/" in path else None

    with flaky(endpoint, fault) as way:
        done = volconv(folder, way, "run", "config.yaml")
    assert done.returncode == 0, done.stderr
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_puts_that_fail_for_good_end_the_run_with_its_place_and_code(
    folder, bucket, text, endpoint
):
    (folder / "config.yaml").write_text(text)

    def fault(method, path):
        return 403 if method == "PUT" and "density/c/2" in path else None

    with flaky(endpoint, fault) as way:
        done = volconv(folder, way, "run", "config.yaml")
        assert done.returncode == 5, done.stderr
        assert "block " in done.stderr
        assert "PermissionError" in done.stderr
        assert "run again: what is done is kept" in done.stderr
        assert "Traceback" not in done.stderr
        assert "secret" not in done.stderr + done.stdout
        told = volconv(folder, way, "status", f"{bucket}/out.zarr", "--json")
    assert told.returncode == 9
    begun = json.loads(told.stdout)
    assert 0 < begun["done"] < begun["objects"]
    assert begun["holder"] is None
    assert run(folder, text).kept > 0
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_workers_without_a_way_to_the_store_are_told_of(
    folder, text, endpoint, monkeypatch
):
    with flaky(endpoint, lambda *_: 403) as way:
        with monkeypatch.context() as theirs:
            theirs.setenv("AWS_ENDPOINT_URL", way)
            cluster = LocalCluster(
                n_workers=1, threads_per_worker=1, dashboard_address=":0"
            )
        with (
            cluster,
            pytest.raises(
                StorageError, match="workers need the way and the credentials"
            ),
        ):
            run(folder, text, on=cluster.scheduler_address)
    assert run(folder, text).computed > 0


def test_a_store_that_is_down_ends_the_run_in_bounded_time(folder, text, endpoint):
    (folder / "config.yaml").write_text(text)
    with flaky(endpoint, lambda *_: 503) as way:
        begun = time.monotonic()
        done = volconv(folder, way, "run", "config.yaml")
    assert done.returncode in (4, 5), done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 120


def test_a_chunk_that_the_listing_has_and_a_get_does_not_is_no_fill(
    folder, bucket, text, endpoint
):
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    text = text.replace("in.zarr", f"{bucket}/in.zarr")
    (folder / "config.yaml").write_text(text)

    def fault(method, path):
        return 404 if method == "GET" and path.endswith("density/c/1/1/1") else None

    with flaky(endpoint, fault) as way:
        done = volconv(folder, way, "run", "config.yaml")
    assert done.returncode == 3
    assert "lists this chunk and does not find it" in done.stderr
    assert "block " in done.stderr


def is_list(method, path):
    return method == "GET" and "list-type" in path


@pytest.mark.parametrize("path", ["in.zarr", "in.zarr/density", "whole.zarr"])
def test_an_input_that_may_not_be_listed_is_one_clear_error(
    folder, bucket, volume, way, path
):
    volume.to_dataset().to_zarr(folder / "whole.zarr", zarr_format=2, consolidated=True)
    for name in ("in.zarr", "whole.zarr"):
        upload(folder / name, f"{bucket}/{name}")
    text = CONFIG.replace("path: in.zarr", f"path: {bucket}/{path}")
    way(lambda method, path: 403 if is_list(method, path) else None)
    with pytest.raises(InputError, match=r"list request.* 403 .* Fix: mend it"):
        prepared(folder, text)


@pytest.mark.parametrize("times", [2, 3])
def test_a_listing_that_breaks_off_is_asked_for_again(folder, bucket, text, way, times):
    upload(folder / "in.zarr", f"{bucket}/in.zarr")
    text = text.replace("in.zarr", f"{bucket}/in.zarr")
    lists: Counter[str] = Counter()

    def fault(method, path):
        if is_list(method, path):
            lists[path] += 1
            return CUT if lists[path] <= times else None
        return None

    way(fault)
    if times == 2:
        run(folder, text)
        assert apart(content(f"{bucket}/out.zarr")) == apart(whole(folder))
    else:
        with pytest.raises(InputError, match="list response body"):
            run(folder, text)


def test_a_listing_goes_on_where_it_broke_off(bucket, monkeypatch):
    place = Bucket(bucket)
    place.put_all({f"a/{number:03d}": b"" for number in range(70)})
    client = object_client(place.url)

    class Broken:
        """Lists one page, then breaks off."""

        def list(self, folder, offset=None):
            yield from itertools.islice(client.list(folder, offset=offset), 1)
            raise exceptions.GenericError("broken off")

    clients = iter([Broken(), client])
    monkeypatch.setattr(bucket_module, "object_client", lambda _: next(clients))
    assert [item["path"] for item in place.items("a")] == [
        f"a/{number:03d}" for number in range(70)
    ]


def test_a_chunk_that_was_never_stored_is_fill(folder, bucket, volume):
    values = volume.values.copy()
    values[:4, :5, :6] = 0
    group = zarr.create_group(folder / "sparse.zarr")
    array = group.create_array(
        "density",
        shape=values.shape,
        dtype=values.dtype,
        chunks=(4, 5, 6),
        dimension_names=volume.dims,
    )
    array[:] = values
    upload(folder / "sparse.zarr", f"{bucket}/sparse.zarr")
    assert "density/c/0/0/0" not in content(f"{bucket}/sparse.zarr")
    for name, source in (("a", ""), ("b", f"{bucket}/")):
        path = CONFIG.replace("in.zarr", f"{source}sparse.zarr")
        run(folder, path.replace("out.zarr", f"{name}.zarr"))
    a, b = (xr.open_zarr(folder / f"{n}.zarr").density.values for n in "ab")
    assert_array_equal(a, b)


# how far


def test_status_tells_of_a_bucket_what_it_tells_of_a_folder(
    folder, bucket, text, monkeypatch
):
    monkeypatch.setattr(lease, "LIFE", 20.0)  # times of a store are whole seconds
    url = f"{bucket}/out.zarr"
    with pytest.raises(InputError, match="nothing there"):
        status_of(url)
    held = []

    def look(done, total):
        held.append(status_of(url).holder)

    run(folder, text, progress=look)
    assert set(held) == {f"process {os.getpid()} on {os.uname().nodename}"}
    done = status_of(url)
    documents = [key for key in content(url) if key.endswith("zarr.json")]
    assert done.complete
    assert done.done == len(content(url)) - len(documents)
    interrupted(folder, text.replace("out.zarr", "begun.zarr"))
    begun = status_of(f"{bucket}/begun.zarr")
    assert not begun.complete
    assert 3 <= begun.done <= begun.objects  # threads end what they are at
    assert begun.holder is None
    assert begun.lowest is not None
    assert begun.highest is not None
    assert 0 < begun.lowest < begun.highest


@pytest.mark.parametrize("ending", ["a fault", "Ctrl-C"])
def test_credentials_that_expire_hide_neither_block_nor_ctrl_c(
    folder, bucket, text, way, ending
):
    sent, have_expired = [], threading.Event()

    def fault(method, path):
        sent.extend([path] if method == "PUT" and "/c/" in path else [])
        if ending == "a fault" and sent[5:]:
            have_expired.set()
        return 403 if have_expired.is_set() else None

    def stop(done, total):
        if done:
            have_expired.set()
            raise KeyboardInterrupt

    way(fault)
    if ending == "Ctrl-C":
        with pytest.raises(KeyboardInterrupt):
            run(folder, text, progress=stop)
    else:
        with pytest.raises(StorageError, match=r"^block \d+ \(cells .*403 Forbidden"):
            run(folder, text)
    way()
    assert run(folder, text).computed > 0
    assert content(f"{bucket}/out.zarr") == whole(folder)


def test_ctrl_c_does_not_wait_for_a_store_that_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-m", "volconv", "status", "s3://bucket/out.zarr"]
        with subprocess.Popen(
            command, env=os.environ | environment(endpoint), stderr=subprocess.DEVNULL
        ) as process:
            way, _ = server.accept()
            with way:
                assert way.recv(1)
                process.send_signal(signal.SIGINT)
                try:
                    assert process.wait(timeout=60) == 130
                finally:
                    process.kill()


@pytest.mark.parametrize(
    ("verb", "kept_waiting"),
    [("status", "/journal/"), ("run", "/journal/"), ("run", "/draft/")],
)
def test_ctrl_c_does_not_wait_for_what_a_run_kept(
    folder, bucket, text, endpoint, verb, kept_waiting
):
    interrupted(folder, text)
    (folder / "config.yaml").write_text(text)
    asked, is_over = threading.Event(), threading.Event()

    def fault(method, path):
        if method == "GET" and kept_waiting in path and not is_list(method, path):
            asked.set()
            is_over.wait(120)

    target = "config.yaml" if verb == "run" else f"{bucket}/out.zarr"
    with (
        flaky(endpoint, fault) as way,
        subprocess.Popen(
            [sys.executable, "-m", "volconv", verb, target],
            cwd=folder,
            env=os.environ | environment(way),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 130
        finally:
            is_over.set()
            process.kill()


@pytest.mark.parametrize("kept_waiting", ["/.volconv/lock", "/c/"])
def test_a_second_ctrl_c_ends_a_run_that_waits_for_what_it_sends(
    folder, bucket, text, endpoint, kept_waiting
):
    (folder / "config.yaml").write_text(text)
    asked, is_over = threading.Event(), threading.Event()

    def fault(method, path):
        if method == "PUT" and kept_waiting in path:
            asked.set()
            is_over.wait(120)
            is_over.set()

    with (
        flaky(endpoint, fault) as way,
        subprocess.Popen(
            [sys.executable, "-m", "volconv", "run", "config.yaml"],
            cwd=folder,
            env=os.environ | environment(way),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            said = itertools.dropwhile(
                lambda line: line.startswith("blocks"), process.stderr
            )
            assert next(said).startswith("stopping")
            process.send_signal(signal.SIGINT)
            assert next(said).startswith("interrupted")
            assert process.wait(timeout=60) == 130
            assert not is_over.is_set()
        finally:
            is_over.set()
            process.kill()
    run(folder, text)
    assert content(f"{bucket}/out.zarr") == whole(folder)
