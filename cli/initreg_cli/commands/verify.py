"""``initreg verify``: the checks of the conformance kit, on initializers that are installed."""

import os
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from initreg_cli.commands.list import brought_by, require_known
from initreg_cli.completion import complete_name
from initreg_cli.inputs import Backend

if TYPE_CHECKING:
    from initreg import Entry
    from initreg.testing import CheckResult

_BUILTIN = "initreg"  # the distribution of the built-in plugins


def verify(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of an initializer, or a spec. Without one, all that are not built in.",
            metavar="NAME",
            autocompletion=complete_name,
        ),
    ] = "",
    plugin: Annotated[
        str,
        typer.Option(
            help="All initializers of this plugin or distribution; `initreg` has the built-in "
            "ones.",
            metavar="NAME",
        ),
    ] = "",
    backend: Backend = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that initializers hold what they promise: schema, seeds, shapes, values, saving."""
    from initreg import choose_backend
    from initreg.testing import check
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout

    if name and plugin:
        problem = "one initializer, or all of a plugin: give NAME or --plugin."
        raise typer.BadParameter(problem, param_hint="'--plugin'")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # TensorFlow greets on stderr
    choose_backend(backend)  # before a plugin is imported, which may import Keras
    with clean_stdout():
        targets, failed_plugins = ([_target(name)], False) if name else _targets(plugin)
        results = []
        for number, target in enumerate(targets, 1):
            results.append(check(target))
            if len(targets) > 1 and not json:
                render.note(f"{number} of {len(targets)}: {results[-1][0].spec}")
    found = [each for of_target in results for each in of_target]
    if json:
        render.json([asdict(each) for each in found])
    elif found:
        _print(results)
    if failed_plugins or any(each.status == "failed" for each in found):
        raise typer.Exit(1)


def _target(name: str) -> object:
    """Return what a name or a spec stands for: of a lone name, the class and all its examples."""
    from initreg import default_registry, parse, validate

    spec = parse(name)
    return validate(spec) if spec.arguments else default_registry().find(spec.name).config_class


def _targets(plugin: str) -> tuple[list[object], bool]:
    """Return the classes of a plugin, or of all that are not built in; and whether one failed."""
    from initreg import default_registry
    from initreg_cli.output import render

    registry = default_registry()
    records = registry.plugins()
    if plugin:
        require_known(plugin, records)
        records = [each for each in records if brought_by(each, plugin)]
    else:
        records = [each for each in records if each.distribution != _BUILTIN]
    failed = [each for each in records if each.error and not each.blocked]
    for each in failed:
        render.note(f"The plugin {each.name or each.distribution} failed: {each.error}.")
    entries = [each for each in registry.entries() if _is_among(each, plugin)]
    if not entries and not failed:
        whose = f"The plugin {plugin}" if plugin else "No plugin that is installed"
        adds = "adds no initializer" if plugin else "adds an initializer"
        render.note(
            f"{whose} {adds}. `initreg verify --plugin {_BUILTIN}` checks the built-in ones."
        )
    return [each.config_class for each in entries], bool(failed)


def _is_among(entry: "Entry", plugin: str) -> bool:
    return brought_by(entry.plugin, plugin) if plugin else entry.plugin.distribution != _BUILTIN


def _print(results: "list[list[CheckResult]]") -> None:
    from initreg_cli.output import render

    if len(results) == 1:
        [checks] = results
        render.heading(checks[0].spec)
        render.table(
            ("check", "result", "seconds", "reason"),
            [(each.check, each.status, f"{each.seconds:.2f}", _reason(each)) for each in checks],
        )
    else:
        render.table(
            ("initializer", "passed", "skipped", "failed", "seconds"),
            [_summed(each) for each in results],
            right=True,
        )
    found = [each for checks in results for each in checks]
    wrong = [each for each in found if each.status == "failed"]
    if wrong:
        render.heading("\nWhat to do")
        render.table(
            ("check", "initializer", "what is wrong", "what to do"),
            [(each.check, each.spec, each.message, each.advice) for each in wrong],
        )
    counts = Counter(each.status for each in found)
    told = ", ".join(f"{counts[status]} {status}" for status in ("passed", "skipped", "failed"))
    render.text(f"\n{told}.")


def _reason(result: "CheckResult") -> str:
    return result.message if result.status == "skipped" else ""


def _summed(checks: "list[CheckResult]") -> tuple[str, ...]:
    counts = Counter(each.status for each in checks)
    seconds = sum(each.seconds for each in checks)
    numbers = [str(counts[status]) for status in ("passed", "skipped", "failed")]
    return (checks[0].spec, *numbers, f"{seconds:.2f}")
