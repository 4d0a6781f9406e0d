"""Measure what 1,000 more plugins cost. Each is a distribution that a child process can import."""

import compileall
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from measure import Table, Times, environment, python, readable, rows, script, show, time_processes

COUNTS = (0, 100, 300, 1000)

MODULE = '''\
"""A plugin."""

from initreg import InitializerConfig, hookimpl


class Made(InitializerConfig, name="made_{number}", builds="keras.initializers:Zeros"):
    """Set every value to 0."""


@hookimpl
def initreg_initializers():
    return [Made]
'''

METADATA = (
    """\
Metadata-Version: 2.4
Name: bench-plugin-{number}
Version: 1.0.{number}
Summary: An initializer.
License-Expression: Apache-2.0
Requires-Python: >=3.11
Requires-Dist: initreg>=0.1
Description-Content-Type: text/markdown

# bench-plugin-{number}

"""
    + "A line of its README, as long as such lines usually are.\n" * 40
)


def install(folder: Path, count: int) -> Path:
    """Write `count` plugin distributions as pip installs them, with bytecode."""
    for number in range(count):
        module = f"bench_plugin_{number}"
        (folder / f"{module}.py").write_text(MODULE.format(number=number))
        about = folder / f"{module}-1.0.{number}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(METADATA.format(number=number))
        (about / "INSTALLER").write_text("pip\n")
        (about / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n")
        (about / "entry_points.txt").write_text(f"[initreg]\nmade = {module}\n")
        (about / "RECORD").write_text(f"{module}.py,,\n")
    compileall.compile_dir(folder, quiet=2)
    return folder


SCAN = "entry_points(group='initreg')"

# What a child process prepares, and what it then times. It measures processor time, because plugins
# add less than a busy machine does.
STEPS = {
    "initreg.validate('random_normal')": ("", "import initreg; initreg.validate('random_normal')"),
    "initreg.resolve('random_normal')": (
        "import keras",
        "import initreg; initreg.resolve('random_normal')",
    ),
    "a first model of Pydantic": (
        "from pydantic import BaseModel",
        "type('First', (BaseModel,), {})",
    ),
    SCAN: ("from importlib.metadata import entry_points", SCAN),
}

CHILD = """
import time
{prepare}
started = time.process_time()
{timed}
print(time.process_time() - started)
"""


def built_in_name(folders: dict[int, Path]) -> Table:
    """Measure a built-in name, which never loads another plugin."""
    most = max(COUNTS)
    times: Times = {f"{what}, {count:,} plugins": [] for what in STEPS for count in (0, most)}
    for _ in range(11):
        for what, (prepare, timed) in STEPS.items():
            code = CHILD.format(prepare=prepare, timed=timed)
            for count in (0, most):
                times[f"{what}, {count:,} plugins"].append(_inside(code, folders[count]))
    to = {f"{what}, {most:,} plugins": f"{what}, 0 plugins" for what in STEPS}
    added = {what: _added(times, what, most) for what in STEPS}
    notes = [
        f"What {most:,} plugins add to it (least): "
        + ", ".join(
            f"{what} {readable(middle)} ({readable(least)}), {middle / added[SCAN][0]:.2f} "
            f"({least / added[SCAN][1]:.2f}) × the scan"
            for what, (middle, least) in added.items()
        )
        + "; target ≤ 1. Keras is imported before resolve. Pydantic looks "
        "for plugins of its own, in all that is installed, before its first model."
    ]
    title = "A built-in name in a fresh process, processor time inside it"
    return Table(title, rows(times, to), notes)


def _inside(code: str, folder: Path) -> float:
    """Run `code` in a child process, and return the seconds that it prints."""
    ended = subprocess.run(
        python(code), env=_with(folder), check=True, capture_output=True, text=True
    )
    return float(ended.stdout)


def _added(times: Times, what: str, most: int) -> tuple[float, float]:
    few, many = times[f"{what}, 0 plugins"], times[f"{what}, {most:,} plugins"]
    return median(many) - median(few), min(many) - min(few)


def listing(folders: dict[int, Path]) -> Table:
    """Measure `initreg list`, which loads all plugins."""
    commands = {f"initreg list, {count:,} plugins": script("initreg", "list") for count in COUNTS}
    environments = {
        name: _with(folders[count]) for name, count in zip(commands, COUNTS, strict=True)
    }
    times = time_processes(commands, rounds=5, environments=environments)
    middles = [median(taken) for taken in times.values()]
    each = [
        f"{(time - middles[0]) / count * 1e6:,.0f} µs at {count:,}"
        for count, time in zip(COUNTS[1:], middles[1:], strict=True)
    ]
    first = next(iter(commands))
    notes = [f"A plugin adds to `initreg list`: {', '.join(each)}."]
    to = dict.fromkeys(list(commands)[1:], first)
    return Table("A listing of many plugins", rows(times, to), notes)


RESOLVED = "initreg.resolve of a plugin's initializer"


def hundred(folders: dict[int, Path]) -> Table:
    """Measure what 100 plugins cost if none of them is used, and if one is."""
    resolve = "import initreg; initreg.resolve('{}')"
    names = {0: "zeros", 100: "made_7"}
    times: Times = {
        f"{what}, {count} plugins": []
        for what in ("initreg --help", "initreg.resolve('zeros')", RESOLVED)
        for count in (0, 100)
    }
    commands = {f"initreg --help, {count} plugins": script("initreg", "--help") for count in names}
    places = {name: _with(folders[c]) for name, c in zip(commands, names, strict=True)}
    times |= time_processes(commands, rounds=15, environments=places)
    for _ in range(11):
        for count, name in names.items():
            for what, spec in (("initreg.resolve('zeros')", "zeros"), (RESOLVED, name)):
                code = CHILD.format(prepare="import keras", timed=resolve.format(spec))
                times[f"{what}, {count} plugins"].append(_inside(code, folders[count]))
    to = {key: key.replace("100 plugins", "0 plugins") for key in times if "100" in key}
    notes = [f"{RESOLVED}: with 0 plugins it is zeros; the first that is not built in loads all."]
    return Table("A hundred plugins", rows(times, to), notes)


def _with(folder: Path) -> dict[str, str]:
    return environment(PYTHONPATH=str(folder))


def tables() -> list[Table]:
    with tempfile.TemporaryDirectory() as parent:
        folders = {}
        for count in COUNTS:
            folder = Path(parent) / str(count)
            folder.mkdir()
            folders[count] = install(folder, count)
        return [built_in_name(folders), hundred(folders), listing(folders)]


if __name__ == "__main__":
    show(tables())
