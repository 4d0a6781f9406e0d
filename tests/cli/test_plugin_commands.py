"""The commands that plugins add, and when plugins are loaded for them."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import read

HELLO = """
    import os, pathlib
    pathlib.Path(os.environ.get("MARKER", os.devnull)).write_text("imported")
    print("noise while it is imported")
    import typer
    from initreg import hookimpl

    @hookimpl
    def initreg_commands(app: typer.Typer) -> None:
        print("noise in the hook")

        @app.command()
        def hello(name: str = "world", shout: bool = False) -> None:
            '''Greet someone.'''
            typer.echo(f"hello {name}{'!' if shout else ''}")

        more = typer.Typer(help="Say more.")

        @more.command("one")
        def one() -> None:
            typer.echo("one more")

        @more.command("two")
        def two() -> None:
            typer.echo("two more")

        app.add_typer(more, name="more")
"""


def adding(code: str) -> str:
    """Return the code of a plugin with this body of the hook for commands."""
    head = "import sys, typer\nfrom initreg import hookimpl\n@hookimpl\n"
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return f"{head}def initreg_commands(app):\n{lines}"


def one(name: str, body: str = "typer.echo('done')") -> str:
    return adding(f"@app.command({name!r})\ndef it():\n    {body}")


# A valid plugin -----------------------------------------------------------------------------------


def test_a_command_of_a_plugin_runs(command: Any, installed: Any) -> None:
    site = installed("acme-inits", hello=HELLO)
    done = command("hello", "--name", "you", "--shout", **site)
    assert (done.status, done.stdout) == (0, "hello you!\n")
    assert done.stderr == "noise while it is imported\nnoise in the hook\n"
    assert command("more", "two", **site).stdout == "two more\n"


def test_it_has_help_like_the_others(command: Any, installed: Any) -> None:
    site = installed("acme-inits", hello=HELLO)
    for option in ("--help", "-h"):
        shown = command("hello", option, **site)
        assert shown.status == 0
        assert shown.stdout.startswith("Usage: initreg hello [OPTIONS]\n\n  Greet someone.\n")
    assert "two" in command("more", "-h", **site).stdout
    wrong = command("hello", "--nmae", "x", **site)
    assert (wrong.status, wrong.stdout) == (2, "")
    assert "No such option: --nmae" in wrong.stderr


def test_one_plugin_can_add_both(command: Any, installed: Any, good_plugin: str) -> None:
    hook = """
        @hookimpl
        def initreg_commands(app):
            app.command("hello")(lambda: print("hello"))
    """
    both = good_plugin.rstrip() + hook
    site = installed("acme-inits", both=both)
    assert command("hello", **site).stdout == "hello\n"
    assert command("show", "stretched", **site).status == 0
    (row,) = [line for line in command("plugins", **site).stdout.splitlines() if "acme" in line]
    assert row.endswith("  stretched; the command hello")


def test_plugins_lists_the_commands(command: Any, installed: Any) -> None:
    site = installed("acme-inits", hello=HELLO)
    done = command("plugins", "--json", "--strict", **site)
    assert done.status == 0
    (record,) = [record for record in done.json if record["distribution"] == "acme-inits"]
    assert record["commands"] == ["hello", "more"]
    assert (record["initializers"], record["error"]) == ([], None)
    (row,) = [line for line in command("plugins", **site).stdout.splitlines() if "acme" in line]
    assert row.endswith("  the commands hello, more")


def test_the_plugin_in_the_docs_works(command: Any, installed: Any) -> None:
    page = read("plugins.md")
    (code,) = [b for b in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S) if "fans(" in b]
    done = command("fans", "3,3,64,128", **installed("acme-inits", fans=code))
    assert (done.status, done.stdout, done.stderr) == (0, "576 in, 1152 out\n", "")


# When plugins are loaded --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], {}),
        (["--help"], {}),
        (["--version"], {}),
        (["--nope"], {}),
        (["list", "--help"], {}),
        (["show", "he_normal"], {}),
        (["sample", "--help"], {}),
        ([], {"_INITREG_COMPLETE": "complete_bash", "COMP_WORDS": "initreg he", "COMP_CWORD": "1"}),
        (
            [],
            {
                "_INITREG_COMPLETE": "complete_bash",
                "COMP_WORDS": "initreg hello --na",
                "COMP_CWORD": "2",
            },
        ),
        (["hello"], {"INITREG_BLOCK": "acme-inits"}),
        (["hello"], {"INITREG_PLUGINS": ""}),
        (["plugins"], {"INITREG_BLOCK": "hello"}),
    ],
)
def test_no_plugin_is_imported_for(
    command: Any, installed: Any, tmp_path: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    marker = tmp_path / "marker"
    site = installed("acme-inits", hello=HELLO) | {"MARKER": str(marker)}
    command(*arguments, **site, **variables)
    assert not marker.exists()
    assert command("hello", **site).status == 0
    assert marker.exists()


def test_help_says_that_plugins_can_add_commands(command: Any, installed: Any) -> None:
    shown = command("--help", **installed("acme-inits", hello=HELLO))
    assert "  Plugins can add commands; `initreg plugins` lists them.\n" in shown.stdout
    assert "hello" not in shown.stdout


# Words that are not commands ----------------------------------------------------------------------


def test_a_misspelt_word_is_compared_with_the_commands_of_plugins(
    command: Any, installed: Any
) -> None:
    site = installed("acme-inits", hello=HELLO)
    done = command("helo", **site)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: No such command 'helo'. Did you mean 'hello'?\n")
    assert "Did you mean 'plan'" in command("plann", **site).stderr


def test_a_plugin_that_failed_may_provide_it(command: Any, installed: Any) -> None:
    site = installed("acme-inits", bad="1 / 0", good=one("hello"))
    done = command("bye", **site)
    assert done.status == 2
    assert done.stderr.endswith(
        "Error: No such command 'bye'.\n"
        "These plugins failed and may provide it: acme-inits (plugin bad): "
        "ZeroDivisionError: division by zero (bad_plugin.py, line 1).\n"
    )
    assert command("hello", **site).stdout == "done\n"
    blocked = command("hello", INITREG_BLOCK="acme-inits", **site)
    assert blocked.status == 2
    assert (
        "These plugins are blocked and may provide it: acme-inits (plugin bad): "
        "blocked: INITREG_BLOCK names it; acme-inits (plugin good): blocked: "
    ) in blocked.stderr


# Plugins that fail --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raise SystemExit(3)", "SystemExit: 3 (bad_plugin.py, line 1)"),
        ("def broken(:", "SyntaxError: invalid syntax (bad_plugin.py, line 1)"),
        (
            adding("1 / 0"),
            "initreg_commands failed: ZeroDivisionError: division by zero (bad_plugin.py, line 5)",
        ),
        (
            adding("sys.exit('no licence')"),
            "initreg_commands failed: SystemExit: no licence (bad_plugin.py, line 5)",
        ),
        (
            adding("return app"),
            "initreg_commands must add to the app and return None, not <typer.main.Typer object",
        ),
        (
            adding("yield"),
            "initreg_commands must add to the app and return None, not <generator object",
        ),
        (
            adding("app.command('it')(3)"),
            "initreg_commands adds an invalid command: TypeError: 3 is not a callable object",
        ),
        (
            adding("@app.callback()\ndef all(): pass\n@app.command()\ndef it(): pass"),
            "initreg_commands adds a callback, but only commands are allowed",
        ),
        (
            adding("pass").replace("(app)", "(app, more)"),
            "PluginValidationError: Plugin 'acme-inits:bad' for hook 'initreg_commands' ",
        ),
        (
            adding("pass").replace("_commands", "_command"),
            "PluginValidationError: unknown hook 'initreg_command' in plugin ",
        ),
        (one("list"), "command 'list' is rejected: initreg has it"),
    ],
)
def test_a_broken_plugin_stops_nothing(
    command: Any, installed: Any, code: str, problem: str
) -> None:
    site = installed("acme-inits", bad=code, good=one("hello"))
    assert command("hello", **site).stdout == "done\n"
    assert command("--help", **site).status == 0
    assert command("list", "he_normal", **site).stdout.count("he_normal") == 1
    done = command("plugins", "--json", "--strict", **site)
    assert done.status == 1
    records = {record["name"]: record for record in done.json}
    assert records["bad"]["error"].startswith(problem)
    assert records["bad"]["commands"] == []
    assert records["good"]["commands"] == ["hello"]
    assert records["good"]["error"] is None


def test_a_plugin_keeps_the_commands_that_are_free(command: Any, installed: Any) -> None:
    both = adding(
        "@app.command('show')\ndef a(): pass\n@app.command('mine')\ndef b(): typer.echo('mine')"
    )
    site = installed("acme-inits", both=both)
    assert command("mine", **site).stdout == "mine\n"
    assert "Draw values from a normal" in command("show", "random_normal", **site).stdout


def test_a_command_that_two_add_belongs_to_neither(command: Any, installed: Any) -> None:
    installed("north-inits", north=one("go") + "    app.command('up')(it)\n")
    site = installed("south-inits", south=one("go"))
    done = command("go", **site)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.endswith(
        "Error: 2 plugins add the command 'go': north-inits (plugin north) and south-inits "
        "(plugin south). Block all but one in INITREG_BLOCK.\n"
    )
    assert command("up", **site).stdout == "done\n"
    assert command("go", INITREG_BLOCK="south-inits", **site).stdout == "done\n"
    listed = command("plugins", "--json", "--strict", **site)
    assert listed.status == 1
    errors = {r["name"]: (r["commands"], r["error"]) for r in listed.json if r["error"]}
    rejection = "command 'go' is rejected: {} adds it, too"
    assert errors == {
        "north": (["up"], rejection.format("south-inits (plugin south)")),
        "south": ([], rejection.format("north-inits (plugin north)")),
    }


# Commands that fail while they run ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            "raise RuntimeError('no route')",
            2,
            "RuntimeError: no route\n'go' is a command of acme-inits (plugin go).\n"
            "INITREG_DEBUG=1 shows the traceback.\n",
        ),
        (
            "import initreg; initreg.validate('he_norml')",
            2,
            "There is no initializer 'he_norml'. Did you mean 'he_normal'? "
            "`initreg list` shows all.\n    he_norml\n    ^^^^^^^^\n"
            "'go' is a command of acme-inits (plugin go).\n",
        ),
        (
            "open('surely/not/there')",
            2,
            "surely/not/there: No such file or directory.\n"
            "'go' is a command of acme-inits (plugin go).\n",
        ),
        ("raise typer.Exit(4)", 4, ""),
        ("sys.exit(5)", 5, ""),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise typer.Abort", 1, "Aborted!\n"),
    ],
)
def test_an_error_of_a_command_names_its_plugin(
    command: Any, installed: Any, body: str, status: int, message: str
) -> None:
    done = command("go", **installed("acme-inits", go=one("go", body)))
    assert (done.status, done.stdout, done.stderr) == (status, "", message)


def test_debug_shows_a_traceback(command: Any, installed: Any) -> None:
    site = installed("acme-inits", go=one("go", "raise RuntimeError('no route')"))
    done = command("go", INITREG_DEBUG="1", **site)
    assert "Traceback" in done.stderr
    assert "go_plugin.py" in done.stderr
    assert done.stderr.endswith("no route\n'go' is a command of acme-inits (plugin go).\n")


# In this process ----------------------------------------------------------------------------------


def test_a_registry_hands_out_the_hooks() -> None:
    import typer

    from initreg import PluginError, Registry, hookimpl

    class Plugin:
        @hookimpl
        def initreg_commands(self, app: typer.Typer) -> None:
            app.command("hello")(lambda: None)

    class Broken:
        @hookimpl
        def initreg_commands(self) -> None:
            raise RuntimeError("no licence")

    registry = Registry()
    assert registry.command_hooks() == []
    assert registry.register(Plugin(), "acme").commands == ()
    registry.register(Broken(), "broken")
    (record, hook), (_, broken) = registry.command_hooks()
    assert record.name == "acme"
    app = typer.Typer()
    hook(app)
    assert [each.name for each in app.registered_commands] == ["hello"]
    with pytest.raises(PluginError, match=r"^initreg_commands failed: RuntimeError: no licence"):
        broken(app)


def test_the_library_needs_no_typer(python: Any, without: Any) -> None:
    script = (
        "import sys, initreg; initreg.default_registry().plugins(); print('typer' in sys.modules)"
    )
    assert python(script).stdout == "False\n"
    assert sys.modules["typer"]
