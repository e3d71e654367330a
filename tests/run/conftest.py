"""A small volume in a store, and a configuration over it."""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from volconv.config import parse_config
from volconv.io import bucket as bucket_module
from volconv.io import objects
from volconv.run import lease
from volconv.run.limits import Limits
from volconv.run.prepare import prepare

CONFIG = """
version: 1
input: {path: in.zarr}
steps:
  - gaussian: {sigma: {z: 1.0, y: 0.8, x: 1.2}, boundary: {x: wrap, y: edge}}
  - correlate:
      kernel: [[1, 2], [3, 4]]
      dims: [y, x]
      stride: {y: 2, x: 1}
      padding: 1
output:
  path: out.zarr
  chunks: {z: 3, y: 4, x: 5}
"""


NAMES = (f"bucket-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def endpoint():
    """An S3 server's, on this machine."""
    from tests.servers import s3_server  # takes a second, for few tests

    with s3_server() as found:
        yield found


def forget_clients():
    """Reach stores anew, as the environment says now."""
    objects.object_client.cache_clear()
    bucket_module.input_store.cache_clear()


@pytest.fixture
def bucket(endpoint, monkeypatch):
    """A bucket's URL, with the environment that reaches it."""
    from tests.servers import environment, s3_client

    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    forget_clients()
    name = next(NAMES)
    s3_client(endpoint).create_bucket(Bucket=name)
    monkeypatch.setattr(lease, "BEAT", 0.2)
    monkeypatch.setattr(lease, "LIFE", 0.8)
    yield f"s3://{name}"
    forget_clients()


@pytest.fixture
def way(endpoint, monkeypatch):
    """Ways to the server: what each request meets is said, and all are noted."""
    from tests.servers import flaky

    open_ways = []

    def take(fault=lambda *_: None):
        asked: Counter[str] = Counter()

        def noted(method, path):
            if method == "GET" and "density/c/" in path:
                asked[path.partition("/c/")[2]] += 1
            return fault(method, path)

        opened = flaky(endpoint, noted)
        monkeypatch.setenv("AWS_ENDPOINT_URL", opened.__enter__())
        forget_clients()
        open_ways.append(opened)
        return asked

    yield take
    forget_clients()
    for opened in open_ways:
        opened.__exit__(None, None, None)


@pytest.fixture
def handed_over(monkeypatch):
    """Bytes on their way as each object is handed over, and the most there may be."""
    from volconv.io.outbox import Outbox

    found = []
    has_room = Outbox.has_room

    def noted(self, nbytes):
        found.append((self.nbytes, self.most))
        return has_room(self, nbytes)

    monkeypatch.setattr(Outbox, "has_room", noted)
    return found


@pytest.fixture
def volume():
    rng = np.random.default_rng(11)
    values = rng.random((9, 14, 13)).astype("float32")
    coords = {
        "z": ("z", 2.5 * np.arange(9), {"units": "mm"}),
        "x": ("x", np.arange(13) * 0.5, {"units": "mm"}),
    }
    return xr.DataArray(values, coords, ("z", "y", "x"), "density", {"units": "g"})


@pytest.fixture
def folder(tmp_path, volume):
    store = volume.to_dataset().chunk(z=4, y=5, x=6)
    store.to_zarr(tmp_path / "in.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def prepared(
    folder: Path,
    text: str = CONFIG,
    *,
    on: str = "threads",
    fuse: bool = True,
    **limits,
):
    """The plan of a configuration that lies in a folder."""
    config = parse_config(text).located(folder)
    given = Limits(**{"workers": 2, "memory": 2**30, **limits})
    return prepare(config, given, on=on, fuse=fuse)


def stopping_at(blocks: int):
    """Progress of a run that is stopped after some blocks, as Ctrl-C would."""

    def stop(done, total):
        if done >= blocks:
            raise KeyboardInterrupt

    return stop
