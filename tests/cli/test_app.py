"""The command as a whole: status, streams, signals, start-up, errors."""

import os
import pkgutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from initreg_cli import commands
from initreg_cli.group import OWN
from tests.support.processes import Result, interrupt, run

needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")


# Help and usage -----------------------------------------------------------------------------------


def test_version_is_that_of_the_distribution(cli: Any) -> None:
    assert cli("--version").stdout == f"initreg {version('initreg')}\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_commands(cli: Any, option: str) -> None:
    done = cli(option)
    assert done.status == 0
    assert done.stderr == ""
    for name in ("list", "show", "sample", "plugins"):
        assert f"  {name} " in done.stdout


def test_without_arguments_it_helps(cli: Any) -> None:
    done = cli()
    assert "Usage: initreg [OPTIONS] COMMAND" in done.stdout + done.stderr
    assert done.status in (0, 2)  # it differs between versions of Click


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "No such command 'nope'"),
        (["--nope"], "No such option: --nope"),
        (["sample"], "Missing argument"),
        (["show"], "Missing argument"),
        (["sample", "zeros", "extra"], "unexpected extra argument"),
        (["sample", "zeros", "--seed", "x"], "'--seed'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_2_and_reported_on_stderr(cli: Any, arguments: list[str], message: str) -> None:
    done = cli(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


# Start-up -----------------------------------------------------------------------------------------

_LOADED = """
    import sys
    from initreg_cli import app
    sys.argv = ["initreg", *sys.argv[1:]]
    try:
        app.main()
    except SystemExit:
        pass
    heavy = "initreg_plugins", "keras", "numpy", "pydantic", "rich", "matplotlib", "scipy"
    print("loaded:", *(name for name in heavy if name in sys.modules))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(python: Any, arguments: list[str]) -> None:
    assert python(_LOADED, *arguments).stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["list", "--json"], ["show", "stft"], ["show", "zeros", "--json"], ["plugins"]],
    ids=" ".join,
)
def test_a_listing_loads_neither_keras_nor_numpy_nor_rich(
    python: Any, arguments: list[str]
) -> None:
    loaded = python(_LOADED, *arguments).stdout.splitlines()[-1]
    assert loaded == "loaded: initreg_plugins pydantic"


def test_a_huge_shape_is_rejected_before_keras_is_loaded(python: Any) -> None:
    done = python(_LOADED, "sample", "zeros", "--shape", "10000000,10000000")
    assert "363.8 TiB" in done.stderr
    assert "keras" not in done.stdout


# Streams ------------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_posix
@pytest.mark.parametrize("arguments", [["list"], ["show", "stft"], ["--help"], ["plugins"]])
def test_a_pipe_closed_before_anything_is_written_is_quiet(
    initreg: str, arguments: list[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(initreg, *arguments, stdout=writing)
    os.close(writing)
    assert done.stderr == ""


@pytest.mark.slow
@needs_posix
def test_a_pipe_closed_after_the_first_line_is_quiet(initreg: str) -> None:
    # One of these three commands runs Keras.
    script = f"set -o pipefail; {initreg} list | head -1; {initreg} list --json | head -1; "
    script += f"{initreg} sample zeros --shape 300,300 --json | head -1"
    done = run("bash", "-c", script)
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["name", "[", "{"]


@needs_posix
def test_notes_and_data_into_one_closed_pipe_are_quiet(initreg: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(initreg, "list", "nope", status=None, stdout=writing, stderr=writing)
    os.close(writing)
    assert done.status in (0, 1)


@needs_posix
def test_a_closed_stdout_is_not_an_error(initreg: str) -> None:
    assert run("sh", "-c", f"exec {initreg} list >&-").stderr == ""


@needs_posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_reported_in_one_line(initreg: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(initreg, "list", status=2, stdout=full)
    assert done.stderr == "Writing failed: No space left on device.\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_that_the_encoding_lacks_are_written_in_others(
    command: Any, encoding: str
) -> None:
    shown = command("show", "random_normal", PYTHONIOENCODING=encoding, LC_ALL="C")
    assert shown.status == 0
    assert ">= 0" in shown.stdout
    assert "0 ... 4294967295" in shown.stdout
    listed = command("list", "glorot_uniform", PYTHONIOENCODING=encoding)
    assert "sqrt(6 / (fan_in + fan_out))" in listed.stdout


def test_json_is_ascii_if_the_encoding_is(command: Any) -> None:
    done = command("list", "glorot_uniform", "--json", PYTHONIOENCODING="ascii")
    assert "±√(6" in done.json[0]["summary"]


# Signals and errors -------------------------------------------------------------------------------

_SLOW = """
    import os, pathlib, time
    from initreg import InitializerConfig, hookimpl
    class Slow(InitializerConfig, name="slow"):
        '''Take a minute to build.'''
        def build(self):
            pathlib.Path(os.environ["MARKER"]).touch()
            time.sleep(60)
    @hookimpl
    def initreg_initializers():
        return [Slow]
"""


@pytest.mark.slow
@needs_posix
def test_ctrl_c_while_sampling_is_quiet_and_130(
    initreg: str, installed: Any, tmp_path: Path
) -> None:
    target, marker = tmp_path / "values.npy", tmp_path / "marker"
    variables = installed("acme-slow", slow=_SLOW) | {"MARKER": str(marker)}
    command = [initreg, "sample", "slow", "--out", target]
    assert interrupt(*command, marker=marker, variables=variables) == Result(130, "", "")
    assert not target.exists()


def test_an_interrupt_outside_of_a_command_is_quiet_too(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(prog_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("initreg_cli.app.app", interrupted)
    done = cli("list")
    assert (done.status, done.stdout, done.stderr) == (130, "", "")


def test_an_unexpected_error_is_one_line(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("initreg_cli.installed.load_registry", lambda: 1 // 0)
    done = cli("list")
    assert done.status == 2
    assert done.stderr == (
        "initreg failed: ZeroDivisionError: integer division or modulo by zero\n"
        "INITREG_DEBUG=1 shows the traceback. Please report it.\n"
    )


def test_debug_shows_a_traceback(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("initreg_cli.installed.load_registry", lambda: 1 // 0)
    monkeypatch.setenv("INITREG_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli("list")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "There is not enough memory. Try a smaller --shape.\n"),
        (PermissionError(13, "Permission denied", "x.npy"), "x.npy: Permission denied.\n"),
    ],
    ids=["memory", "file"],
)
def test_errors_of_the_machine_are_reported_plainly(
    cli: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("initreg_cli.installed.load_registry", fail)
    assert cli("list") == type(cli("--version"))(2, "", message)


def test_a_library_that_cant_be_imported_is_reported(command: Any, without: Any) -> None:
    done = command("list", **without("pydantic"))
    assert done.status == 2
    assert "No module named 'pydantic'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_also_runs_as_a_module() -> None:
    done = run(sys.executable, "-m", "initreg_cli.app", "--version")
    assert done.stdout.startswith("initreg ")


def test_every_command_is_in_the_table() -> None:
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert {target.partition(":")[0] for target in OWN.values()} == modules


def test_only_the_command_that_is_used_is_imported(python: Any) -> None:
    script = """
        import sys
        from initreg_cli.app import main
        sys.argv = ["initreg", "schema", "--help"]
        try:
            main()
        finally:
            print([name for name in sys.modules if name.startswith("initreg_cli.commands.")])
    """
    assert python(script).stdout.endswith("['initreg_cli.commands.schema']\n")
