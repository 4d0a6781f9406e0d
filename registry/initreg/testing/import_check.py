"""Check that a plugin's modules import quickly, and import nothing heavy."""

import json
import subprocess
import sys
from functools import cache
from importlib import metadata

from initreg.testing.catalog import register
from initreg.testing.outcomes import Skipped, demand
from initreg.testing.subject import Subject

LIMIT = 0.5
"""Seconds that the import of a plugin's modules may take, after initreg is imported."""

_HEAVY = ("keras", "jax", "torch", "tensorflow", "matplotlib", "scipy")
_TRIES = 3  # if the first is over the limit, because the machine may be busy

_SCRIPT = """
import importlib, json, sys, time
path, names, heavy = json.loads(sys.argv[1])
sys.path[:] = path
import initreg
for name in initreg.__all__:
    getattr(initreg, name)  # loaded on first use, which is not the plugin's time
before, started = set(sys.modules), time.perf_counter()
for name in names:
    importlib.import_module(name)
seconds = time.perf_counter() - started
print()
print(json.dumps([seconds, [name for name in heavy if name in sys.modules.keys() - before]]))
"""


@register(needs_keras=False)
def light_import(subject: Subject) -> None:
    """The plugin's modules import within half a second, and import neither Keras nor a backend."""
    names = _modules(subject)
    seconds, heavy = _imported(names)
    for _ in range(_TRIES - 1):
        if seconds > LIMIT and not heavy:
            seconds = min(seconds, _imported.__wrapped__(names)[0])
    modules = " and ".join(names)
    demand(
        not heavy,
        f"Importing {modules} imports {', '.join(heavy)}.",
        "Import it inside build() or the function that uses it, so that listing names stays quick.",
    )
    demand(
        seconds <= LIMIT,
        f"Importing {modules} takes {seconds:.2f} s; {LIMIT} s is the limit.",
        f"Find out what takes the time: python -X importtime -c 'import {names[0]}'",
    )


def _modules(subject: Subject) -> tuple[str, ...]:
    """Return the module of the class, and the module that its entry point names."""
    config_class, record = subject.config_class, subject.entry.plugin
    name = config_class.__module__
    last = name.rpartition(".")[2]
    is_local = "<" in config_class.__qualname__
    if last in ("__main__", "conftest") or last.startswith("test_") or is_local:
        problem = f"{config_class.__name__} is defined in {name}, not in a module of a plugin."
        raise Skipped(problem)
    names = {name: None}
    if record.distribution != "local":
        try:
            points = metadata.distribution(record.distribution).entry_points
        except metadata.PackageNotFoundError:  # registered by hand
            points = metadata.EntryPoints()
        points = points.select(group="initreg", name=record.name)
        names.update({point.module: None for point in points})
    return tuple(names)


@cache
def _imported(names: tuple[str, ...]) -> tuple[float, list[str]]:
    """Import modules in a new process; return the seconds, and the heavy modules imported."""
    argument = json.dumps([sys.path, names, _HEAVY])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _SCRIPT, argument],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise Skipped(f"{' and '.join(names)} can't be imported in a new process: {last}")
    seconds, heavy = json.loads(done.stdout.splitlines()[-1])
    return seconds, heavy
