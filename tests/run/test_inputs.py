"""What is said of an input when it is opened for a run."""

import pytest
import zarr

from tests.run.runs import tree
from volconv.io import ZarrSource
from volconv.io.bucket import Bucket
from volconv.run.inputs import opened_input

NAMES = ("y", "x")
LOGGER = "volconv.run.inputs"
ALL = "all its values are the fill value"


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """Gives a path at which the folder `in.zarr` lies, or a copy of it."""
    if request.param == "folder":
        return lambda: str(tmp_path / "in.zarr")
    url = f"{request.getfixturevalue('bucket')}/in.zarr"

    def uploaded():
        Bucket(url).put_all(tree(tmp_path / "in.zarr"))
        return url

    return uploaded


@pytest.mark.parametrize(("zarr_format", "shards"), [(2, None), (3, None), (3, (4, 4))])
def test_an_array_without_a_stored_chunk_is_told_of(
    tmp_path, place, caplog, zarr_format, shards
):
    group = zarr.create_group(tmp_path / "in.zarr", zarr_format=zarr_format)
    for name, fill_value in (("empty", 7), ("full", 0)):
        names = {"dimension_names": NAMES} if zarr_format == 3 else {}
        group.create_array(
            name,
            shape=(4, 6),
            chunks=(2, 2),
            shards=shards,
            dtype="int16",
            fill_value=fill_value,
            attributes={} if names else {"_ARRAY_DIMENSIONS": NAMES},
            **names,
        )
    zarr.open_array(tmp_path / "in.zarr" / "full")[3, 5] = 1
    path = place()
    value = "nan" if zarr_format == 2 else "7"  # which xarray takes for missing
    for source, said in (
        (ZarrSource(path, "empty"), f"'empty' is stored: {ALL} {value}"),
        (ZarrSource(f"{path}/empty"), f"'data' is stored: {ALL} 7"),
        (ZarrSource(path, "full"), ""),
        (ZarrSource(f"{path}/full"), ""),
    ):
        opened_input(source)
        notes = [one.getMessage() for one in caplog.records if one.name == LOGGER]
        expected = f"note: input {source.path}: no chunk of {said}"
        assert notes == [expected] * bool(said)
        caplog.clear()
