import pickle
from pathlib import Path

import pytest

from volconv.config import parse_config
from volconv.config.codecs import Blosc, NoCodec, Zstd
from volconv.config.models import located
from volconv.errors import ConfigError
from volconv.steps.box import Box


def config(output="{path: b.zarr}"):
    return parse_config(
        "version: 1\ninput: {path: data/a.zarr}\nsteps: [box: {size: 3}]\n"
        f"output: {output}\n"
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.zarr", "/runs/a.zarr"),
        ("../a.zarr", "/a.zarr"),
        ("./sub//a.zarr/", "/runs/sub/a.zarr"),
        ("/data/a.zarr", "/data/a.zarr"),
        ("s3://bucket/a.zarr", "s3://bucket/a.zarr"),
        ("https://host//k", "https://host//k"),
    ],
)
def test_paths_are_relative_to_the_configurations_folder(path, found):
    assert located(path, "/runs") == found


def test_a_url_may_name_a_host_by_its_address():
    path = "http://[2001:db8::1]:8080/k"
    assert config(f"{{path: '{path}'}}").output.path == path


def test_a_relative_folder_is_one_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert located("a.zarr", "runs") == str(tmp_path / "runs" / "a.zarr")


def test_a_located_configuration_differs_in_its_paths_alone():
    found = config().located(Path("/runs"))
    assert (found.input.path, found.output.path) == (
        "/runs/data/a.zarr",
        "/runs/b.zarr",
    )
    assert found.steps == config().steps
    assert config().input.path == "data/a.zarr"


def test_cell_weights_are_located_too():
    text = (
        "version: 1\ninput: {path: a}\nsteps:\n"
        "  - box: {size: 3, weights: {path: mask.zarr, dims: [y]}, save: b}\n"
        "  - box: {size: 3}\noutput: {path: c}\n"
    )
    (first, second) = parse_config(text).located("/runs").steps
    assert isinstance(first, Box)
    assert first.weights.path == "/runs/mask.zarr"
    assert first.save == "/runs/b"
    assert second == Box(size=3)
    with pytest.raises(ConfigError, match="the cell weights of step 1: path"):
        parse_config(text.replace("path: c", "path: mask.zarr"))


@pytest.mark.parametrize(
    ("codec", "model"),
    [
        ("zstd", Zstd(level=1)),
        ("none", NoCodec()),
        ("{zstd: {level: 3}}", Zstd(level=3)),
        ("{blosc: {cname: lz4, clevel: 3}}", Blosc(cname="lz4", clevel=3)),
        ("{zstd: }", Zstd()),
    ],
)
def test_a_codec_is_a_name_or_a_one_key_mapping(codec, model):
    assert config(f"{{path: b, codec: {codec}}}").output.codec == model


def test_zstd_is_the_codec_where_none_is_named():
    assert config().output.codec == Zstd()
    assert config().model_dump(mode="json")["output"]["codec"] == {"zstd": {}}


def test_a_configuration_travels_to_another_process():
    assert pickle.loads(pickle.dumps(config())) == config()
