import pickle

import pytest

from volconv import errors
from volconv.errors import ConfigError, GeometryError, VolconvError, did_you_mean

CHILDREN = {
    "GeometryError": ValueError,
    "DimError": ValueError,
    "BoundaryError": ValueError,
    "KernelError": ValueError,
    "NumberError": ValueError,
    "UnitError": ValueError,
    "KindError": TypeError,
    "ConfigError": ValueError,
    "InputError": OSError,
    "ConfigFileError": OSError,
    "OutputError": OSError,
    "PlanMismatch": OSError,
    "StorageError": OSError,
    "MemoryPlanError": ValueError,
    "ClusterError": OSError,
    "RunError": RuntimeError,
}
PLAIN = sorted(set(CHILDREN) - {"ConfigError"})


def test_the_tree_has_every_error_of_the_module():
    found = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, VolconvError)
    }
    assert found == {*CHILDREN, "VolconvError"}
    assert {*found, "did_you_mean"} == set(errors.__all__)


@pytest.mark.parametrize("name", CHILDREN)
def test_the_tree_names_every_error_with_its_builtin(name):
    assert errors.__doc__ is not None
    lines = [line for line in errors.__doc__.splitlines() if f" {name} " in line]
    assert len(lines) == 1
    builtin = CHILDREN[name]
    assert issubclass(getattr(errors, name), builtin)
    is_grandchild = name in ("PlanMismatch", "ConfigFileError")
    assert builtin.__name__ in lines[0] or is_grandchild


@pytest.mark.parametrize("name", PLAIN)
def test_an_error_says_where_what_and_how_to_mend_it(name):
    error = getattr(errors, name)("stride along 'x'", "0", "at least 1", "use 1")
    assert str(error) == "stride along 'x': got 0; expected at least 1. Fix: use 1."
    assert (error.where, error.got) == ("stride along 'x'", "0")
    assert (error.expected, error.fix) == ("at least 1", "use 1")


def test_an_error_without_a_mend_says_so_by_silence():
    assert str(GeometryError("a", "b", "c")) == "a: got b; expected c."


@pytest.mark.parametrize("fix", ["did you mean 'y'?", "use 1.", "use 1"])
def test_a_mend_ends_with_one_stop(fix):
    text = str(GeometryError("a", "b", "c", fix))
    assert text.endswith(fix.rstrip(".") + ("" if fix.endswith("?") else "."))


@pytest.mark.parametrize("name", PLAIN)
def test_an_error_crosses_processes_whole(name):
    error = getattr(errors, name)("where", "got", "expected", "fix")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.fix == "fix"


def test_a_config_error_holds_every_fault_on_its_line():
    error = ConfigError("a.yaml", ["line 1: one", "line 2: two"])
    assert str(error) == "line 1: one\nline 2: two"
    assert (error.path, error.got) == ("a.yaml", "2 faults")
    assert ConfigError("a.yaml", iter(["only"])).got == "1 fault"


def test_a_config_error_crosses_processes_whole():
    back = pickle.loads(pickle.dumps(ConfigError("a.yaml", ["one", "two"])))
    assert (back.path, back.faults) == ("a.yaml", ("one", "two"))
    assert str(back) == "one\ntwo"


def test_the_nearest_word_is_suggested():
    assert did_you_mean("latitud", ["latitude", "longitude"]) == (
        "did you mean 'latitude'?"
    )
    assert did_you_mean("channel", ["c", "z"]) == "did you mean 'c'?"
    assert did_you_mean("CT", ["ct", "pet"]) == "did you mean 'ct'?"
    assert did_you_mean("lat", ["time", "latitude"]) == "did you mean 'latitude'?"


@pytest.mark.parametrize("word", ["", "qqq"])
def test_no_word_is_suggested_where_none_is_near(word):
    assert did_you_mean(word, ["time", "latitude"]) == ""
