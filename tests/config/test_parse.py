"""Whole configurations: what each fault says, and that all of them are told."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.strategies import as_text, configs
from volconv.config import Config, load_config, parse_config
from volconv.errors import ConfigError, ConfigFileError
from volconv.steps.box import Box
from volconv.steps.correlate import Correlate
from volconv.steps.registry import step_classes

SEVEN = """\
version: 1
input:
  path: scans/thorax.zarr
steps:
  - correlate:
      kernel:
        gaussian: {sgima: 1.2 mm}
      paddding: same
      boundary: mirror
  - correlate:
      kernel: {box: [1, 2, 2]}
      stride: {y: 2}
      stride: 2
  - {correlate: {kernel: {box: 3}}, gaussian: {}}

ouput:
  path: out/thorax_half.zarr
"""


def faults(text):
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return list(caught.value.faults)


def step_faults(step):
    """Faults of a step, which is on line 3."""
    return faults(
        f"version: 1\ninput: {{path: a.zarr}}\nsteps: [{step}]\n"
        "output: {path: b.zarr}\n"
    )


def output_faults(output):
    """Faults of an output, which is on line 4."""
    return faults(
        "version: 1\ninput: {path: a.zarr}\nsteps: [box: {size: 3}]\n"
        f"output: {output}\n"
    )


def test_seven_faults_are_told_at_once_with_their_lines():
    assert faults(SEVEN) == [
        "line 7: unknown key steps.1.correlate.kernel.gaussian.sgima. "
        "Did you mean 'sigma'?",
        "line 8: unknown key steps.1.correlate.paddding. Did you mean 'padding'?",
        "line 9: steps.1.correlate.boundary: got 'mirror'; expected constant, edge, "
        "reflect, symmetric, wrap. Fix: mirror elsewhere is 'reflect' here.",
        "line 11: steps.2.correlate.kernel.box: got [1, 2, 2]; expected one number, "
        "or one for each dimension by name, such as {y: 2, x: 2}.",
        "line 13: steps.2.correlate.stride is set twice (first on line 12). "
        "Delete one.",
        "line 14: steps.3: got {'correlate': {'kernel': {'box': 3}}, 'gaussian': {}}; "
        "expected one operation; found correlate, gaussian.",
        "line 16: unknown key ouput. Did you mean 'output'?",
    ]


@pytest.mark.parametrize(
    ("text", "got"),
    [("", "nothing"), ("# only a comment", "nothing"), ("3", "3"), ("[a]", "['a']")],
)
def test_a_text_that_is_no_mapping_is_one_fault(text, got):
    assert faults(text) == [
        f"line 1: got {got}; expected a mapping of version, about, input, steps, "
        "output."
    ]


def test_a_repeated_key_is_a_fault_of_a_text_that_has_no_other():
    text = (
        "version: 1\ninput: {path: a.zarr}\nsteps: [box: {size: 3}]\n"
        "output: {path: b.zarr}\noutput: {path: c.zarr}\n"
    )
    assert faults(text) == [
        "line 5: output is set twice (first on line 4). Delete one."
    ]


def test_missing_parts_are_told_with_their_meaning():
    assert faults("version: 1") == [
        "line 1: missing key input. Expected the volume to read.",
        "line 1: missing key steps. Expected the steps, carried out in this order.",
        "line 1: missing key output. Expected the Zarr store to write.",
    ]


@pytest.mark.parametrize(
    ("version", "got"), [("2", "2"), ("'1'", "'1'"), ("1.0", "1.0"), ("true", "True")]
)
def test_the_version_is_the_number_1(version, got):
    text = (
        f"version: {version}\ninput: {{path: a.zarr}}\nsteps: [box: {{size: 3}}]\n"
        "output: {path: b.zarr}\n"
    )
    assert faults(text) == [f"line 1: version: got {got}; expected 1."]


STEPS = ", ".join(step_classes())
DTYPES = (
    "bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, "
    "float16, float32, float64, complex64, complex128"
)


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("3", f"steps.1: got 3; expected one operation of {STEPS}."),
        ("~", f"steps.1: got nothing; expected one operation of {STEPS}."),
        ("gausian", f"steps.1: got 'gausian'; expected one operation of {STEPS}. "
                    "Fix: did you mean 'gaussian'?"),
        ("{}", "steps.1: got {}; expected one operation; found none."),
        ("gaussian", "missing key steps.1.gaussian.sigma. Expected standard deviation: "
                     "a number of cells, or a text such as 1.2 mm."),
        ("gaussian: ", "missing key steps.1.gaussian.sigma. Expected standard "
                       "deviation: a number of cells, or a text such as 1.2 mm."),
        ("gaussian: 2", "steps.1.gaussian: got 2; expected a mapping of padding, label, "
                        "boundary, fill_value, dtype, skipna, weights, min_weight, "
                        "stride, engine, dims, sigma, truncate, name, from, save."),
        ("gaussian: {sigma: -1}", "steps.1.gaussian.sigma: got -1; expected a number "
                                  "of at least 0."),
        ("gaussian: {sigma: .nan}", "steps.1.gaussian.sigma: got nan; expected a "
                                    "number of at least 0."),
        ("gaussian: {sigma: -1 mm}", "steps.1.gaussian.sigma: got '-1 mm'; expected a "
                                     "number of at least 0."),
        ("gaussian: {sigma: {x: 1, y: 2 mmm}}",
         "steps.1.gaussian.sigma.y: got '2 mmm'; expected a number and a unit, such as "
         "'1.2 mm'. Fix: 'mmm' is not defined in the unit registry; give a number "
         "without quotes to count cells."),
        ("gaussian: {sigma: 9**9**9 mm}",
         "steps.1.gaussian.sigma: got '9**9**9 mm'; expected a number and a unit, such "
         "as '1.2 mm'. Fix: give a number without quotes to count cells."),
        ("gaussian: {sigma: 1 mm**2}",
         "steps.1.gaussian.sigma: got '1 mm**2'; expected a number and a unit, such as "
         "'1.2 mm'. Fix: give a number without quotes to count cells."),
        ("gaussian: {sigma: true}",
         "steps.1.gaussian.sigma: got True; expected a number of cells, or a text like "
         "'1.2 mm'."),
        ("gaussian: {sigma: {}}", "steps.1.gaussian.sigma: got no dimension; expected "
                                  "a sigma for at least one."),
        ("gaussian: {sigma: 1, truncate: -4}",
         "steps.1.gaussian.truncate: got -4; expected a number of at least 0."),
        ("gaussian: {sigma: 1, dilation: 2}",
         "unknown key steps.1.gaussian.dilation. Expected one of: padding, label, "
         "boundary, fill_value, dtype, skipna, weights, min_weight, stride, engine, dims, "
         "sigma, truncate, name, from, save."),
        ("gaussian: {sigma: 1, skipna: 1}",
         "steps.1.gaussian.skipna: got 1; expected true or false."),
        ("gaussian: {sigma: 1, skipna: true, min_weight: 2}",
         "steps.1.gaussian.min_weight: got 2; expected a number from 0 to 1."),
        ("gaussian: {sigma: 1, min_weight: 0.5}",
         "steps.1.gaussian.min_weight: got 0.5 while missing cells are not left out; "
         "expected skipna or weights beside it. Fix: leave them out by skipna, or leave "
         "min_weight out."),
        ("gaussian: {sigma: 1, weights: mask.zarr}",
         "steps.1.gaussian.weights: got 'mask.zarr'; expected a mapping of path, "
         "variable, dims."),
        ("box: {size: 0}", "steps.1.box.size: got 0; expected a whole number of at "
                           "least 1."),
        ("box: {size: '3'}", "steps.1.box.size: got '3'; expected a number and a unit, "
                             "such as '1.2 mm'. Fix: give a number without quotes to "
                             "count cells."),
        ("box: {size: -3 mm}", "steps.1.box.size: got '-3 mm'; expected a number of at "
                               "least 0."),
        ("box: {size: 1.5}", "steps.1.box.size: got 1.5; expected a whole number of at "
                             "least 1."),
        ("box: {size: {x: 3, y: true}}", "steps.1.box.size.y: got True; expected a "
                                         "whole number of at least 1."),
        ("box: {size: {x: 1000000000000}}",
         "steps.1.box.size.x: got 1e+12 taps; expected at most 16777216 along one "
         "dimension. Fix: say a smaller one: a number without a unit counts cells."),
        ("box: {size: {}}", "steps.1.box.size: got no dimension; expected a size for "
                            "at least one."),
        ("box: {size: 3, stride: 0}", "steps.1.box.stride: got 0; expected a whole "
                                      "number of at least 1."),
        ("box: {size: 3, dilation: -1}", "steps.1.box.dilation: got -1; expected a "
                                         "whole number of at least 1."),
        ("box: {size: 3, padding: saem}",
         "steps.1.box.padding: got 'saem'; expected a number of cells, a pair of them, "
         "or one of valid, same, same_upper, same_lower, full. "
         "Fix: did you mean 'same'?"),
        ("box: {size: 3, padding: {x: -1}}", "steps.1.box.padding.x: got -1; expected "
                                             "a whole number of at least 0."),
        ("box: {size: 3, padding: [1, 2, 3]}", "steps.1.box.padding: got [1, 2, 3]; "
                                               "expected a pair (before, after)."),
        ("box: {size: 3, boundary: {x: periodic}}",
         "steps.1.box.boundary.x: got 'periodic'; expected constant, edge, reflect, "
         "symmetric, wrap. Fix: periodic elsewhere is 'wrap' here."),
        ("box: {size: 3, fill_value: none}", "steps.1.box.fill_value: got 'none'; "
                                             "expected one number."),
        ("box: {size: 3, dims: [x, x]}", "steps.1.box.dims: got ['x', 'x']; expected "
                                         "each dimension once."),
        ("box: {size: 3, dims: []}", "steps.1.box.dims: got []; expected at least one "
                                     "name."),
        ("box: {size: 3, dims: [1]}", "steps.1.box.dims: got [1]; expected a name, or "
                                      "a list of names."),
        ("box: {size: 3, dtype: flot32}",
         f"steps.1.box.dtype: got 'flot32'; expected one of {DTYPES}. "
         "Fix: did you mean 'float32'?"),
        ('box: {size: 3, dtype: "(3,)f4"}',
         f"steps.1.box.dtype: got '(3,)f4'; expected one of {DTYPES}."),
        ("box: {size: 3, engine: drect}",
         "steps.1.box.engine: got 'drect'; expected one of auto, direct, separable, fft, "
         "reference. Fix: did you mean 'direct'?"),
        ("box: {size: 3, engine: 3}", "steps.1.box.engine: got 3; expected a name such "
                                      "as direct."),
        ("conv: {weight: [[[1]]], engine: fft}",
         "steps.1.conv.engine: got 'fft'; expected one of auto, direct, reference, for a "
         "layer."),
        ("conv_transpose: {weight: [[[1]]], engine: separable}",
         "steps.1.conv_transpose.engine: got 'separable'; expected one of auto, direct, "
         "reference, for a layer."),
        ("correlate: {}", "missing key steps.1.correlate.kernel. Expected "
                          "lists, {gaussian: {sigma: 1.2 mm}}, "
                          "{ball: {radius: 3 mm}}, {path: kernel.npy}."),
        ("correlate: {kernel: 3}",
         "steps.1.correlate.kernel: got 3; expected one kernel of gaussian, box, ball, "
         "or lists of weights, or {path: kernel.npy}."),
        ("correlate: {kernel: []}", "steps.1.correlate.kernel: got shape (0,); "
                                    "expected at least one axis and one tap."),
        ("correlate: {kernel: [1, .nan]}", "steps.1.correlate.kernel: got NaN or inf "
                                           "among its weights; expected finite "
                                           "weights."),
        ("correlate: {kernel: [1, .inf]}", "steps.1.correlate.kernel: got NaN or inf "
                                           "among its weights; expected finite "
                                           "weights."),
        ("correlate: {kernel: [[1, 2], [3]]}", "steps.1.correlate.kernel: got rows of "
                                               "unequal length; expected an array."),
        ("correlate: {kernel: [1, true]}", "steps.1.correlate.kernel: got True among "
                                           "its weights; expected numbers."),
        ("correlate: {kernel: [1, '2']}", "steps.1.correlate.kernel: got '2' among its "
                                          "weights; expected numbers."),
        ("correlate: {kernel: [1, ~]}", "steps.1.correlate.kernel: got nothing among "
                                        "its weights; expected numbers."),
        ("correlate: {kernel: [1, 2], dims: [y, x]}",
         "steps.1.correlate.kernel: got 1 axes for dims ['y', 'x']; expected as many "
         "axes as dims."),
        ("correlate: {kernel: {gaussain: {sigma: 1}}}",
         "steps.1.correlate.kernel: got 'gaussain'; expected one kernel of gaussian, "
         "box, ball, or lists of weights, or {path: kernel.npy}. Fix: did you mean "
         "'gaussian'?"),
        ("correlate_bank: {kernels: {path: k.npy}}",
         "steps.1.correlate_bank.kernels: got {'path': 'k.npy'}; expected a list of "
         "kernels, or a mapping of names to kernels. Fix: write a list: [{path: "
         "k.npy}]."),
        ("correlate: {kernel: [18446744073709551616, 1]}",
         "steps.1.correlate.kernel: got dtype object; expected integers from -2**63 to "
         "2**63 - 1, floats or complex numbers."),
        ("conv: {weight: {path: a.npy}, bias: [[1]]}",
         "steps.1.conv.bias.1: got [1]; expected a valid number."),
        ("batch_norm: {mean: [[1, 2], 2], variance: [1, 2]}",
         "steps.1.batch_norm.mean: got [1, 2] as number 1; expected real numbers, one "
         "for each channel."),
        ("correlate: {kernel: {box: {x: 0}}}", "steps.1.correlate.kernel.box.x: got 0; "
                                               "expected a whole number of at least "
                                               "1."),
        ("clip", "steps.1.clip: got neither min nor max; expected one of them, or "
                 "both."),
        ("clip: {min: 3, max: 1}", "steps.1.clip.max: got 1; expected at least min, 3."),
        ("clip: {min: .inf}", "steps.1.clip.min: got inf; expected a finite number."),
        ("threshold: {above: 3, below: 3}", "steps.1.threshold.below: got 3; expected a "
                                            "number greater than above, 3."),
        ("normalise: {mean: 1}", "steps.1.normalise: got mean; expected mean and std, "
                                 "or min and max."),
        ("normalise: {mean: 1, std: 0}", "steps.1.normalise.std: got 0; expected a "
                                         "number above 0."),
        ("scale: {factor: yes}", "steps.1.scale.factor: got 'yes'; expected one real "
                                 "number."),
        ("crop: {region: {x: [3]}}", "steps.1.crop.region.x: got [3]; expected a pair "
                                     "[start, stop] of cells."),
        ("crop: {region: {x: [3, 3]}}", "steps.1.crop.region.x: got [3, 3]; expected a "
                                        "stop above the start."),
        ("crop: {region: {}}", "steps.1.crop.region: got {}; expected cells by "
                               "dimension, such as {'z': (10, 50)}, or labels."),
        ("crop", "steps.1.crop: got nothing; expected cells by dimension, such as {'z': "
                 "(10, 50)}, or labels."),
        ("crop: {labels: {x: 3}}", "steps.1.crop.labels.x: got 3; expected a pair "
                                   "[first, last] of labels."),
        ("crop: {labels: {x: [3, true]}}", "steps.1.crop.labels.x: got True; expected "
                                           "a label: a number, a text, or a time."),
        ("crop: {labels: {x: [.nan, 3]}}", "steps.1.crop.labels.x: got nan; expected a "
                                           "label; null or None for an open end."),
        ("crop: {region: {x: [1, 3]}, labels: {x: [1, 3]}}",
         "steps.1.crop.labels: got 'x', which region has too; expected each dimension "
         "in one of both."),
        ("pad: {padding: {x: same}}", "steps.1.pad.padding.x: got 'same'; expected a "
                                      "number of cells, or a pair of them."),
        ("gradient: {dim: x, per: mm}", "steps.1.gradient.per: got 'mm'; expected cell "
                                        "or unit."),
        ("gradient", "missing key steps.1.gradient.dim. Expected the dimension."),
        ("cast: {dtype: int}", f"steps.1.cast.dtype: got 'int'; expected one of "
                               f"{DTYPES}. Fix: did you mean 'int8'?"),
        ("{gaussian: , sigma: 2 mm}",
         "steps.1: got {'gaussian': None, 'sigma': '2 mm'}; expected one operation; "
         "found gaussian, sigma. Fix: indent what belongs to gaussian further than its "
         "name."),
        ("{gaussian: , box: }", "steps.1: got {'gaussian': None, 'box': None}; expected "
                                "one operation; found gaussian, box."),
        ("max_pool: {size: 2, stride: 0}", "steps.1.max_pool.stride: got 0; expected a "
                                           "whole number of at least 1."),
        ("correlate: {kernel: box}", "steps.1.correlate.kernel.box: got no dimension; "
                                     "expected a size for at least one."),
    ],
)  # fmt: skip
def test_a_step_is_refused_by_its_text(step, fault):
    assert step_faults(step) == [f"line 3: {fault}"]


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ("{path: ''}", "output.path: got ''; expected a path."),
        ("{path: 3}", "output.path: got 3; expected a text."),
        ("{path: ~/b.zarr}", "output.path: got '~/b.zarr'; expected a path as it is. "
                             "Fix: write it out: ~ and $ are not expanded."),
        ("{path: $HOME/b}", "output.path: got '$HOME/b'; expected a path as it is. "
                            "Fix: write it out: ~ and $ are not expanded."),
        ('{path: "b\\e[2J"}', "output.path: got 'b\\x1b[2J'; expected a path."),
        ("{path: 'file::s3://b/a'}", "output.path: got 'file::s3://b/a'; expected one "
                                     "path, without '::'."),
        ("{path: 'file:///data/b'}", "output.path: got 'file:///data/b'; expected the path "
                                     "of a folder or a file as it is. Fix: write "
                                     "'/data/b'."),
        ("{path: 'http://[::1]/b::s3://b/a'}", "output.path: got 'http://[::1]/b::s3://b/"
                                               "a'; expected one path, without '::'."),
        ("{path: 'https://me:hu$h@host/b'}",
         "output.path: got a user or a password in a URL; expected one without them. "
         "Fix: they come from ~/.netrc: machine HOST login USER password WORD."),
        ("{path: 's3://'}", "output.path: got 's3://'; expected a URL with a bucket, "
                            "such as s3://bucket/a.zarr."),
        ("{path: b, variable: ''}", "output.variable: got ''; expected at least one "
                                    "character."),
        ("{path: ./a.zarr}", "output.path: got './a.zarr', with the input's path "
                             "'a.zarr'; expected a store apart from it."),
        ("{path: a.zarr/out}", "output.path: got 'a.zarr/out', with the input's path "
                               "'a.zarr'; expected a store apart from it."),
        ("{path: .}", "output.path: got '.', with the input's path 'a.zarr'; expected "
                      "a store apart from it."),
        ("{path: b, chunks: 3}", "output.chunks: got 3; expected a mapping of names to "
                                 "values."),
        ("{path: b, chunks: {x: 0}}", "output.chunks.x: got 0; expected a whole number "
                                      "of at least 1."),
        ("{path: b, chunks: {x: 3}, shards: {y: 2, x: 4}}",
         "output.shards.x: got 4; expected a multiple of the chunk's 3."),
        ("{path: b, codec: zstandard}",
         "output.codec: got 'zstandard'; expected one codec of zstd, blosc, gzip, "
         "none. Fix: did you mean 'zstd'?"),
        ("{path: b, codec: {zstd: {level: 99}}}",
         "output.codec.zstd.level: got 99; expected less than or equal to 22."),
        ("{path: b, codec: {zstd: {level: true}}}",
         "output.codec.zstd.level: got True; expected a whole number."),
        ("{path: b, codec: {none: {level: 1}}}",
         "unknown key output.codec.none.level. Expected none."),
        ("{path: b, codec: {gzip: {levle: 9}}}",
         "unknown key output.codec.gzip.levle. Did you mean 'level'?"),
        ("{path: b, codec: {blosc: {shuffle: true}}}",
         "output.codec.blosc.shuffle: got True; expected 'noshuffle', 'shuffle' or "
         "'bitshuffle'."),
        ("{path: b, variable: a/b}", "output.variable: got 'a/b'; expected a name, "
                                     "without / and no word of Zarr's own."),
        ("{path: b, variable: ..}", "output.variable: got '..'; expected a name, "
                                    "without / and no word of Zarr's own."),
        ("{path: b, variable: zarr.json}",
         "output.variable: got 'zarr.json'; expected a name, without / and no word of "
         "Zarr's own."),
        ("{path: b, dtype: object}",
         f"output.dtype: got 'object'; expected one of {DTYPES}."),
    ],
)  # fmt: skip
def test_an_output_is_refused_by_its_text(output, fault):
    assert output_faults(output) == [f"line 4: {fault}"]


def test_dims_that_the_input_lacks_are_refused_where_the_text_names_its_dims():
    text = """\
version: 1
input: {path: a.zarr, dims: [latitude, longitude]}
steps:
  - box:
      size: {latitude: 2}
      stride: {lattitude: 2}
  - correlate:
      dims: [longitude, time]
      kernel:
        box: {z: 1}
output:
  path: b.zarr
  chunks: {longitud: 3}
"""
    those = "expected dimensions of the array (latitude, longitude)."
    assert faults(text) == [
        f"line 6: steps.1.box.stride.lattitude: got 'lattitude'; {those} "
        "Fix: did you mean 'latitude'?",
        f"line 8: steps.2.correlate.dims: got 'time'; {those}",
        f"line 10: steps.2.correlate.kernel.box.z: got 'z'; {those}",
        f"line 13: output.chunks.longitud: got 'longitud'; {those} "
        "Fix: did you mean 'longitude'?",
    ]


def test_a_key_that_is_no_word_is_quoted_in_its_path():
    assert step_faults('box: {size: 3, "a.b\\n": 1}') == [
        "line 3: unknown key steps.1.box.'a.b\\n'. Expected one of: padding, label, "
        "boundary, fill_value, dtype, skipna, weights, min_weight, stride, engine, "
        "dims, dilation, size, name, from, save."
    ]


def test_more_faults_than_anyone_reads_take_no_time():
    text = "version: 1\n" + "".join(f"key{number}: 1\n" for number in range(20_000))
    assert len(faults(text)) == 100


def test_a_dimension_may_be_named_no():
    config = parse_config(
        "version: 1\ninput: {path: a}\nsteps: [box: {size: {no: 3}}]\noutput: {path: b}"
    )
    assert config.steps == (Box(size={"no": 3}),)


def test_the_same_text_always_gives_equal_frozen_models():
    text = as_text(
        {
            "version": 1,
            "input": {"path": "a"},
            "steps": [{"correlate": {"kernel": [[1, 2]], "dims": ["y", "x"]}}],
            "output": {"path": "b", "codec": {"zstd": {"level": 3}}},
        }
    )
    config = parse_config(text)
    assert config == parse_config(text)
    assert config.steps == (Correlate(kernel=((1, 2),), dims=("y", "x")),)
    with pytest.raises(ValueError, match="frozen"):
        config.about = "another"  # type: ignore[misc]


def test_a_file_is_read_and_named_in_its_faults(tmp_path):
    path = tmp_path / "seven.yaml"
    path.write_text(SEVEN)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.path == str(path)
    assert len(caught.value.faults) == 7


def test_a_file_that_is_not_there_is_answered_with_one_that_is(tmp_path):
    (tmp_path / "brain.yaml").write_text("")
    with pytest.raises(ConfigFileError) as caught:
        load_config(tmp_path / "brian.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/brian.yaml: got no such file; expected a configuration. "
        f"Fix: did you mean '{tmp_path}/brain.yaml'?"
    )


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigFileError, match="got a folder; expected a configuration"):
        load_config(tmp_path)


def test_a_path_that_cannot_be_is_refused():
    with pytest.raises(ConfigFileError, match="expected a file that can be read"):
        load_config("a\0b.yaml")


def test_a_file_without_end_is_refused():
    with pytest.raises(ConfigError, match="got more than 1048576 bytes"):
        load_config("/dev/zero")


@given(configs)
def test_what_is_written_is_read_again(values):
    config = parse_config(as_text(values))
    again = config.model_dump(mode="json", exclude_unset=True)
    assert parse_config(as_text(again)) == config
    assert Config.model_validate(config.model_dump(mode="json")) == config


def faults_if_any(text):
    try:
        parse_config(text)
    except ConfigError as error:
        return error.faults
    return ()


def places(values, place=()):
    """Every place in nested values."""
    yield place
    items = (
        values.items()
        if isinstance(values, dict)
        else enumerate(values)
        if isinstance(values, list)
        else ()
    )
    for key, value in items:
        yield from places(value, (*place, key))


@given(configs, st.data())
def test_a_mutated_configuration_is_valid_or_has_faults(values, data):
    mutated = copy.deepcopy(values)
    *above, last = data.draw(st.sampled_from(list(places(values))[1:]))
    here = mutated
    for key in above:
        here = here[key]
    what = data.draw(st.sampled_from(["drop", "retype", "rename"]))
    if what == "drop":
        del here[last]
    elif what == "retype" or isinstance(here, list):
        odd: list[object] = [
            None,
            True,
            -1,
            0,
            1e300,
            "",
            "x",
            [],
            {},
            [[]],
            {"x": {}},
            "3",
            10**200,
        ]
        here[last] = data.draw(st.sampled_from(odd))
    else:
        here[f"{last}x"] = here.pop(last)
    assert all(fault.startswith("line ") for fault in faults_if_any(as_text(mutated)))


@given(configs, st.data())
def test_a_misspelt_key_is_found_and_mended(values, data):
    values["steps"].append({"box": {"size": 3}})  # a step may have no key to misspell
    written = [one for step in values["steps"] for one in step.values() if one]
    settings = data.draw(st.sampled_from(written))
    key = data.draw(st.sampled_from(sorted(settings)))
    settings[f"{key}x"] = settings.pop(key)  # dims is a key, too
    found = faults(as_text(values))
    assert any(f"{key}x. Did you mean '{key}'?" in fault for fault in found)
    assert not any("missing key" in fault for fault in found)
