"""What reads chunks in the place of Zarr's own."""

from collections.abc import Iterator

import pytest
import zarr
from zarr.core.codec_pipeline import BatchedCodecPipeline
from zarr.registry import register_pipeline


class OtherPipeline(BatchedCodecPipeline):
    """One of another package."""


@pytest.fixture
def other_pipeline() -> Iterator[None]:
    """Arrays that are opened meanwhile are decoded by it."""
    register_pipeline(OtherPipeline)
    path = f"{OtherPipeline.__module__}.{OtherPipeline.__qualname__}"
    with zarr.config.set({"codec_pipeline.path": path}):
        yield
