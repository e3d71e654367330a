import sys

import pytest

from volconv import errors
from volconv.cli.exits import exit_code
from volconv.cli.main import main
from volconv.cli.report import error_text


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GeometryError, 2),
        (errors.DimError, 2),
        (errors.KindError, 2),
        (errors.UnitError, 2),
        (errors.InputError, 3),
        (errors.ConfigFileError, 2),
        (errors.OutputError, 4),
        (errors.PlanMismatch, 4),
        (errors.StorageError, 5),
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
    assert error_text(KeyboardInterrupt()) == (
        "interrupted: finished blocks are kept, the same command goes on from them"
    )
    assert exit_code(ZeroDivisionError()) == 1


def test_every_public_error_has_a_code_of_its_own_making():
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "did_you_mean"]
    made = [kind for kind in kinds if kind is not errors.ConfigError]
    assert 1 not in {exit_code(kind("a", "b", "c")) for kind in made}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(28, "No space left"), 5, "error: [Errno 28] No space left\n"),
        (errors.RunError("run", "3 blocks failed", "none"), 8,
         "error: run: got 3 blocks failed; expected none.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)  # fmt: skip
def test_what_a_verb_raises_ends_the_command_with_its_code(
    error, code, said, monkeypatch, capsys
):
    def fail():
        raise error

    monkeypatch.setattr("volconv.config.schema_text", fail)
    monkeypatch.setattr(sys, "argv", ["volconv", "schema"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    assert capsys.readouterr().err == said


def test_a_slip_of_ours_is_not_dressed_up_as_the_users(monkeypatch):
    monkeypatch.setattr("volconv.config.schema_text", lambda: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["volconv", "schema"])
    with pytest.raises(ZeroDivisionError):
        main()
