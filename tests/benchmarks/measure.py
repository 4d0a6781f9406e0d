"""Measure times side by side, and write them as tables.

The candidates run in turn, A B C A B C …, so that a busy moment of the machine affects all of them.
Each ratio is the ratio of the medians, with the ratio of the least times in parentheses.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median

COLUMNS = ("what", "median", "least", "ratio (of the least)", "to")

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Table:
    """A title, rows with the columns `COLUMNS`, and notes."""

    title: str
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())


def time_calls(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int = 25,
    seconds: float = 0.01,
    clock: Callable[[], float] = time.perf_counter,
) -> Times:
    """Time functions in this process. Return the seconds of one call, once for each round."""
    numbers = {}
    for name, call in candidates.items():
        call()
        number, spent = 1, 0.0
        while spent < seconds:
            number = max(number * 2, int(number * seconds / max(spent, 1e-9)) if spent else 0)
            spent = _time_batch(call, number, clock)
        numbers[name] = number
    times: Times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            times[name].append(_time_batch(call, numbers[name], clock) / numbers[name])
    return times


def _time_batch(call: Callable[[], object], number: int, clock: Callable[[], float]) -> float:
    started = clock()
    for _ in range(number):
        call()
    return clock() - started


def environment(**changes: str) -> dict[str, str]:
    """Return the environment variables of a child process: Keras on JAX, and bytecode is kept.

    With PYTHONDONTWRITEBYTECODE, each start would compile the modules that pip did not compile.
    """
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE",)}
    return {**kept, "KERAS_BACKEND": "jax", "LLM_USER_PATH": tempfile.gettempdir(), **changes}


def time_processes(
    commands: Mapping[str, Sequence[str]],
    rounds: int = 15,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> Times:
    """Time whole processes, once for each round. A first round doesn't count."""
    times: Times = {name: [] for name in commands}
    for count in range(rounds + 1):
        for name, command in commands.items():
            env = dict((environments or {}).get(name) or environment())
            started = time.perf_counter()
            subprocess.run(
                command,
                env=env,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            spent = time.perf_counter() - started
            if count:
                times[name].append(spent)
    return times


def time_inside(
    children: Mapping[str, tuple[str, Sequence[str], Mapping[str, str]]], rounds: int
) -> Times:
    """Run scripts in new processes, in turn. Each script prints the seconds that it measured."""
    times: Times = {name: [] for name in children}
    for _ in range(rounds):
        for name, (code, arguments, changes) in children.items():
            env = environment(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", **changes)
            command = [*python(code), *arguments]
            done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            times[name].append(float(done.stdout.split()[-1]))
    return times


def backends() -> list[str]:
    """Return the installed backends of Keras."""
    import initreg

    return initreg.installed_backends()


def python(code: str) -> list[str]:
    """Return the command that runs `code` in a new Python process."""
    return [sys.executable, "-c", code]


def script(name: str, *arguments: str) -> list[str]:
    """Return the command that runs an installed script."""
    return [str(Path(sysconfig.get_path("scripts")) / name), *arguments]


def missing(module: str, distribution: str) -> str | None:
    """Return why a peer is left out, or None if it is installed."""
    if importlib.util.find_spec(module):
        return None
    return f"Left out: {distribution} isn't installed."


def rows(times: Times, to: Mapping[str, str], targets: Mapping[str, float] | None = None) -> list:
    """Return the rows of a table. `to` names the peer of each candidate."""
    made = []
    for name, own in times.items():
        peer = times.get(to.get(name, ""))
        compared = ratio(own, peer) if peer else ""
        target = (targets or {}).get(name)
        against = to.get(name, "") + (f"; target ≤ {target:g}" if target else "")
        made.append((name, readable(median(own)), readable(min(own)), compared, against))
    return made


def ratio(own: Sequence[float], peer: Sequence[float]) -> str:
    """Format the ratio of the medians, with the ratio of the least times in parentheses."""
    return f"{median(own) / median(peer):.2f} ({min(own) / min(peer):.2f})"


def readable(seconds: float) -> str:
    """Format a time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{seconds * 1e6:#.3g} µs".replace(". ", " ")


def machine() -> str:
    """Describe the machine and the versions that are measured."""
    names = (
        "initreg", "keras", "jax", "numpy", "pydantic", "pluggy", "typer", "ruamel.yaml",
        "class-resolver", "confection", "hydra-core", "llm",
    )  # fmt: skip
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return (
        f"Measured on {_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}. Children run without "
        "PYTHONDONTWRITEBYTECODE, so that installed bytecode is used."
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()


def markdown(tables: Iterable[Table]) -> str:
    """Format tables as one Markdown table: a title row for each, and the notes below."""
    tables = list(tables)
    lines = [_line(COLUMNS), "|---|--:|--:|--:|---|"]
    for table in tables:
        lines += [_line((f"**{table.title}**", "", "", "", "")), *map(_line, table.rows)]
    notes = [f"- {note}" for table in tables for note in table.notes]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def show(tables: Iterable[Table]) -> None:
    """Print tables to the terminal."""
    for table in tables:
        print(f"\n{table.title}\n")
        lines = [COLUMNS, *table.rows]
        widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
        for line in lines:
            print("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip())
        for note in table.notes:
            print(f"\n{note}")
    width = shutil.get_terminal_size().columns
    print(f"\n{'─' * min(width, 40)}\n{machine()}")
