"""OME-Zarr images, their metadata written by hand as the specification has them."""

import json

import numpy as np
import zarr

AXES = [
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "nanometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]
SHAPE = (2, 4, 6, 8)
SCALE, TRANSLATION = [1.0, 2.0, 250.0, 0.25], [0.0, 10.0, -125.0, 0.125]
FORMATS = ["0.4", "0.5"]


def dataset(path, scale=SCALE, translation=TRANSLATION):
    return {
        "path": path,
        "coordinateTransformations": [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": translation},
        ],
    }


def image(**changes):
    """The description of an image with two levels, with keys changed or taken away."""
    half = [1.0, 4.0, 500.0, 0.5]
    said = {
        "name": "cells",
        "axes": AXES,
        "datasets": [dataset("0"), dataset("1", half, [0.0, 11.0, 0.0, 0.25])],
        **changes,
    }
    return {key: value for key, value in said.items() if value is not None}


def cells(shape=SHAPE):
    return np.arange(np.prod(shape), dtype="uint16").reshape(shape)


def write_array(folder, version, shape=SHAPE, names=None):
    """A level without attributes; of format 0.5 with names of its dimensions or not."""
    array = zarr.create_array(
        folder,
        shape=shape,
        dtype="uint16",
        chunks=tuple(min(3, size) for size in shape),
        zarr_format=2 if version == "0.4" else 3,
        dimension_names=names,
    )
    array[:] = cells(shape)


def describe(folder, version, multiscales, **more):
    """Write the attributes of an image's group, perhaps anew."""
    folder.mkdir(parents=True, exist_ok=True)
    if version == "0.4":
        said = [{"version": "0.4", **one} for one in multiscales]
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps({"multiscales": said, **more}))
        return
    ome = {"version": "0.5", "multiscales": multiscales, **more}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    (folder / "zarr.json").write_text(json.dumps(group))


def write_image(folder, version, said=None, **more):
    """An image with two levels."""
    describe(folder, version, [said or image()], **more)
    write_array(folder / "0", version)
    write_array(folder / "1", version, (2, 2, 3, 4))
    return folder
