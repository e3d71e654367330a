"""Chunks of Blosc that were cut short: refused, whatever lies beyond their end."""

import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr
from numpy.testing import assert_array_equal
from zarr.codecs import BloscCodec

from volconv.errors import InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource

CELLS = np.random.default_rng(1).integers(0, 256, (64, 64)).astype("u1")
"""Cells that cannot be compressed, which are stored as they are behind a header."""

BOX = (Interval(0, 64), Interval(0, 64))


@pytest.mark.parametrize("left", [0, 8, 20, 4000, 4111, 4112])
@pytest.mark.parametrize("name", ["", "v"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_chunk_that_was_cut_short_is_refused(tmp_path, version, name, left):
    data = xr.Dataset({"v": (("y", "x"), CELLS)})
    codec = {2: numcodecs.Blosc("lz4"), 3: BloscCodec(cname="lz4")}[version]
    data.to_zarr(
        tmp_path,
        zarr_format=version,
        encoding={"v": {"compressors": codec}},
        consolidated=False,
    )
    chunk = tmp_path / "v" / {2: "0.0", 3: "c/0/0"}[version]
    content = chunk.read_bytes()
    assert len(content) == 4112
    chunk.write_bytes(content[:left])
    source = ZarrSource(f"{tmp_path}/{name}", None, ("y", "x"))
    if left == len(content):
        assert_array_equal(source.read(BOX), CELLS)
    else:
        with pytest.raises(InputError, match=rf"cut short: {left} of .* Fix: restore"):
            source.read(BOX)


def test_other_arrays_are_opened_as_ever(tmp_path):
    group = zarr.create_group(tmp_path, zarr_format=2)
    group.create_array("v", shape=(4,), dtype="u1", compressors=numcodecs.Blosc())
    ZarrSource(f"{tmp_path}/v", None, ("x",)).open()
    (compressor,) = zarr.open_array(tmp_path / "v").compressors
    assert type(compressor) is numcodecs.Blosc
