"""``initreg plugins``."""

from typing import Any

import initreg


def test_it_lists_what_each_plugin_adds(cli: Any) -> None:
    done = cli("plugins")
    assert (done.status, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["plugin", "from", "where", "import", "adds"]
    (row,) = [row for row in rows if row.startswith("constants ")]
    assert f"initreg {initreg.__version__}" in row
    assert " ms " in row
    assert row.endswith("zeros, ones, constant, identity")


def test_strict_succeeds_if_nothing_failed(command: Any) -> None:
    assert command("plugins", "--strict", INITREG_PLUGINS="").status == 0


def test_failures_are_listed_and_strict_counts_them(
    command: Any, installed: Any, good_plugin: str
) -> None:
    site = installed("acme", good=good_plugin, bad="1 / 0", none="x = 1")
    done = command("plugins", **site)
    assert done.status == 0
    assert done.stderr == "hello from the plugin\n"
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert rows["good"].endswith("stretched")
    assert rows["bad"].endswith("ZeroDivisionError: division by zero (bad_plugin.py, line 1)")
    assert "implements no hook" in rows["none"]

    strict = command("plugins", "--strict", "--json", **site)
    assert strict.status == 1
    records = {record["name"]: record for record in strict.json}
    assert records["good"]["initializers"] == ["stretched"]
    assert records["good"]["error"] is None
    assert records["good"]["import_seconds"] > 0
    assert records["good"]["distribution"] == "acme"
    assert records["good"]["version"] == "1.2"
    assert records["bad"]["initializers"] == []
    assert "division by zero" in records["bad"]["error"]


def test_roles_are_counted_and_in_the_json_listed(command: Any, installed: Any) -> None:
    roles = """
        from initreg import hookimpl
        @hookimpl
        def initreg_roles():
            return {"acme.layers:Bank": print, "acme.layers:Gate": print}
    """
    site = installed("acme", roles=roles)
    rows = {line.split()[0]: line for line in command("plugins", **site).stdout.splitlines()}
    assert rows["roles"].endswith("the roles of 2 layers")
    records = {each["name"]: each for each in command("plugins", "--json", **site).json}
    assert records["roles"]["roles"] == ["acme.layers:Bank", "acme.layers:Gate"]
    assert records["constants"]["roles"] == []


def test_a_blocked_plugin_is_listed_but_no_failure(command: Any, installed: Any) -> None:
    site = installed("acme", bad="1 / 0")
    done = command("plugins", "--strict", "--json", INITREG_PLUGINS="", **site)
    assert done.status == 0
    (record,) = [record for record in done.json if record["name"] == "bad"]
    assert record["blocked"]
    assert record["import_seconds"] is None


def test_in_a_narrow_terminal_it_is_not_a_table(terminal: Any) -> None:
    shown = terminal(40, "plugins")
    assert max(len(line) for line in shown.lines if not line.startswith("Where: /")) <= 40
    assert "  adds: zeros, ones, constant," in shown.lines[3]


def test_a_name_that_leads_to_nothing_is_reported_and_strict_counts_it(
    command: Any, installed: Any, good_plugin: str
) -> None:
    site = installed("acme-inits", good=good_plugin)
    done = command("plugins", INITREG_BLOCK="acme-intis,constants", **site)
    assert done.status == 0
    assert done.stderr.splitlines()[1:] == [
        "INITREG_BLOCK names 'acme-intis', which isn't installed. Did you mean 'acme_inits'?",
        "INITREG_BLOCK names 'constants', which is built in and can't be blocked.",
    ]
    assert command("plugins", "--strict", INITREG_BLOCK="acme-intis", **site).status == 1
    assert command("plugins", "--strict", INITREG_BLOCK="acme-inits", **site).status == 0


def test_it_shows_where_each_is_installed(command: Any, installed: Any, good_plugin: str) -> None:
    site = installed("acme", good=good_plugin)
    (row,) = [row for row in command("plugins", **site).stdout.splitlines() if "acme" in row]
    assert "  acme 1.2  " in row
    assert f"  {site['PYTHONPATH']}  " in row


def test_in_a_terminal_the_folder_follows(terminal: Any) -> None:
    shown = terminal(100, "plugins")
    assert max(map(len, shown.lines)) <= 100
    assert shown.lines[0].split() == ["plugin", "from", "import", "adds"]
    assert any(line.startswith("Where: ") for line in shown.lines)
