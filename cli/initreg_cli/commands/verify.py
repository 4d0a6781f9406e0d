"""``initreg verify``: the checks of the conformance kit, on initializers that are installed."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from initreg_cli.completion import complete_name
from initreg_cli.options import Backend, Json, Plugin, bad_value

if TYPE_CHECKING:
    from initreg.testing import CheckResult

_BUILTIN = "initreg"  # the distribution of the built-in plugins
_STATUSES: Final = ("passed", "skipped", "failed")


def verify(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of an initializer, or a spec. By default, all that are not built in.",
            metavar="NAME",
            autocompletion=complete_name,
        ),
    ] = "",
    plugin: Plugin = "",
    backend: Backend = None,
    json: Json = False,
) -> None:
    """Check that initializers behave correctly: schema, seeds, shapes, values, saving.

    The layer classes that a plugin gives roles to must exist.
    """
    from initreg.testing import check, check_layer_classes
    from initreg_cli.keras_backend import use_backend
    from initreg_cli.output import render
    from initreg_cli.stdio import clean_stdout

    if name and plugin:
        raise bad_value("--plugin", "give either NAME or --plugin, not both.")
    use_backend(backend)  # before a plugin is imported, because it may import Keras
    with clean_stdout():
        targets, plugin_failed = ([_target(name)], False) if name else _targets(plugin)
        by_target = []
        for number, target in enumerate(targets, 1):
            by_target.append(check(target))
            if len(targets) > 1 and not json:
                spec = by_target[-1][0].spec
                render.print_note(f"{number} of {len(targets)}: {spec}")
        if not name:
            by_target += [[result] for result in check_layer_classes(plugin)]
    results = [result for results in by_target for result in results]
    if json:
        render.print_json([asdict(result) for result in results])
    elif results:
        _print(by_target)
    if plugin_failed or any(result.status == "failed" for result in results):
        raise typer.Exit(1)


def _target(name: str) -> object:
    """Return what to check: the config of a spec, or the class of a name, with all its examples."""
    from initreg import default_registry, parse, validate

    spec = parse(name)
    return validate(spec) if spec.arguments else default_registry().find(spec.name).config_class


def _targets(plugin: str) -> tuple[list[object], bool]:
    """Return the classes of a plugin, or all that are not built in; and True if a plugin failed."""
    from initreg import PluginRecord, default_registry
    from initreg_cli import installed
    from initreg_cli.output import render

    def is_wanted(record: PluginRecord) -> bool:
        if plugin:
            return record.matches(plugin)
        return record.distribution != _BUILTIN

    registry = default_registry()
    records = registry.plugins()
    if plugin:
        installed.require_plugin(plugin, records)
    failed = installed.failures(filter(is_wanted, records))
    installed.note_failures(failed)
    targets: list[object] = [
        entry.config_class for entry in registry.entries() if is_wanted(entry.plugin)
    ]
    describes = any(record.roles for record in filter(is_wanted, records))
    if not (targets or failed or describes):
        problem = (
            f"The plugin {plugin} adds no initializer."
            if plugin
            else "No installed plugin adds an initializer."
        )
        render.print_note(
            f"{problem} `initreg verify --plugin {_BUILTIN}` checks the built-in ones."
        )
    return targets, bool(failed)


def _print(by_target: "list[list[CheckResult]]") -> None:
    from initreg_cli.output import render

    if len(by_target) == 1:
        [results] = by_target
        render.print_heading(results[0].spec)
        render.print_table(
            ("check", "result", "seconds", "reason"),
            [(r.check, r.status, f"{r.seconds:.2f}", _reason(r)) for r in results],
        )
    else:
        render.print_table(
            ("initializer", *_STATUSES, "seconds"), [*map(_sums, by_target)], right=True
        )
    results = [result for results in by_target for result in results]
    failures = [result for result in results if result.status == "failed"]
    if failures:
        render.print_heading("\nWhat to do")
        render.print_table(
            ("check", "initializer", "what is wrong", "what to do"),
            [(r.check, r.spec, r.message, r.advice) for r in failures],
        )
    counts = Counter(result.status for result in results)
    summary = ", ".join(f"{counts[status]} {status}" for status in _STATUSES)
    render.print_text(f"\n{summary}.")


def _reason(result: "CheckResult") -> str:
    return result.message if result.status == "skipped" else ""


def _sums(results: "list[CheckResult]") -> tuple[str, ...]:
    counts = Counter(result.status for result in results)
    seconds = sum(result.seconds for result in results)
    return (results[0].spec, *(str(counts[status]) for status in _STATUSES), f"{seconds:.2f}")
