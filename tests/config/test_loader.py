import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volconv.config import parse_config
from volconv.config.loader import MAX_BYTES, read_text
from volconv.errors import ConfigError


def faults(text):
    with pytest.raises(ConfigError) as caught:
        read_text(text, "test.yaml")
    assert caught.value.path == "test.yaml"
    return list(caught.value.faults)


def test_every_key_and_item_has_its_line():
    document = read_text("a: 1\nb:\n  - x\n  - y: [2,\n      3]\n", "test.yaml")
    assert document.values == {"a": 1, "b": ["x", {"y": [2, 3]}]}
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "y"): 4,
        ("b", 1, "y", 0): 4,
        ("b", 1, "y", 1): 5,
    }


def test_keys_are_texts_as_they_stand():
    document = read_text("no: 1\n010: 2\nnull: 3\ntrue: 4\n1e-3: 5", "test.yaml")
    assert list(document.values) == ["no", "010", "null", "true", "1e-3"]


def test_quoted_scalars_are_texts():
    document = read_text("- \"1\"\n- 'no'\n- |\n  3\n", "test.yaml")
    assert document.values == ["1", "no", "3\n"]


def test_a_repeated_key_names_both_lines_and_keeps_the_first():
    document = read_text("a:\n  b: 1\n  c: 2\n  b: 3\n", "test.yaml")
    assert document.values == {"a": {"b": 1, "c": 2}}
    assert [str(fault) for fault in document.faults] == [
        "line 4: a.b is set twice (first on line 2). Delete one."
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: &x 1", "line 1: got the anchor &x; expected no anchors."),
        ("a: b\nc: *x", "line 2: got the alias *x; expected the value itself."),
        (
            "a:\n  !!python/object/apply:os.system ['touch /tmp/owned']",
            "line 2: got the tag tag:yaml.org,2002:python/object/apply:os.system; "
            "expected plain values. Fix: a configuration names no types and no code.",
        ),
        (
            "a: !!str 3",
            "line 1: got the tag tag:yaml.org,2002:str; expected plain values. "
            "Fix: a configuration names no types and no code.",
        ),
        (
            "a: 1\n---\nb: 2",
            "line 2: got a second document; expected one. "
            "Fix: write one file for each.",
        ),
        ("[a]: 1", "line 1: got a list or mapping as a key; expected a name."),
        ("{a: 1}: 1", "line 1: got a list or mapping as a key; expected a name."),
        (
            "a: 1e999",
            "line 1: got the number 1e999...; expected one that float64 can hold.",
        ),
        (
            "a:\n\tb: 1",
            "line 2: this is not YAML: found character '\\t' that cannot start any "
            "token while scanning for the next token.",
        ),
        (
            "a: [1",
            "line 1: this is not YAML: expected ',' or ']', but got '<stream end>' "
            "while parsing a flow sequence.",
        ),
        (
            '"\\U00110000"',
            "line 1: this is not YAML: an escape names no character.",
        ),
        (
            '"\\UFFFFFFFF"',
            "line 1: this is not YAML: an escape names no character.",
        ),
        (b"a: 1\nb: \xff", "line 2: got the byte 0xff; expected UTF-8 text."),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text, fault):
    assert faults(text) == [fault]


def test_all_anchors_and_aliases_are_told():
    assert faults("a: &x 1\nb: *x\nc: *x") == [
        "line 1: got the anchor &x; expected no anchors.",
        "line 2: got the alias *x; expected the value itself.",
        "line 3: got the alias *x; expected the value itself.",
    ]


def test_control_characters_are_refused():
    for text, line in ((b"a: \x00", 1), (b"# a: 1\r\nb: 2\nc: \x07\n", 3)):
        (fault,) = faults(text)
        said = f"line {line}: this is not YAML: unacceptable character #x"
        assert fault.startswith(said)


def test_an_alias_bomb_is_refused_at_once():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]"
        for level in range(1, 30)
    ]
    begin = time.process_time()
    assert faults("\n".join(rows))[0] == (
        "line 1: got the anchor &a0; expected no anchors."
    )
    assert time.process_time() - begin < 60  # of this process, or hours


@pytest.mark.parametrize("text", ["[" * 20_000, "- " * 5_000, "a: {" * 5_000])
def test_deep_nesting_is_refused_at_once(text):
    begin = time.process_time()
    assert faults(text) == [
        "line 1: got nesting deeper than 32 levels; expected a configuration."
    ]
    assert time.process_time() - begin < 60  # of this process, or hours


def test_a_long_text_is_refused_before_it_is_parsed():
    begin = time.process_time()
    assert faults(b"#" * (MAX_BYTES + 1)) == [
        "got more than 1048576 bytes; expected fewer. "
        "Fix: keep large kernels out of the text."
    ]
    assert time.process_time() - begin < 60


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert read_text(b"\xef\xbb\xbfa: 1", "test.yaml").values == {"a": 1}
    assert read_text("\ufeffa: 1", "test.yaml").values == {"a": 1}


yaml_like = st.text(
    st.sampled_from("abk:-?[]{},&*!|>'\"%@`#~ \n\t01.e+_<=\\\u0085\ufeff"), max_size=60
)


@given(st.binary(max_size=100) | yaml_like | st.text(max_size=60))
def test_no_text_raises_anything_but_a_config_error(text):
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert caught.value.faults


@given(yaml_like)
def test_a_mapping_around_any_text_raises_nothing_else(text):
    body = "".join(f"  {row}\n" for row in text.splitlines())
    with pytest.raises(ConfigError):
        parse_config(f"version: 1\nsteps:\n{body}")
