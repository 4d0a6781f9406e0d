"""The allow and block lists of the environment and of pyproject.toml, and their precedence."""

import os
import sys
from pathlib import Path

import pytest

from initreg import UnreadableError
from initreg.discovery.trust import Listed, Trust, read_trust

PLUGIN = """
from initreg import InitializerConfig, hookimpl
class Own(InitializerConfig, name={0!r}, builds="keras.initializers:Zeros"):
    '''Fill with nothing.'''
@hookimpl
def initreg_initializers():
    return [Own]
"""
RECORDS = """
registry = initreg.default_registry()
records = [p for p in registry.plugins() if p.distribution != "initreg"]
answer = {p.name: [p.error, p.blocked, p.import_seconds is not None] for p in records}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory below a project, with neither list set."""
    for variable in ("INITREG_PLUGINS", "INITREG_BLOCK"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "project" / "configs" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def write(folder, text):
    (folder.parents[1] / "pyproject.toml").write_bytes(
        text if isinstance(text, bytes) else text.encode()
    )


# Precedence -------------------------------------------------------------------------------------

FREE, NOT_ALLOWED, BLOCKED = None, "blocked: {} does not name it", "blocked: {} names it"


@pytest.mark.parametrize(
    ("variables", "in_file", "expected"),
    [
        ({}, "", FREE),
        # One list.
        ({"INITREG_PLUGINS": "acme-inits"}, "", FREE),
        ({"INITREG_PLUGINS": "ACME.Inits , other"}, "", FREE),
        ({"INITREG_PLUGINS": "ortho"}, "", FREE),
        ({"INITREG_PLUGINS": "other"}, "", NOT_ALLOWED.format("INITREG_PLUGINS")),
        ({"INITREG_PLUGINS": ""}, "", NOT_ALLOWED.format("INITREG_PLUGINS")),
        ({"INITREG_BLOCK": "other"}, "", FREE),
        ({"INITREG_BLOCK": ""}, "", FREE),
        ({"INITREG_BLOCK": "other,Acme_Inits"}, "", BLOCKED.format("INITREG_BLOCK")),
        ({"INITREG_BLOCK": "Ortho"}, "", BLOCKED.format("INITREG_BLOCK")),
        ({}, "plugins = ['acme-inits']", FREE),
        ({}, "plugins = ['other']", NOT_ALLOWED.format("[tool.initreg] plugins in FILE")),
        ({}, "plugins = []", NOT_ALLOWED.format("[tool.initreg] plugins in FILE")),
        ({}, "block = ['acme.inits']", BLOCKED.format("[tool.initreg] block in FILE")),
        ({}, "block = ['ortho']", BLOCKED.format("[tool.initreg] block in FILE")),
        ({}, "block = []", FREE),
        # The environment's allow list replaces the file's.
        ({"INITREG_PLUGINS": "ortho"}, "plugins = ['other']", FREE),
        (
            {"INITREG_PLUGINS": "other"},
            "plugins = ['ortho']",
            NOT_ALLOWED.format("INITREG_PLUGINS"),
        ),
        # The block lists are combined.
        (
            {"INITREG_BLOCK": "other"},
            "block = ['ortho']",
            BLOCKED.format("[tool.initreg] block in FILE"),
        ),
        ({"INITREG_BLOCK": "ortho"}, "block = ['other']", BLOCKED.format("INITREG_BLOCK")),
        ({"INITREG_BLOCK": "ortho"}, "block = ['ortho']", BLOCKED.format("INITREG_BLOCK")),
        # Block wins over allow.
        (
            {"INITREG_PLUGINS": "ortho", "INITREG_BLOCK": "acme-inits"},
            "",
            BLOCKED.format("INITREG_BLOCK"),
        ),
        (
            {"INITREG_PLUGINS": "ortho"},
            "block = ['ortho']",
            BLOCKED.format("[tool.initreg] block in FILE"),
        ),
        (
            {"INITREG_BLOCK": "ortho"},
            "plugins = ['ortho']",
            BLOCKED.format("INITREG_BLOCK"),
        ),
    ],
)
def test_precedence(folder, monkeypatch, variables, in_file, expected):
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    write(folder, f"[tool.initreg]\n{in_file}\n")
    file = str(folder.parents[1] / "pyproject.toml")
    block_reason = read_trust().block_reason("ortho", "Acme-Inits")
    assert block_reason == (expected and expected.replace("FILE", file))
    assert read_trust().block_reason("constants", "initreg") is None  # built in


def test_only_the_nearest_file_is_read(folder):
    write(folder, "[tool.initreg]\nblock = ['ortho']\n")
    assert read_trust().block_reason("ortho", "acme") is not None
    (folder.parent / "pyproject.toml").write_text("[project]\nname = 'nearer'\n")
    assert read_trust() == Trust()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays there")
def test_a_working_directory_that_was_removed_has_no_file(folder):
    folder.rmdir()
    assert read_trust() == Trust()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool.ruff]\nline-length = 100\n",
        "[project]\ndependencies = ['initreg']\n",
        "[tool]\n",
        "tool = 1\nname = 'initreg'\n",
        "[project\nname = 'broken'\n",
        "[project\ndependencies = ['initreg']\n",  # broken, and it says nothing about plugins
        b"\xff\xfe\xfa",
    ],
)
def test_a_file_that_is_not_about_plugins_is_ignored(folder, text):
    write(folder, text)
    assert read_trust() == Trust()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tool.initreg]\nblock = ['a'\nx = 1\n", ":3:1: Unclosed array."),
        ("[tool.initreg\n", ":1:14: Expected ']' at the end of a table declaration."),
        ("[tool]\ninitreg.block = [\n", ":3:1: Invalid value."),
        ("[tool.'initreg']\n]\n", ":2:1: Invalid statement."),
        ("[tool.initreg]\nblock = []\nblock = []\n", ":3:11: Cannot overwrite a value."),
        (
            b"# \xff\n[tool.initreg]\n",
            ":1:1: It is not UTF-8: invalid start byte. Save it as UTF-8.",
        ),
        ("[tool.initreg]\n".encode("utf-16"), ": It can't be read as TOML. Save it as UTF-8."),
        ("[tool]\ninitreg = 3\n", ":2:1: tool.initreg must be a table, not 3."),
        ("[[tool.initreg]]\n", ":1:8: tool.initreg must be a table, not [{}]."),
        (
            "[tool.initreg]\nblocks = []\n",
            ":2:1: Unknown key 'blocks'. Did you mean 'block'? "
            "[tool.initreg] takes plugins and block.",
        ),
        (
            "[tool.initreg]\nblock = 'acme'\n",
            ":2:1: block must be a list of names of plugins or distributions, not 'acme'.",
        ),
        (
            "[tool.initreg]\nplugins = ['acme', 1]\n",
            ":2:1: plugins must be a list of names of plugins or distributions, not ['acme', 1].",
        ),
        (
            "[tool.initreg]\nplugins = [' ']\n",
            ":2:1: plugins must be a list of names of plugins or distributions, not [' '].",
        ),
    ],
)
def test_an_invalid_list_is_an_error_with_line_and_column(folder, text, problem):
    write(folder, text)
    with pytest.raises(UnreadableError) as caught:
        read_trust()
    file = str(folder.parents[1] / "pyproject.toml")
    message = str(caught.value).removeprefix(file)
    # Python 3.14 has other messages and places for some of these.
    assert message == problem or (sys.version_info >= (3, 14) and message[:3] == problem[:3])


def test_a_byte_order_mark_is_ignored(folder):
    write(folder, "\ufeff[tool.initreg]\nblock = ['ortho']\n")
    assert read_trust().block[0].names == ("ortho",)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read_is_an_error(folder):
    write(folder, "[tool.initreg]\n")
    file = folder.parents[1] / "pyproject.toml"
    file.chmod(0)
    with pytest.raises(UnreadableError, match="Permission denied"):
        read_trust()


def test_the_error_for_such_a_file_is_that_of_the_system(folder, monkeypatch):
    def fail(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", fail)
    with pytest.raises(UnreadableError) as caught:
        read_trust()
    assert str(caught.value) == (
        f"{folder / 'pyproject.toml'}: Permission denied. It may block plugins, so none is loaded."
    )
    # If the folder can't be entered, nobody knows if it has such a file.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert read_trust() == Trust()


# Names that match no plugin ---------------------------------------------------------------------


def test_names_that_match_no_plugin_are_reported():
    trust = Trust(
        Listed("INITREG_PLUGINS", ("ortho", "Acme-Inits", "acme-init", "initreg", "constants")),
        (
            Listed("INITREG_BLOCK", ("constants", "initreg", "nowhere", "nowhere", "twin")),
            Listed("[tool.initreg] block in p.toml", ("ORTHO",)),
        ),
    )
    installed = [("constants", "initreg"), ("ortho", "acme.inits"), ("twin", "twins")]
    assert trust.unknown(installed) == [
        "INITREG_PLUGINS names 'acme-init', which isn't installed. Did you mean 'acme_inits'?",
        "INITREG_BLOCK names 'constants', which is built in and can't be blocked.",
        "INITREG_BLOCK names 'initreg', which is built in and can't be blocked.",
        "INITREG_BLOCK names 'nowhere', which isn't installed.",
    ]
    assert Trust().unknown(installed) == []


def test_a_name_that_a_built_in_plugin_shares_can_be_blocked():
    trust = Trust(block=(Listed("INITREG_BLOCK", ("constants",)),))
    assert trust.block_reason("constants", "acme") == "blocked: INITREG_BLOCK names it"
    assert trust.block_reason("constants", "initreg") is None
    assert trust.unknown([("constants", "initreg"), ("constants", "acme")]) == []


# In a process of its own ------------------------------------------------------------------------


@pytest.fixture
def two(site):
    site.add("acme-inits", {"ortho_plugin": PLUGIN.format("ortho_plus")})
    site.add("other-inits", {"other_plugin": PLUGIN.format("other_plus")})
    return site


def test_what_is_blocked_is_never_imported(two):
    pyproject = two.project / "pyproject.toml"
    pyproject.write_text("[tool.initreg]\nblock = ['acme-inits']\n")
    below = two.project / "a" / "b"
    below.mkdir(parents=True)
    blocked = f"blocked: [tool.initreg] block in {pyproject} names it"
    for cwd in (two.project, below):
        assert two.run(RECORDS, cwd=cwd) == {
            "ortho": [blocked, True, False],
            "other": [None, False, True],
        }
    code = "answer = []\nfor name in ('ortho_plus', 'acme_inits.ortho_plus'):\n    {}"
    asked = (
        "try: initreg.validate(name)\n    except initreg.InitregError as e: answer.append(str(e))"
    )
    short, qualified = two.run(code.format(asked))
    for message in (short, qualified):
        assert f"ortho ({blocked})" in message
    assert two.initreg("plugins").status == 0
    assert set(two.imported) == {"other_plugin"}


def test_the_lists_of_the_environment_and_the_file_are_combined(two):
    (two.project / "pyproject.toml").write_text("[tool.initreg]\nblock = ['acme-inits']\n")
    answer = two.run(RECORDS, INITREG_BLOCK="other", INITREG_PLUGINS="ortho,other")
    assert answer["other"] == ["blocked: INITREG_BLOCK names it", True, False]
    assert answer["ortho"][1]
    assert two.imported == []


def test_a_broken_file_stops_what_it_may_block_and_nothing_else(two):
    (two.project / "pyproject.toml").write_text("[tool.initreg]\nblock = ['acme-inits'\n")
    builtin = (
        "initreg.validate('he_normal'); answer = len(initreg.default_registry().builtin_entries())"
    )
    assert two.run(builtin) > 10
    done = two.initreg("show", "ortho_plus")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(str(two.project / "pyproject.toml") + ":3:1: ")
    assert two.initreg("hello").status == 2
    assert two.initreg("show", "he_normal").status == 0
    assert two.initreg("--help").status == 0
    assert two.imported == []


def test_the_registry_and_the_command_report_unknown_names(two):
    (two.project / "pyproject.toml").write_text("[tool.initreg]\nblock = ['acme-initz']\n")
    source = f"[tool.initreg] block in {two.project / 'pyproject.toml'}"
    problem = f"{source} names 'acme-initz', which isn't installed. Did you mean 'acme_inits'?"
    assert two.run("answer = initreg.default_registry().unknown_names()") == [problem]
    assert two.run("answer = initreg.Registry().unknown_names()") == []
    done = two.initreg("plugins", "--json")
    assert (done.status, done.stderr) == (0, problem + "\n")
    assert two.initreg("plugins", "--strict").status == 1
    (two.project / "pyproject.toml").write_text("[tool.initreg]\nblock = ['acme-inits']\n")
    assert two.initreg("plugins", "--strict").status == 0


def test_a_record_says_where_it_is_installed(two):
    garbled = two.folder / "garbled-1.0.dist-info"
    garbled.mkdir()
    (garbled / "METADATA").write_text("Metadata-Version: 2.1\nName: garbled\nVersion: 1.0\n")
    (garbled / "entry_points.txt").write_text("[initreg]\ngarbage\n")
    answer = two.run("answer = {p.name: p.location for p in initreg.default_registry().plugins()}")
    assert answer["ortho"] == answer["garbled"] == str(two.folder)
    assert Path(answer["constants"]).is_dir()
