"""``initreg expand`` and ``collapse``: byte for byte, atomic, and without overwriting files."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import initreg
from tests.support.processes import run

needs_posix = pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")

SHORT = """\
# The model.
layers:
  - units: 64  # wide
    kernel_initializer: random_normal(stddev=0.02)
"""
LONG = """\
# The model.
layers:
  - units: 64  # wide
    kernel_initializer: {"module": "keras.initializers", "class_name": "RandomNormal", \
"config": {"mean": 0.0, "stddev": 0.02, "seed": null}, "registered_name": null}
"""
WRONG = "layers:\n  - kernel_initializer: random_normal(stddev=-1)\n    bias_initializer: zeross\n"
FOUND = """\
{0}:2:46: stddev must be 0 or more, not -1.
      - kernel_initializer: random_normal(stddev=-1)
                                                 ^^
{0}:3:23: There is no initializer 'zeross'. Did you mean 'zeros'? `initreg list` shows all.
        bias_initializer: zeross
                          ^^^^^^
Nothing was written.
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("short.yaml").write_text(SHORT)
    Path("long.yaml").write_text(LONG)
    Path("wrong.yaml").write_text(WRONG)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


BOTH = pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("expand", SHORT, LONG), ("collapse", LONG, SHORT)],
    ids=["expand", "collapse"],
)


# What is written ----------------------------------------------------------------------------------


@BOTH
def test_the_rewritten_file_is_all_that_is_on_stdout(
    cli: Any, verb: str, before: str, after: str
) -> None:
    Path("a.yaml").write_text(before)
    done = cli(verb, "a.yaml")
    assert (done.status, done.stdout, done.stderr) == (0, after, "")
    assert Path("a.yaml").read_text() == before


@BOTH
def test_out_writes_a_file_and_says_so(
    cli: Any, folder: Path, verb: str, before: str, after: str
) -> None:
    Path("a.yaml").write_text(before)
    done = cli(verb, "a.yaml", "--out", "b.yaml")
    assert (done.status, done.stdout, done.stderr) == (0, "", "Wrote b.yaml.\n")
    assert Path("b.yaml").read_text() == after
    assert names(folder) == ["a.yaml", "b.yaml", "long.yaml", "short.yaml", "wrong.yaml"]


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("newline", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("end", ["", "\n"], ids=["no last line end", "a last line end"])
def test_stdout_and_file_are_right_to_the_byte(
    command: Any, initreg: str, newline: str, end: str, verb: str, before: str, after: str
) -> None:
    def written(text: str) -> bytes:
        return (text.rstrip("\n") + end).replace("\n", newline).encode()

    Path("a.yaml").write_bytes(written(before))
    done = run(initreg, verb, "a.yaml", encoding=None)
    assert done.stdout == written(after)
    assert command(verb, "a.yaml", "--out", "b.yaml").status == 0
    assert Path("b.yaml").read_bytes() == written(after)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_any_unicode_comes_out_as_utf_8_without_a_mark(
    initreg: str, encoding: str, ending: str
) -> None:
    text = '{"é": "日本", "init": "zeros"}\r\n'
    Path(f"a.{ending}").write_bytes(text.encode(encoding))
    done = run(initreg, "expand", f"a.{ending}", encoding=None)
    assert done.stdout.startswith('{"é": "日本", "init": {"module"'.encode())
    assert done.stdout.endswith(b"}\r\n")


def test_stdout_is_utf_8_whatever_the_terminal_takes(initreg: str) -> None:
    Path("a.yaml").write_text("é: 1\n", encoding="utf-8")
    variables = {"PYTHONIOENCODING": "ascii"}
    done = run(initreg, "expand", "a.yaml", encoding=None, variables=variables)
    assert done.stdout == "é: 1\n".encode()


@pytest.mark.parametrize("verb", ["expand", "collapse"])
def test_a_file_with_nothing_to_rewrite_stays_as_it_is(cli: Any, verb: str) -> None:
    Path("a.toml").write_text("# none\n[x]\ny = 1\n")
    assert cli(verb, "a.toml").stdout == "# none\n[x]\ny = 1\n"


@pytest.mark.keras
def test_keys_add_to_those_that_are_rewritten(cli: Any) -> None:
    Path("a.json").write_text('{"start": "zeros", "w0": "ones", "other": "zeros"}')
    done = cli("expand", "a.json", "--key", "start", "--key", "w?")
    data = done.json
    assert (data["start"]["class_name"], data["w0"]["class_name"]) == ("Zeros", "Ones")
    assert data["other"] == "zeros"


def test_keras_loads_what_was_expanded(cli: Any) -> None:
    import keras

    Path("a.json").write_text('{"units": 2, "kernel_initializer": "random_normal(seed=1)"}')
    layer = keras.layers.Dense.from_config(cli("expand", "a.json").json)
    assert layer.kernel_initializer.get_config() == {"mean": 0.0, "stddev": 0.05, "seed": 1}


@BOTH
def test_stdin_is_read(
    cli: Any, monkeypatch: pytest.MonkeyPatch, verb: str, before: str, after: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(before.encode())))
    assert cli(verb, "-").stdout == after


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", [(), ("--out", "out.yaml")], ids=["stdout", "file"])
def test_wrong_specs_are_1_and_shown_as_check_does(
    cli: Any, folder: Path, out: tuple[str, ...]
) -> None:
    before = names(folder)
    done = cli("expand", "wrong.yaml", *out)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == FOUND.format("wrong.yaml")
    assert names(folder) == before


def test_wrong_specs_from_stdin_are_shown_too(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    done = cli("expand", "-")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == FOUND.format("<stdin>")


def test_a_wrong_spec_is_reported_once_whatever_aliases_it_has(cli: Any) -> None:
    Path("a.yaml").write_text("init: &a nope\nb_initializer: *a\nc_initializer: *a\n")
    done = cli("expand", "a.yaml")
    assert done.status == 1
    assert done.stderr.count("There is no initializer 'nope'.") == 1
    assert done.stderr.startswith("a.yaml:1:10: There is no initializer")


def test_a_class_of_the_user_stays_and_is_not_a_finding(cli: Any) -> None:
    text = "a_initializer: {class_name: Own, config: {}}\nb_initializer: nope\n"
    Path("a.yaml").write_text(text)
    done = cli("expand", "a.yaml")
    assert done.status == 1
    assert "Own" not in done.stderr
    Path("a.yaml").write_text(text.replace("nope", "'zeros'"))
    assert cli("expand", "a.yaml").stdout.startswith("a_initializer: {class_name: Own, config: {}}")


def test_what_only_the_rewriting_meets_is_reported_with_its_path(
    command: Any, installed: Any
) -> None:
    code = """
        from initreg import InitializerConfig, hookimpl
        class Own(InitializerConfig, name="own"):
            '''Build what Keras does not know.'''
            def build(self):
                return lambda shape, dtype: None
        @hookimpl
        def initreg_initializers():
            return [Own]
    """
    Path("a.yaml").write_text("x:\n  init: own\n")
    environment = installed("acme", own=code)
    assert command("check", "a.yaml", **environment).status == 0
    done = command("expand", "a.yaml", **environment)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("a.yaml: own")
    assert done.stderr.endswith("\n    at $.x.init\nNothing was written.\n")


def test_collapse_leaves_what_is_wrong(cli: Any) -> None:
    assert cli("collapse", "wrong.yaml").stdout == WRONG


@pytest.mark.parametrize("verb", ["expand", "collapse"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "missing.yaml: No such file or directory."),
        ("missing", "missing: No such file or directory."),
        (".", ".: It is a folder. Name the files in it."),
        ("a.txt", "a.txt: Unknown file extension '.txt'."),
        ("broken.json", "broken.json:1:2: Expected a key in double quotes here."),
        ("binary.yaml", "binary.yaml:1:1: It is not UTF-8"),
    ],
)
def test_what_cant_be_read_is_2(cli: Any, folder: Path, verb: str, name: str, message: str) -> None:
    Path("a.txt").touch()
    Path("broken.json").write_text("{")
    Path("binary.yaml").write_bytes(b"\x80\x81")
    before = names(folder)
    done = cli(verb, name, "--out", "out.yaml")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert names(folder) == before


def test_an_empty_key_is_rejected(cli: Any) -> None:
    done = cli("expand", "short.yaml", "--key", "")
    assert done.status == 2
    assert "'--key': it is empty." in done.stderr


@needs_posix
def test_a_closed_stdin_is_reported(initreg: str) -> None:
    done = run("sh", "-c", f"exec {initreg} expand - <&-", status=2)
    assert done.stdout == ""
    assert done.stderr == "<stdin>: The standard input is closed.\n"


# The file that is written -------------------------------------------------------------------------


def test_no_file_is_overwritten_without_force(cli: Any) -> None:
    Path("out.yaml").write_text("mine")
    done = cli("expand", "short.yaml", "--out", "out.yaml")
    assert (done.status, done.stdout) == (2, "")
    assert "'--out': out.yaml exists. Choose another name, or overwrite it with --force." in (
        done.stderr
    )
    assert Path("out.yaml").read_text() == "mine"
    assert cli("expand", "short.yaml", "--out", "out.yaml", "--force").status == 0
    assert Path("out.yaml").read_text() == LONG


def test_a_file_is_rewritten_in_place_only_with_force(cli: Any, folder: Path) -> None:
    assert cli("expand", "short.yaml", "--out", "short.yaml").status == 2
    assert Path("short.yaml").read_text() == SHORT
    assert cli("expand", "short.yaml", "--out", "short.yaml", "--force").status == 0
    assert Path("short.yaml").read_text() == LONG
    assert cli("collapse", "short.yaml", "--out", "./short.yaml", "--force").status == 0
    assert Path("short.yaml").read_text() == SHORT
    assert names(folder) == ["long.yaml", "short.yaml", "wrong.yaml"]


def test_a_wrong_file_is_not_overwritten_by_itself(cli: Any, folder: Path) -> None:
    assert cli("expand", "wrong.yaml", "--out", "wrong.yaml", "--force").status == 1
    assert Path("wrong.yaml").read_text() == WRONG
    assert names(folder) == ["long.yaml", "short.yaml", "wrong.yaml"]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", ". is a folder. Name a file in it."),
        (
            "no/such/out.yaml",
            f"there is no folder {Path('no/such')} for out.yaml. Create it first.",
        ),
        ("short.yaml/out.yaml", "there is no folder short.yaml for out.yaml."),
    ],
)
def test_a_file_that_cant_be_written_is_rejected_first(
    cli: Any, monkeypatch: pytest.MonkeyPatch, out: str, message: str
) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr("initreg.expand_file", read)
    done = cli("expand", "short.yaml", "--out", out, "--force")
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_failure_while_writing_leaves_nothing_behind(
    cli: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = names(folder)
    monkeypatch.setattr("pathlib.Path.replace", fail)
    done = cli("expand", "short.yaml", "--out", "short.yaml", "--force")
    assert (done.status, done.stderr) == (2, "short.yaml: No space left on device.\n")
    assert names(folder) == before
    assert Path("short.yaml").read_text() == SHORT


@pytest.mark.slow
@needs_posix
def test_a_reader_that_leaves_is_not_an_error(initreg: str) -> None:
    Path("big.yaml").write_text("".join(f"k{n}: {'x' * 90}\n" for n in range(5000)))
    script = f"{initreg} expand big.yaml | head -1; echo ${{PIPESTATUS[0]}}"
    done = run("bash", "-c", script)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


@needs_posix
def test_a_closed_stdout_is_not_an_error(initreg: str) -> None:
    script = f"exec {initreg} expand short.yaml >&-"
    assert run("sh", "-c", script).stderr == ""


def test_what_a_plugin_prints_stays_out_of_stdout(
    command: Any, installed: Any, good_plugin: str
) -> None:
    Path("own.json").write_text('{"init": "stretched(value=2)"}')
    done = command("expand", "own.json", **installed("acme", good=good_plugin))
    assert done.json["init"]["class_name"] == "Constant"
    assert "hello from the plugin" in done.stderr


def test_the_command_and_the_library_agree(cli: Any) -> None:
    assert cli("expand", "short.yaml").stdout == initreg.expand_file("short.yaml")
    text = json.dumps(initreg.expand({"init": "stft"}))
    Path("a.json").write_text('{"init": "stft"}')
    assert cli("expand", "a.json").stdout == text
