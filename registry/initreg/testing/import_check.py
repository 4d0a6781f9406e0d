"""The check that a plugin's modules stay light."""

import json
import subprocess
import sys
from functools import cache
from importlib import metadata

from initreg.testing.outcomes import Skipped, demand
from initreg.testing.subject import Subject

LIMIT = 0.5
"""Seconds that the import of a plugin's modules may take, once initreg is there."""

_HEAVY = ("keras", "jax", "torch", "tensorflow", "matplotlib", "scipy")
_TRIES = 3  # where the first is over the limit: the machine may be busy

_SCRIPT = """
import importlib, json, sys, time
path, names, heavy = json.loads(sys.argv[1])
sys.path[:] = path
import initreg
before, started = set(sys.modules), time.perf_counter()
for name in names:
    importlib.import_module(name)
seconds = time.perf_counter() - started
print()
print(json.dumps([seconds, [name for name in heavy if name in sys.modules.keys() - before]]))
"""


def light_import(subject: Subject) -> None:
    """The plugin's modules import no Keras and nothing else that is heavy, within half a second."""
    names = _modules(subject)
    seconds, heavy = _imported(names)
    for _ in range(_TRIES - 1):
        if seconds > LIMIT and not heavy:
            seconds = min(seconds, _imported.__wrapped__(names)[0])
    told = " and ".join(names)
    demand(
        not heavy,
        f"Importing {told} imports {', '.join(heavy)}.",
        "Import it in build(), or where it is used: names are listed and configs checked without.",
    )
    demand(
        seconds <= LIMIT,
        f"Importing {told} takes {seconds:.2f} s; {LIMIT} s is the limit.",
        f"See what takes the time: python -X importtime -c 'import {names[0]}'",
    )


def _modules(subject: Subject) -> tuple[str, ...]:
    """Name the module of the class, and that of the entry point which leads to it."""
    kind, record = subject.config_class, subject.entry.plugin
    name = kind.__module__
    last = name.rpartition(".")[2]
    if last in ("__main__", "conftest") or last.startswith("test_") or "<" in kind.__qualname__:
        raise Skipped(f"{kind.__name__} is made in {name}, which is no module of a plugin.")
    names = {name: None}
    if record.distribution != "local":
        try:
            points = metadata.distribution(record.distribution).entry_points
        except metadata.PackageNotFoundError:  # registered by hand
            points = metadata.EntryPoints()
        found = points.select(group="initreg", name=record.name)
        names.update({point.module: None for point in found})
    return tuple(names)


@cache
def _imported(names: tuple[str, ...]) -> tuple[float, list[str]]:
    """Import modules in a new process; return the seconds, and what heavy came with them."""
    given = json.dumps([sys.path, names, _HEAVY])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _SCRIPT, given], capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        raise Skipped(f"{' and '.join(names)} can't be imported in a new process: {last}")
    seconds, heavy = json.loads(done.stdout.splitlines()[-1])
    return seconds, heavy
