"""Configurations drawn valid by construction, as the plain values of their text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from volconv.boundary import KINDS
from volconv.compute.numbers import SOURCES
from volconv.geometry import LABELS, PADDINGS

DIMS = ("z", "y", "x")

counts = st.integers(1, 9)
dims = st.sampled_from(DIMS)
lengths = st.one_of(
    st.integers(0, 9), st.floats(0, 9), st.sampled_from(["1.2 mm", "0.5 degrees"])
)
sizes = counts | st.sampled_from(["1.2 mm", "0.5 degrees"])
paddings = st.one_of(
    st.integers(0, 9),
    st.sampled_from(PADDINGS),
    st.lists(st.integers(0, 9), min_size=2, max_size=2),
)
weights = st.lists(st.integers(-9, 9) | st.floats(-9, 9), min_size=1, max_size=5)


def by_dim(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One value for all, or some by name."""
    return one | st.dictionaries(dims, one, min_size=1)


windows: dict[str, st.SearchStrategy[Any]] = {
    "stride": by_dim(counts),
    "padding": by_dim(paddings),
    "label": by_dim(st.sampled_from(LABELS)),
    "boundary": by_dim(st.sampled_from(KINDS)),
    "fill_value": st.integers(-9, 9) | st.floats(-9, 9),
    "dtype": st.sampled_from(SOURCES),
    "engine": st.sampled_from(["auto", "direct", "reference"]),
}
dilated = {**windows, "dilation": by_dim(counts)}
skipping = {"skipna": st.booleans(), "min_weight": st.just(0)}
some_dims = {"dims": st.lists(dims, min_size=1, unique=True) | dims}

gaussian_kernels = st.fixed_dictionaries(
    {"sigma": by_dim(lengths)}, optional={"truncate": st.floats(0, 5)}
)
named_kernels = st.one_of(
    st.fixed_dictionaries({"gaussian": gaussian_kernels}),
    st.fixed_dictionaries({"box": by_dim(sizes)}),
    st.fixed_dictionaries({"ball": st.fixed_dictionaries({"radius": by_dim(lengths)})}),
)
gaussians = st.fixed_dictionaries(
    {"sigma": by_dim(lengths)},
    optional={"truncate": st.floats(0, 5), **windows, **some_dims, **skipping},
)
balls = st.fixed_dictionaries(
    {"radius": by_dim(lengths)}, optional={**windows, **some_dims}
)
boxes = st.fixed_dictionaries(
    {"size": by_dim(sizes)}, optional={**dilated, **some_dims, **skipping}
)
correlates = st.one_of(
    st.fixed_dictionaries({"kernel": named_kernels}, optional={**dilated, **some_dims}),
    st.fixed_dictionaries(
        {"kernel": weights, "dims": dims}, optional={**dilated, **skipping}
    ),
)
reals = st.integers(-9, 9) | st.floats(-9, 9)
per_channel = st.lists(reals, min_size=1, max_size=3)
positive = st.integers(1, 9) | st.floats(0.5, 9)
per = {"per": st.sampled_from(["cell", "unit"])}
dtype = {"dtype": st.sampled_from(SOURCES)}
smoothing = {"truncate": st.floats(0, 5), **windows, **some_dims}
pooling = {key: value for key, value in dilated.items() if key != "engine"}
ranges = st.tuples(st.integers(0, 30), st.integers(1, 30)).map(
    lambda pair: [pair[0], sum(pair)]
)
label = st.none() | st.integers() | reals | st.sampled_from(("2026-01", "5 cm"))
ends = st.lists(label, min_size=2, max_size=2)
more_steps: dict[str, st.SearchStrategy[Any]] = {
    **{
        name: st.fixed_dictionaries({}, optional=dtype)
        for name in ("abs", "square", "sqrt", "log", "relu", "sigmoid", "tanh")
    },
    "leaky_relu": st.fixed_dictionaries({}, optional={"slope": reals, **dtype}),
    "elu": st.fixed_dictionaries({}, optional={"alpha": reals, **dtype}),
    "gelu": st.fixed_dictionaries(
        {}, optional={"approximate": st.sampled_from(["none", "tanh"]), **dtype}
    ),
    "prelu": st.fixed_dictionaries(
        {"weight": reals | per_channel}, optional={"channel": dims}
    ),
    "softmax": st.fixed_dictionaries({}, optional={"channel": dims}),
    "batch_norm": st.fixed_dictionaries(
        {"mean": per_channel, "variance": st.lists(positive, min_size=1, max_size=3)},
        optional={"weight": per_channel, "eps": positive, "channel": dims},
    ),
    "cast": st.fixed_dictionaries(dtype),
    "scale": st.fixed_dictionaries({}, optional={"factor": reals, **dtype}),
    "normalise": st.fixed_dictionaries({"mean": reals, "std": positive}),
    "clip": st.fixed_dictionaries({"min": reals}, optional=dtype),
    "threshold": st.fixed_dictionaries({"below": reals}, optional=dtype),
    "gradient": st.fixed_dictionaries({"dim": dims}, optional={**per, **windows}),
    "gradient_magnitude": st.fixed_dictionaries(
        {}, optional={**per, **windows, **some_dims}
    ),
    "laplace": st.fixed_dictionaries({}, optional={**per, **windows, **some_dims}),
    "sobel": st.fixed_dictionaries({}, optional={"dim": dims, **windows}),
    "difference_of_gaussians": st.fixed_dictionaries(
        {"low_sigma": by_dim(lengths), "high_sigma": by_dim(lengths)},
        optional=smoothing,
    ),
    "unsharp": st.fixed_dictionaries(
        {"sigma": by_dim(lengths)}, optional={"amount": reals, **smoothing}
    ),
    **{
        f"{kind}_pool": st.fixed_dictionaries(
            {"size": by_dim(sizes)}, optional={**pooling, **some_dims}
        )
        for kind in ("max", "min", "median", "mode")
    },
    "mean_pool": st.fixed_dictionaries(
        {"size": by_dim(counts)},
        optional={"count_padding": st.booleans(), **dilated, **some_dims},
    ),
    "pad": st.fixed_dictionaries(
        {"padding": by_dim(st.integers(0, 9))},
        optional={key: windows[key] for key in ("boundary", "fill_value")},
    ),
    "crop": st.fixed_dictionaries({"region": st.dictionaries(dims, ranges, min_size=1)})
    | st.fixed_dictionaries({"labels": st.dictionaries(dims, ends, min_size=1)}),
}
steps = st.one_of(
    *(st.fixed_dictionaries({name: keys}) for name, keys in more_steps.items()),
    st.fixed_dictionaries({"gaussian": gaussians}),
    st.fixed_dictionaries({"ball": balls}),
    st.fixed_dictionaries({"box": boxes}),
    st.fixed_dictionaries({"correlate": correlates}),
    st.fixed_dictionaries({"convolve": correlates}),
)
levels = st.fixed_dictionaries({}, optional={"level": st.integers(0, 9)})
codecs = st.one_of(
    st.sampled_from(["zstd", "blosc", "gzip", "none"]),
    st.fixed_dictionaries({"zstd": levels}),
    st.fixed_dictionaries({"gzip": levels}),
    st.fixed_dictionaries({"blosc": st.just({"cname": "lz4", "clevel": 3})}),
)
names = st.sampled_from(["sst", "t2m", "no", "010", "1e-3"])


@st.composite
def outputs(draw: st.DrawFn) -> dict[str, Any]:
    """An output whose shards are multiples of its chunks."""
    chunks = draw(st.dictionaries(dims, counts))
    shards = {dim: cells * draw(counts) for dim, cells in chunks.items()}
    optional = {
        "codec": codecs,
        "dtype": st.sampled_from(SOURCES),
        "variable": names,
        "chunks": st.just(chunks),
    }
    found = draw(
        st.fixed_dictionaries({"path": st.just("out.zarr")}, optional=optional)
    )
    return {**found, "shards": shards} if "chunks" in found else found


configs = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "input": st.fixed_dictionaries(
            {"path": st.just("in.zarr")},
            optional={"variable": names, "dims": st.permutations(DIMS)},
        ),
        "steps": st.lists(steps, min_size=1, max_size=3),
        "output": outputs(),
    },
    optional={"about": st.text(st.characters(min_codepoint=32, max_codepoint=126))},
)


def as_text(values: object) -> str:
    """The values as YAML: JSON is a part of it."""
    return json.dumps(values, indent=1)
