"""Findings as JSON, as annotations of GitHub, and as SARIF."""

import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

import initreg
from initreg_cli.output import sarif

needs_posix = pytest.mark.skipif(os.name == "nt", reason="such names are of POSIX")

MESSY = """\
a_initializer: he_normal(sed=1)
b_initializer: "日本 he_normal("
c_initializer: nope
d_initializer: random_normal(stddev=-1)
e_initializer: 3
f_initializer:
  type: constant
  wert: 100%
  other: 1
f_initializer: stft
g_initializer: random_uniform(minval=2, maxval=1)
h_initializer: |
  variance_scaling(
    scale=-1,
    mode=fan_aut)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def messy(folder: Path) -> str:
    """The name of a file with a finding of each kind."""
    (folder / "messy.yaml").write_text(MESSY, encoding="utf-8")
    (folder / "broken.json").write_text('{"init": \n nope}')
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", '{"init": "nope"}')
    return "messy.yaml"


# JSON ---------------------------------------------------------------------------------------------


def test_json_has_what_was_checked_found_and_unreadable(cli: Any, messy: str) -> None:
    done = cli("check", messy, "broken.json", "--format", "json")
    assert done.status == 2
    assert list(done.json) == ["checked", "files", "findings", "unreadable"]
    assert done.json["files"] == [{"file": messy, "checked": done.json["checked"]}]
    assert done.json["unreadable"] == [
        {
            "file": "broken.json",
            "line": 2,
            "column": 2,
            "message": "'nope' is not a JSON value. Put text in double quotes.",
        }
    ]
    first = done.json["findings"][0]
    assert first == {
        "file": "messy.yaml",
        "line": 1,
        "column": 26,
        "end_line": 1,
        "end_column": 29,
        "code": "unknown-parameter",
        "message": "he_normal has no parameter 'sed'. Did you mean 'seed'? "
        "It takes seed, input_axes, output_axes.",
        "path": "$.a_initializer.sed",
        "excerpt": f"a_initializer: he_normal(sed=1)\n{'^^^':>28}",
    }


def test_json_of_nothing_is_json(cli: Any) -> None:
    Path("none.json").write_text("{}")
    done = cli("check", "none.json", "--format", "json")
    assert done.status == 1
    none = {"file": "none.json", "checked": 0}
    assert done.json == {"checked": 0, "files": [none], "findings": [], "unreadable": []}


def test_json_is_ascii_if_the_encoding_is(command: Any) -> None:
    Path("a.yaml").write_text("é_initializer: 'né'\n", encoding="utf-8")
    done = command("check", "a.yaml", "--format", "json", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert done.json["findings"][0]["path"] == "$.é_initializer"


# GitHub -------------------------------------------------------------------------------------------

_ANNOTATION = re.compile(r"::error (?P<properties>[^:]*)::(?P<message>.*)")


def annotations(stdout: str) -> list[dict[str, str]]:
    """Read annotations as GitHub's runner does."""

    def plain(text: str) -> str:
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
            text = text.replace(code, character)
        return text.replace("%25", "%")

    found = []
    for line in stdout.splitlines():
        match = _ANNOTATION.fullmatch(line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match["properties"].split(","))
        found.append({key: plain(value) for key, value in pairs} | {"": plain(match["message"])})
    return found


def test_an_annotation_has_place_title_and_message(cli: Any, messy: str) -> None:
    done = cli("check", messy, "--format", "github")
    assert done.status == 1
    assert annotations(done.stdout)[0] == {
        "file": "messy.yaml",
        "line": "1",
        "col": "26",
        "endColumn": "29",
        "title": "initreg: unknown-parameter",
        "": "he_normal has no parameter 'sed'. Did you mean 'seed'? "
        "It takes seed, input_axes, output_axes.",
    }


@needs_posix
@pytest.mark.parametrize("name", ["a,b:c.yaml", "100%.yaml", "%0A.yaml", "a\nb.yaml", "é x=y.yaml"])
def test_annotations_escape_what_would_end_them(cli: Any, name: str) -> None:
    Path(name).write_text("init: 'a, 50%: \n\n b::c'\n")
    (annotation,) = annotations(cli("check", name, "--format", "github").stdout)
    assert annotation["file"] == name
    assert annotation["title"] == "initreg: syntax"


def test_an_annotation_over_lines_has_no_end_column(cli: Any) -> None:
    Path("a.yaml").write_text("init:\n  [1,\n   {type: zeros}, {a: 1,\n    b: 2}]\n")
    found = annotations(cli("check", "a.yaml", "--format", "github").stdout)
    for annotation in found:
        assert ("endColumn" in annotation) == (annotation["line"] != "1")


def test_an_unreadable_file_is_annotated_at_its_line(cli: Any, messy: str) -> None:
    done = cli("check", "broken.json", "missing.yaml", "--format", "github")
    broken, missing = annotations(done.stdout)
    assert (broken["file"], broken["line"]) == ("broken.json", "2")
    assert (missing["file"], missing["line"]) == ("missing.yaml", "1")
    assert {broken["title"], missing["title"]} == {"initreg: unreadable"}


def test_an_archive_is_annotated_without_a_line_and_with_the_path(cli: Any, messy: str) -> None:
    (annotation,) = annotations(cli("check", "model.keras", "--format", "github").stdout)
    assert annotation.keys() == {"file", "title", ""}
    assert annotation[""].endswith("\nat $.init")


# SARIF --------------------------------------------------------------------------------------------


def closed(**properties: Any) -> dict[str, Any]:
    """Match an object that has these properties, and no others."""
    required = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 1}
MESSAGE = closed(text=TEXT)
RULE = closed(id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE)
REGION = closed(startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
ARTIFACT = closed(uri=TEXT)
RESULT = closed(
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"const": "error"},
    message=MESSAGE,
    locations={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": closed(
            physicalLocation=closed(
                artifactLocation=ARTIFACT, region={"anyOf": [REGION, closed(startLine=COUNT)]}
            ),
            logicalLocations={
                "type": "array",
                "minItems": 1,
                "items": closed(fullyQualifiedName={"type": "string", "pattern": r"^\$"}),
            },
        ),
    },
)
INVOCATION = closed(
    executionSuccessful={"type": "boolean"}, toolExecutionNotifications={"type": "array"}
)
DRIVER = closed(name=TEXT, version=TEXT, rules={"type": "array", "items": RULE})
# What GitHub's code scanning requires, and nothing else.
OURS = closed(
    **{"$schema": TEXT, "version": {"const": "2.1.0"}},
    runs={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": closed(
            tool=closed(driver=DRIVER),
            columnKind={"const": "unicodeCodePoints"},
            invocations={"type": "array", "minItems": 1, "items": INVOCATION},
            results={"type": "array", "items": RESULT},
        ),
    },
)


@pytest.fixture(params=["ours", "published"])
def sarif_schema(request: pytest.FixtureRequest) -> Any:
    """Our own strict schema, and the one of the standard, which nox downloads."""
    if request.param == "ours":
        return OURS
    path = os.environ.get("INITREG_SARIF_SCHEMA")
    if not path:
        pytest.skip("INITREG_SARIF_SCHEMA does not name the published schema of SARIF 2.1.0")
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    assert "2.1.0" in schema["title" if "title" in schema else "$id"]
    return schema


CALLS: dict[str, tuple[str, ...]] = {
    "findings": ("messy.yaml",),
    "findings and unreadable files": ("messy.yaml", "broken.json", "missing.yaml"),
    "unreadable files alone": ("broken.json", "missing.yaml"),
    "an archive": ("model.keras",),
    "nothing": ("none.yaml",),
}


@pytest.mark.parametrize("call", CALLS)
def test_sarif_is_of_the_standard(cli: Any, messy: str, sarif_schema: Any, call: str) -> None:
    Path("none.yaml").touch()
    log = cli("check", *CALLS[call], "--format", "sarif").json
    validator = jsonschema.validators.validator_for(sarif_schema)
    validator.check_schema(sarif_schema)
    found = validator(sarif_schema, format_checker=validator.FORMAT_CHECKER).iter_errors(log)
    assert [f"{error.json_path}: {error.message}" for error in found] == []


def test_sarif_results_have_place_rule_and_path(cli: Any, messy: str) -> None:
    done = cli("check", messy, "--format", "sarif")
    assert done.status == 1
    (run,) = done.json["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({result["ruleId"] for result in run["results"]})
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    (location,) = run["results"][0]["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "messy.yaml"},
            "region": {"startLine": 1, "startColumn": 26, "endLine": 1, "endColumn": 29},
        },
        "logicalLocations": [{"fullyQualifiedName": "$.a_initializer.sed"}],
    }


def test_sarif_lists_what_cant_be_read(cli: Any, messy: str) -> None:
    done = cli("check", "broken.json", "missing.yaml", "--format", "sarif")
    ((invocation,),) = (run["invocations"] for run in done.json["runs"])
    assert invocation["executionSuccessful"] is False
    broken, missing = invocation["toolExecutionNotifications"]
    assert broken["message"]["text"] == "'nope' is not a JSON value. Put text in double quotes."
    place = broken["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 2, "startColumn": 2}
    assert missing["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "missing.yaml"}}}
    ]


def test_each_code_of_a_fault_has_a_rule(cli: Any, messy: str) -> None:
    findings = [
        initreg.Finding("a.yaml", 1, 1, 1, 2, code, "Invalid.", "$", "a\n^")
        for code in initreg.FAULT_CODES
    ]
    (run,) = sarif.log(findings, [])["runs"]  # type: ignore[misc]
    rules = {
        rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]
    }
    assert rules == initreg.FAULT_CODES
    found = {
        finding["code"] for finding in cli("check", messy, "--format", "json").json["findings"]
    }
    assert (
        {"syntax", "form", "conflict", "duplicate-key", "wrong-value"}
        < found
        <= {*initreg.FAULT_CODES}
    )


def test_columns_count_characters(cli: Any) -> None:
    Path("a.yaml").write_text('{"😀é": 1, init: "nope"}\n', encoding="utf-8")
    (run,) = cli("check", "a.yaml", "--format", "sarif").json["runs"]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (18, 22)


_URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=@/-]|%[0-9A-F]{2})+")


@needs_posix
@pytest.mark.parametrize(
    "name",
    [
        *("a b.yaml", "é.yaml", "a#b.yaml", "a?b.yaml", "100%.yaml", "c:\\d\\e.yaml", "a:b.yaml"),
        *("sub/a.yaml", "../{}/a.yaml", "[x].yaml", '"q".yaml', "日本.yaml"),
    ],
)
def test_a_relative_name_is_a_relative_uri(cli: Any, folder: Path, name: str) -> None:
    (folder / "sub").mkdir()
    name = name.format(folder.name)
    Path(name).write_text("init: nope\n")
    (run,) = cli("check", name, "--format", "sarif").json["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert _URI.fullmatch(uri)
    assert unquote(uri) == name


def test_an_absolute_name_is_a_file_uri(cli: Any, folder: Path) -> None:
    path = folder / "a b#.yaml"
    path.write_text("init: nope\n")
    (run,) = cli("check", path, "--format", "sarif").json["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == path.as_uri()
    assert path.as_uri().endswith("/a%20b%23.yaml")


@pytest.mark.parametrize(
    ("kind", "name", "uri"),
    [
        (PureWindowsPath, "conf\\a b.yaml", "conf/a%20b.yaml"),
        (PureWindowsPath, "C:\\conf\\é.yaml", "file:///C:/conf/%C3%A9.yaml"),
        (PurePosixPath, "C:\\conf\\a.yaml", "C%3A%5Cconf%5Ca.yaml"),
        (PurePosixPath, "<stdin>", "%3Cstdin%3E"),
    ],
)
def test_names_of_each_system_become_uris(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, uri: str
) -> None:
    monkeypatch.setattr(sarif, "PurePath", kind)
    assert sarif.location(name)["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_stdin_has_a_name_too(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"init: nope")))
    (run,) = cli("check", "-", "--format", "sarif").json["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "%3Cstdin%3E"
