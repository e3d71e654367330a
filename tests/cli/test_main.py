"""The command as a user runs it: a process of its own, its exit code and its words."""

import os
import subprocess
import sys

import pytest

from tests.cli.command import volconv
from volconv.cli.init import Starter, starter_text
from volconv.config import MODELINE, schema_text

VALID = """\
version: 1
input: {path: a.zarr}
steps: [gaussian: {sigma: 1}, box: {size: 2}]
output: {path: b.zarr}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.yaml").write_text(VALID)
    (tmp_path / "bad.yaml").write_text(VALID.replace("sigma", "sgima"))
    return tmp_path


def test_a_configuration_without_faults_is_ok(folder):
    done = volconv("validate", "good.yaml", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "good.yaml: ok (gaussian, box)\n"


def test_faults_go_to_stderr_and_the_code_is_2(folder):
    done = volconv("validate", "bad.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bad.yaml: 1 fault\n"
        "line 3: unknown key steps.1.gaussian.sgima. Did you mean 'sigma'?\n"
    )


def test_a_file_that_is_not_there_is_named_and_the_code_is_2(folder):
    done = volconv("validate", "goood.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: goood.yaml: got no such file; expected a configuration. "
        "Fix: did you mean 'good.yaml'?\n"
    )


def test_every_file_is_checked_whatever_the_first_says(folder):
    done = volconv("validate", "bad.yaml", "none.yaml", "good.yaml", cwd=folder)
    assert done.returncode == 2
    assert "bad.yaml: 1 fault\n" in done.stderr
    assert "none.yaml: got no such file; expected a configuration.\n" in done.stderr
    assert done.stdout == "good.yaml: ok (gaussian, box)\n"


def test_what_has_no_effect_is_noted(folder):
    step = "correlate: {kernel: {box: 2}, boundary: edge}"
    (folder / "note.yaml").write_text(VALID.replace("gaussian: {sigma: 1}", step))
    done = volconv("validate", "note.yaml", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == (
        "note: steps.1.correlate: boundary: no effect where padding is valid"
    )


def test_validation_imports_no_library_of_arrays(folder):
    code = (
        "import sys; from volconv.cli.validate import check; "
        "print(check('good.yaml')); "
        "slow = {'dask', 'xarray', 'zarr', 'pandas', 'pint'}; "
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder,
        check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[1:] == ["0", ""]


@pytest.mark.parametrize("args", [(), ("vaildate", "x"), ("init", "scn"), ("--vers",)])
def test_a_command_that_cannot_be_is_answered_with_its_usage(args):
    done = volconv(*args)
    assert done.returncode == 2
    assert "Usage: volconv" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    done = volconv("--version")
    assert (done.returncode, done.stdout) == (0, f"volconv {version('volconv')}\n")


@pytest.mark.parametrize("verb", ["init", "validate", "schema"])
def test_help_is_plain_text_that_names_the_verb(verb):
    done = volconv(verb, "--help", env={**os.environ, "FORCE_COLOR": "1"})
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: volconv {verb}")
    assert "\x1b" not in done.stdout


def test_the_schema_is_printed():
    assert volconv("schema").stdout == schema_text()


@pytest.mark.parametrize("args", [("schema",), ("validate", "good.yaml")])
def test_a_reader_that_has_gone_is_no_fault(args, folder):
    read, write = os.pipe()
    os.close(read)
    # buffered, as on a user's machine: what is printed is written at the end
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", "from volconv.cli.main import main; main()", *args],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=folder,
        env=env, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stdout_is_no_fault(folder):
    command = (
        f"{sys.executable} -c 'from volconv.cli.main import main; main()' "
        "validate good.yaml >&-"
    )
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False,
        cwd=folder, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_fault_that_nobody_can_be_told_of_has_its_exit_code(stderr, folder):
    command = f"{sys.executable} -m volconv run none.yaml {stderr}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False,
        cwd=folder, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_an_output_that_is_full_is_told(folder):
    command = f"{sys.executable} -m volconv schema >/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False,
        cwd=folder, timeout=60,
    )  # fmt: skip
    assert done.returncode == 5
    assert done.stderr == "error: [Errno 28] No space left on device\n"


def test_an_interrupt_while_the_command_is_imported_ends_it_without_a_word():
    code = """
import signal, sys

class Interrupt:
    def find_spec(name, *_):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt)
from volconv.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "schema"], capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("words", "code"), [(["schema"], 0), (["run", "none.yaml"], 2)]
)
def test_the_process_ends_before_python_is_taken_down(words, code, tmp_path):
    """Which threads of a store's client do not survive."""
    command = """
import atexit, os, sys

class Last:
    def __del__(self, write=os.write):
        write(1, b"taken down")

sys.modules["last"] = Last()
from volconv.__main__ import main
try:
    main()
finally:
    atexit.register(print, "at the end")
"""
    done = subprocess.run(
        [sys.executable, "-c", command, *words], capture_output=True, text=True,
        check=False, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stdout == (schema_text() if code == 0 else "") + "at the end\n"
    assert done.stderr.startswith("" if code == 0 else "error: none.yaml")


def test_words_that_the_terminal_cannot_show_are_escaped(folder):
    (folder / "größe.yaml").write_text(VALID)
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = volconv("validate", "größe.yaml", cwd=folder, env=env)
    assert done.returncode == 0
    assert done.stdout == "gr\\xf6\\xdfe.yaml: ok (gaussian, box)\n"


@pytest.mark.parametrize("kind", list(Starter))
def test_a_starter_is_written_with_its_schema_and_is_valid(kind, tmp_path):
    done = volconv("init", kind, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"wrote {kind}.yaml\n"
        "wrote volconv.schema.json (editors read it)\n"
        f"next: set its paths, then: volconv validate {kind}.yaml\n"
    )
    text = (tmp_path / f"{kind}.yaml").read_text()
    assert text == starter_text(kind)
    assert text.splitlines()[0] == MODELINE
    assert (tmp_path / "volconv.schema.json").read_text() == schema_text()
    assert volconv("validate", f"{kind}.yaml", cwd=tmp_path).returncode == 0


def test_init_overwrites_nothing(folder):
    (folder / "volconv.schema.json").write_text("mine")
    done = volconv("init", "scan", "good.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "error: good.yaml: got a file that exists; expected a new one. "
        "Fix: name another PATH.\n"
    )
    assert (folder / "good.yaml").read_text() == VALID
    assert volconv("init", "scan", cwd=folder).returncode == 0
    assert (folder / "volconv.schema.json").read_text() == "mine"


def test_init_writes_into_a_folder(tmp_path):
    (tmp_path / "runs").mkdir()
    done = volconv("init", "grid", "runs", cwd=tmp_path)
    assert done.stdout.splitlines()[0] == "wrote runs/grid.yaml"
    assert (tmp_path / "runs" / "grid.yaml").exists()


def test_init_says_why_it_cannot_write(tmp_path):
    done = volconv("init", "grid", "nowhere/grid.yaml", cwd=tmp_path)
    assert done.returncode == 4
    assert done.stderr == (
        "error: nowhere/grid.yaml: got no such file or directory; "
        "expected a place that can be written to.\n"
    )
