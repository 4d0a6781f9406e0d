"""``initreg check``: status, streams, what is checked, and any input."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import run

needs_posix = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")

RIGHT = "kernel_initializer: he_normal(seed=1)\n"
WRONG = "layers:\n  - kernel_initializer: random_normal(stddev=-1)\n"
FOUND = """\
{}:2:46: stddev must be 0 or more, not -1.
      - kernel_initializer: random_normal(stddev=-1)
                                                 ^^
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a valid file and an invalid one."""
    monkeypatch.chdir(tmp_path)
    Path("right.yaml").write_text(RIGHT)
    Path("wrong.yaml").write_text(WRONG)
    return tmp_path


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put bytes on stdin."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


# Exit status and streams --------------------------------------------------------------------------


def test_a_right_file_is_0_and_prints_nothing_on_stdout(cli: Any) -> None:
    done = cli("check", "right.yaml")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == "1 initializer checked in 1 file, 0 findings.\n"


def test_a_wrong_file_is_1_and_shows_the_place(cli: Any) -> None:
    done = cli("check", "wrong.yaml")
    assert (done.status, done.stdout) == (1, FOUND.format("wrong.yaml"))
    assert done.stderr == "1 initializer checked in 1 file, 1 finding.\n"


def test_a_file_with_nothing_to_check_is_1_and_says_what_would_be(cli: Any) -> None:
    Path("none.yaml").write_text("units: 3\n")
    done = cli("check", "none.yaml")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == (
        "0 initializers checked in 1 file, 0 findings.\n"
        "Nothing was checked. Initializers are the values of the keys initializer, init and "
        "*_initializer; --key adds more. Use --allow-empty to accept this.\n"
    )


@pytest.mark.parametrize("text", ["units: 3\n", "", "# nothing\n", "kernel_initializer:\n"])
def test_with_allow_empty_it_is_0(cli: Any, text: str) -> None:
    Path("none.yaml").write_text(text)
    assert cli("check", "none.yaml", "--allow-empty").status == 0


def test_allow_empty_forgives_no_finding(cli: Any) -> None:
    assert cli("check", "wrong.yaml", "--allow-empty").status == 1


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_an_unreadable_file_is_2_and_the_others_are_reported(cli: Any, format_: str) -> None:
    done = cli("check", "missing.yaml", "wrong.yaml", "right.yaml", "--format", format_)
    assert done.status == 2
    assert "stddev must be 0 or more" in done.stdout
    assert "No such file or directory" in done.stderr + done.stdout
    assert done.stderr.endswith(
        "2 initializers checked in 2 files, 1 finding. 1 file can't be read.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE'."),
        (["right.yaml", "--format", "xml"], "'xml' is not one of"),
        (["right.yaml", "--as", "ini"], "'ini' is not one of"),
        (["right.yaml", "--form", "plan"], "'plan' is not one of"),
        (["right.yaml", "--key", ""], "'--key': it is empty. Name a key, or a pattern such as"),
        (["right.yaml", "--key", " "], "'--key': it is empty."),
    ],
)
def test_misuse_is_2(cli: Any, arguments: list[str], message: str) -> None:
    done = cli("check", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", ".: It is a folder. Name the files in it.\n"),
        ("configs.yaml", "configs.yaml: It is a folder. Name the files in it.\n"),
        ("missing", "missing: No such file or directory.\n"),
        ("right.yaml/x", "right.yaml/x: Not a directory.\n"),
        ("", "'': No such file or directory.\n"),
        ("two\nlines", "two\N{REPLACEMENT CHARACTER}lines: No such file or directory.\n"),
        ("x" * 300, f"{'x' * 300}: File name too long.\n"),
    ],
)
@needs_posix
def test_what_is_not_a_file_is_reported(cli: Any, name: str, message: str) -> None:
    Path("configs.yaml").mkdir()
    done = cli("check", name)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_an_unknown_ending_says_how_to_go_on(cli: Any) -> None:
    Path("wrong.yaml").rename("wrong.conf")
    done = cli("check", "wrong.conf")
    assert done.status == 2
    assert done.stderr.startswith(
        "wrong.conf: Unknown file extension '.conf'. Expected .yaml, .yml, .json, .toml or "
        ".keras.\n"
    )
    assert done.stderr.endswith(
        "Set the format of files with other extensions: --as yaml, json, toml or keras.\n"
    )
    assert cli("check", "wrong.conf", "--as", "yaml").stdout == FOUND.format("wrong.conf")


# Files of rules -----------------------------------------------------------------------------------


def test_a_file_of_rules_is_checked_as_a_whole(cli: Any) -> None:
    Path("rules.yaml").write_text("rules:\n- {match: (a|a)*x, init: keep, lyer: Dense}\n")
    done = cli("check", "rules.yaml", "--form", "rules")
    assert done.status == 1
    assert [line[:17] for line in done.stdout.splitlines() if line[0] != " "] == [
        "rules.yaml:2:11: ",
        "rules.yaml:2:32: ",
    ]
    assert "rules.yaml:2:11: This pattern takes too long" in done.stdout
    assert "rules.yaml:2:32: Unknown key 'lyer'. Did you mean 'layer'?" in done.stdout
    assert done.stderr == "1 rule checked in 1 file, 2 findings.\n"
    assert cli("check", "rules.yaml").status == 1  # as a config, it has nothing to check


@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_rules_that_are_right_are_0(cli: Any, stdin: Any, format_: str) -> None:
    stdin(b"seed: 1\nrules:\n- {match: kernel$, init: he_normal}\n- {match: bias, init: keep}\n")
    done = cli("check", "-", "--form", "rules", "--format", format_)
    assert done.status == 0
    assert done.stderr == "2 rules checked in 1 file, 0 findings.\n"


@pytest.mark.parametrize("format_", ["json", "github", "sarif"])
def test_each_format_shows_what_is_wrong_with_rules(cli: Any, format_: str) -> None:
    texts = ["", "seed: -1\nrules:\n- {match: (, init: he_normal(}\n- {}\n- 1\nrules: []\n"]
    for number, text in enumerate(texts):
        Path(f"{number}.yaml").write_text(text)
    done = cli("check", "0.yaml", "1.yaml", "--form", "rules", "--format", format_)
    assert done.status == 1
    assert "There are no rules here." in done.stdout


def test_a_note_says_what_needs_a_model(cli: Any) -> None:
    Path("rules.yaml").write_text("- {match: a, init: constant(2*fan_in)}\n")
    done = cli("check", "rules.yaml", "--form", "rules")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == (
        "rules.yaml: Rule 1 computes with fan_in of a model: initreg plan checks the results.\n"
        "1 rule checked in 1 file, 0 findings.\n"
    )


def test_no_rules_is_1_and_says_so(cli: Any) -> None:
    Path("rules.yaml").write_text("rules: []\n")
    done = cli("check", "rules.yaml", "--form", "rules")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == (
        "0 rules checked in 1 file, 0 findings.\n"
        "No rules found. Use --allow-empty to accept this.\n"
    )
    assert cli("check", "rules.yaml", "--form", "rules", "--allow-empty").status == 0


def test_rules_have_keys_of_their_own(cli: Any) -> None:
    done = cli("check", "right.yaml", "--form", "rules", "--key", "start")
    assert (done.status, done.stdout) == (2, "")
    assert "'--key': it is for configs; a file of rules has fixed keys." in done.stderr


# What is checked ----------------------------------------------------------------------------------


def test_a_file_that_is_named_twice_is_checked_once(cli: Any, folder: Path) -> None:
    done = cli("check", "wrong.yaml", "right.yaml", "./wrong.yaml", folder / "wrong.yaml")
    assert done.stdout == FOUND.format("wrong.yaml")
    assert done.stderr == "2 initializers checked in 2 files, 1 finding.\n"


def test_files_are_reported_in_their_order(cli: Any) -> None:
    Path("also.yaml").write_text(WRONG)
    done = cli("check", "wrong.yaml", "also.yaml")
    assert done.stdout == FOUND.format("wrong.yaml") + FOUND.format("also.yaml")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.toml", 'kernel_initializer = "he_normal(sed=1)"', "1:33"),
        ("a.json", '{"kernel_initializer": "he_normal(sed=1)"}', "1:35"),
        ("a.yml", "kernel_initializer: he_normal(sed=1)", "1:31"),
        ("a.YAML", "kernel_initializer: he_normal(sed=1)", "1:31"),
    ],
)
def test_the_ending_says_what_a_file_is(cli: Any, name: str, text: str, place: str) -> None:
    Path(name).write_text(text)
    done = cli("check", name)
    assert done.stdout.startswith(f"{name}:{place}: he_normal has no parameter 'sed'.")


def test_keys_add_to_those_that_are_checked(cli: Any) -> None:
    Path("own.yaml").write_text("w_init: nope1\nstart: nope2\ninit: nope3\nother: nope4\n")
    done = cli("check", "own.yaml", "--key", "*_init", "--key", "start")
    assert [line[:10] for line in done.stdout.splitlines() if line[0] != " "] == [
        "own.yaml:1",
        "own.yaml:2",
        "own.yaml:3",
    ]


def test_stdin_is_yaml(cli: Any, stdin: Any) -> None:
    stdin(WRONG.encode())
    done = cli("check", "-")
    assert (done.status, done.stdout) == (1, FOUND.format("<stdin>"))


def test_as_sets_the_format_of_stdin(cli: Any, stdin: Any) -> None:
    stdin(b'init = "he_normal(sed=1)"')
    done = cli("check", "-", "--as", "toml")
    assert done.stdout.startswith("<stdin>:1:19: he_normal has no parameter 'sed'.")


def test_stdin_is_read_once(cli: Any, stdin: Any) -> None:
    stdin(WRONG.encode())
    assert cli("check", "-", "right.yaml", "-").stderr.startswith("2 initializers checked in 2")


# Long lines, archives and terminals ---------------------------------------------------------------


def long_line(layers: int = 30) -> str:
    wrong = {"class_name": "RandomNormal", "module": "keras.initializers"}
    wrong = wrong | {"config": {"mean": 0.0, "stddev": -1.0}}
    empty: list[Any] = [{"class_name": "Dense", "config": {}} for _ in range(layers)]
    return json.dumps({"layers": [*empty, {"config": {"kernel_initializer": wrong}}]})


PATH = "$.layers[30].config.kernel_initializer.config.stddev"


def test_in_a_long_line_the_path_is_shown(cli: Any) -> None:
    Path("model.json").write_text(long_line())
    done = cli("check", "model.json")
    column = long_line().index("-1.0") + 1
    heading, path, excerpt, carets = done.stdout.splitlines()
    assert heading == f"model.json:1:{column}: stddev must be 0 or more, not -1.0."
    assert path == f"    at {PATH}"
    assert excerpt[carets.index("^") : carets.index("^") + 4] == "-1.0"


def test_in_an_archive_the_path_is_shown_and_no_line(cli: Any) -> None:
    with zipfile.ZipFile("model.keras", "w") as archive:
        archive.writestr("config.json", long_line())
    done = cli("check", "model.keras")
    assert done.status == 1
    assert done.stdout.startswith(
        f"model.keras: stddev must be 0 or more, not -1.0.\n    at {PATH}\n    …"
    )


@needs_posix
@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("before", ["x", "é", "世界"], ids=["ascii", "accent", "wide"])
def test_carets_are_below_their_text_in_any_terminal(
    terminal: Any, columns: int, before: str
) -> None:
    text = f"{before * 20}_initializer: he_normal(seed=1, sed=2, input_axes=0, output_axes=1)\n"
    Path("wide.yaml").write_text(text, encoding="utf-8")
    shown = terminal(columns, "check", "wide.yaml")
    assert shown.status == 1
    end = next(n for n, line in enumerate(shown.lines) if set(line) == {" ", "^"})
    excerpt, carets = shown.lines[end - 1 : end + 1]
    assert all(columns_of(line) <= columns for line in (excerpt, carets))
    assert columns_of(excerpt[: excerpt.index("sed=2")]) == carets.index("^")
    assert carets.strip() == "^^^"


@needs_posix
@pytest.mark.parametrize("columns", [1, 5])
def test_a_terminal_can_be_too_narrow_for_all(terminal: Any, columns: int) -> None:
    Path("a.yaml").write_text(f"{'x' * 80}_initializer: he_normal(sed=2)\n")
    shown = terminal(columns, "check", "a.yaml")
    assert shown.status == 1
    assert "Traceback" not in shown.raw


def columns_of(text: str) -> int:
    return sum(2 if c in "世界" else 1 for c in text)


@needs_posix
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_short_lines_are_the_same_in_any_terminal(terminal: Any, columns: int) -> None:
    Path("a.yaml").write_text("init: he_normal(sed=2)\n")
    shown = terminal(columns, "check", "a.yaml")
    assert shown.lines[1:3] == ["    init: he_normal(sed=2)", "                    ^^^"]


# Any input ----------------------------------------------------------------------------------------

ODD = {
    "binary": bytes(range(256)),
    "nul": b"init: \0\n",
    "latin-1": "init: é".encode("latin-1"),
    "half a BOM": b"\xff\xfe\x00",
    "no archive": b"PK\x03\x04 nothing",
    "deep": b"[" * 5000,
    "deep braces": b'{"init":' * 5000,
    "an escape": b'init: "\\e[31mred"\n',
    "a lone surrogate": b'{"init": "\\ud800"}',
    "a date": b"init: 2020-01-01\n",
    "a tag": b"init: !!python/object:os.system {}\n",
    "a merge of nothing": b"<<: 3\n",
    "Infinity": b'{"init": Infinity, "x": NaN}',
    "tabs": b"\tinit:\t\tx\n",
    "long digits": b'{"init": ' + b"9" * 5000 + b"}",
    "a bad key": b"? [a, b]\n: 1\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["yaml", "json", "toml", "keras"])
@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_no_input_makes_it_fail_itself(cli: Any, language: str, format_: str) -> None:
    for name, data in ODD.items():
        Path("odd").write_bytes(data)
        done = cli("check", "odd", "--as", language, "--format", format_)
        assert done.status in (1, 2), name
        assert "initreg failed" not in done.stderr, name
        assert "Traceback" not in done.stderr, name
        if format_ in ("json", "sarif"):
            assert done.json, name


@pytest.mark.parametrize(
    "text",
    [
        "init: &a [*a]",
        "init: &a {_target_: initreg.resolve, spec: *a}",
    ],
    ids=["a list", "a call"],
)
def test_aliases_without_end_do_end(cli: Any, text: str) -> None:
    Path("a.yaml").write_text(text)
    assert cli("check", "a.yaml", "--allow-empty").status == 0


@needs_posix
@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are always text")
@pytest.mark.parametrize("format_", ["text", "json", "github", "sarif"])
def test_the_name_of_a_file_need_not_be_text(initreg: str, format_: str) -> None:
    name = b"caf\xe9.yaml"
    Path(os.fsdecode(name)).write_text(WRONG)
    command = [initreg, "check", "--format", format_, name]
    done = run(*command, status=1, encoding=None, variables={"PYTHONUTF8": "1"})
    assert done.stderr == b"1 initializer checked in 1 file, 1 finding.\n"
    if format_ == "sarif":
        assert b'"uri": "caf%E9.yaml"' in done.stdout
    else:
        assert rb"caf\udce9.yaml" in done.stdout


@needs_posix
def test_a_reader_that_leaves_is_not_an_error(initreg: str) -> None:
    Path("many.yaml").write_text("".join(f"k{n}_initializer: nope\n" for n in range(2000)))
    script = f"{initreg} check many.yaml 2>/dev/null | head -1; echo ${{PIPESTATUS[0]}}"
    done = run("bash", "-c", script)
    first, status = done.stdout.splitlines()
    assert first.startswith("many.yaml:1:17: There is no initializer 'nope'.")
    assert (status, done.stderr) == ("0", "")


@needs_posix
@pytest.mark.parametrize(("closed", "status"), [(">&-", 1), ("<&-", 1), (">&- 2>&-", 1)])
def test_closed_streams_is_not_an_error(initreg: str, closed: str, status: int) -> None:
    script = f"exec {initreg} check wrong.yaml {closed}"
    done = run("sh", "-c", script, status=status)
    assert "Traceback" not in done.stderr


@needs_posix
def test_a_closed_stdin_is_reported(initreg: str) -> None:
    done = run("sh", "-c", f"exec {initreg} check - <&-", status=2)
    assert done.stderr.startswith("<stdin>: The standard input is closed.\n")


@needs_posix
def test_notes_are_below_the_findings_if_both_go_to_one_place(
    initreg: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    done = run(initreg, "check", "wrong.yaml", "missing.yaml", status=None, merged=True)
    assert done.stdout == FOUND.format("wrong.yaml") + (
        "missing.yaml: No such file or directory.\n"
        "1 initializer checked in 1 file, 1 finding. 1 file can't be read.\n"
    )


@needs_posix
@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_reported(cli: Any) -> None:
    Path("wrong.yaml").chmod(0)
    done = cli("check", "wrong.yaml")
    assert (done.status, done.stderr.splitlines()[0]) == (2, "wrong.yaml: Permission denied.")


def test_what_a_plugin_prints_stays_out_of_stdout(
    command: Any, installed: Any, good_plugin: str
) -> None:
    Path("own.yaml").write_text("init: stretched(value=2)\n")
    done = command("check", "own.yaml", "--format", "json", **installed("acme", good=good_plugin))
    assert (done.status, done.json["checked"]) == (0, 1)
    assert "hello from the plugin" in done.stderr


# Start-up -----------------------------------------------------------------------------------------

LOADED = """
    import sys
    from initreg_cli import app
    sys.argv = ["initreg", *sys.argv[1:]]
    try:
        app.main()
    except SystemExit:
        pass
    heavy = "keras", "numpy", "rich", "ruamel", "pydantic"
    print("loaded:", *(name for name in heavy if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("name", "text", "loaded"),
    [
        ("a.yaml", RIGHT, "ruamel pydantic"),
        ("a.json", '{"init": "he_normal"}', "pydantic"),
        ("a.toml", 'init = "he_normal"', "pydantic"),
    ],
)
@pytest.mark.parametrize("format_", ["text", "sarif"])
def test_a_check_loads_no_keras_and_only_the_reader_it_needs(
    python: Any, name: str, text: str, loaded: str, format_: str
) -> None:
    Path(name).write_text(text)
    done = python(LOADED, "check", name, "--format", format_)
    assert done.stdout.splitlines()[-1] == f"loaded: {loaded}"


@pytest.mark.parametrize("name", ["rules.json", "rules.toml"])
def test_a_check_of_rules_loads_no_keras_and_no_other_reader(python: Any, name: str) -> None:
    texts = {
        "rules.json": '{"rules": [{"match": "a", "init": "keep"}]}',
        "rules.toml": "[[rules]]\nmatch = 'a'\ninit = 'zeros'",
    }
    Path(name).write_text(texts[name])
    done = python(LOADED, "check", name, "--form", "rules")
    assert done.stdout.splitlines()[-1] == "loaded: pydantic"
