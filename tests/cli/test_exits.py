import pytest

from volconv import errors
from volconv.cli.exits import exit_code
from volconv.cli.report import error_text


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GeometryError, 2),
        (errors.DimError, 2),
        (errors.KindError, 2),
        (errors.UnitError, 2),
        (errors.InputError, 3),
        (errors.OutputError, 4),
        (errors.PlanMismatch, 4),
        (errors.MemoryPlanError, 6),
        (errors.ClusterError, 7),
        (errors.RunError, 8),
    ],
)
def test_each_kind_of_error_has_its_exit_code(kind, code):
    error = kind("here", "this", "that", "do so")
    assert exit_code(error) == code
    assert error_text(error) == "error: here: got this; expected that. Fix: do so."


def test_a_configurations_faults_have_the_code_of_usage():
    error = errors.ConfigError("a.yaml", ["line 1: x.", "line 2: y."])
    assert exit_code(error) == 2
    assert error_text(error) == "a.yaml: 2 faults\nline 1: x.\nline 2: y."


def test_other_failures_are_storage_interruption_or_ours():
    full = OSError(28, "No space left on device")
    assert (exit_code(full), error_text(full)) == (
        5,
        "error: [Errno 28] No space left on device",
    )
    assert exit_code(KeyboardInterrupt()) == 130
    assert error_text(KeyboardInterrupt()) == "interrupted"
    assert exit_code(ZeroDivisionError()) == 1


def test_every_public_error_has_a_code_of_its_own_making():
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "did_you_mean"]
    made = [kind for kind in kinds if kind is not errors.ConfigError]
    assert 1 not in {exit_code(kind("a", "b", "c")) for kind in made}
