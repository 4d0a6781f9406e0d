"""``initreg schema``: valid JSON Schema, on stdout and in a file."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import initreg

FORMS = pytest.mark.parametrize("form", ["value", "document", "rules"])
VALID: dict[str, Any] = {
    "value": "he_normal(seed=1)",
    "document": {"layers": [{"kernel_initializer": {"type": "constant", "value": 1}}]},
    "rules": {"rules": [{"match": "kernel", "init": "he_normal"}]},
}
INVALID: dict[str, Any] = {
    "value": {"type": "random_normal", "stddev": -1},
    "document": {"layers": [{"kernel_initializer": "nope"}]},
    "rules": {"rules": [{"match": "kernel", "init": "nope"}]},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@FORMS
def test_it_prints_a_valid_schema(cli: Any, form: str) -> None:
    done = cli("schema", "--form", form)
    assert (done.status, done.stderr) == (0, "")
    jsonschema.Draft202012Validator.check_schema(done.json)
    validator = jsonschema.Draft202012Validator(done.json)
    assert validator.is_valid(VALID[form])
    assert not validator.is_valid(INVALID[form])


def test_the_form_is_one_initializer_unless_said(cli: Any) -> None:
    assert cli("schema").json == initreg.json_schema("value")


@FORMS
def test_out_writes_the_same(cli: Any, form: str, folder: Path) -> None:
    done = cli("schema", "--form", form, "--out", "initreg.json")
    assert (done.status, done.stdout, done.stderr) == (0, "", "Wrote initreg.json.\n")
    assert Path("initreg.json").read_text(encoding="utf-8") == cli("schema", "--form", form).stdout
    assert [path.name for path in folder.iterdir()] == ["initreg.json"]


def test_no_file_is_overwritten_without_force(cli: Any) -> None:
    Path("initreg.json").write_text("mine")
    done = cli("schema", "--out", "initreg.json")
    assert done.status == 2
    assert "initreg.json exists. Choose another name, or overwrite it with --force." in done.stderr
    assert Path("initreg.json").read_text() == "mine"
    assert cli("schema", "--out", "initreg.json", "--force").status == 0
    assert json.loads(Path("initreg.json").read_text(encoding="utf-8"))["$defs"]


@pytest.mark.parametrize(
    ("out", "message"),
    [(".", ". is a folder."), ("no/such.json", "there is no folder no for such.json.")],
)
def test_a_file_that_cant_be_written_is_rejected(cli: Any, out: str, message: str) -> None:
    done = cli("schema", "--out", out, "--force")
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr


def test_an_unknown_form_is_rejected(cli: Any) -> None:
    done = cli("schema", "--form", "yaml")
    assert done.status == 2
    assert "'yaml' is not one of" in done.stderr


def test_it_is_ascii_if_the_encoding_is(command: Any) -> None:
    done = command("schema", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert done.json == initreg.json_schema()


def test_it_has_the_initializers_of_plugins(command: Any, installed: Any, good_plugin: str) -> None:
    done = command("schema", **installed("acme", good=good_plugin))
    assert "stretched" in done.json["$defs"]
    assert "hello from the plugin" in done.stderr


def test_a_plugin_that_fails_is_reported_and_left_out(command: Any, installed: Any) -> None:
    done = command("schema", **installed("acme", broken="raise ValueError('not today')"))
    assert done.status == 0
    assert "he_normal" in done.json["$defs"]
    assert "The plugin broken failed: " in done.stderr
    assert "not today" in done.stderr


def test_it_loads_no_keras(python: Any) -> None:
    script = """
        import sys
        from initreg_cli import app
        sys.argv = ["initreg", "schema", "--out", "out.json"]
        try:
            app.main()
        finally:
            print("loaded:", *({"keras", "numpy", "rich"} & sys.modules.keys()))
    """
    done = python(script)
    assert (done.status, done.stdout) == (0, "loaded:\n")
