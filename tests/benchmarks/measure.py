"""Times taken side by side, and the tables they make.

What is compared runs in turn, A B C A B C …, so that a busy moment of the machine meets all alike.
A ratio is one of medians, and in parentheses one of the least times.
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
    """Rows of `COLUMNS` under a title."""

    title: str
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())


def time_calls(
    candidates: Mapping[str, Callable[[], object]], rounds: int = 25, seconds: float = 0.01
) -> Times:
    """Time functions in this process: seconds for one call, once a round."""
    numbers = {}
    for name, call in candidates.items():
        call()
        number, spent = 1, 0.0
        while spent < seconds:
            number = max(number * 2, int(number * seconds / max(spent, 1e-9)) if spent else 0)
            spent = _time_batch(call, number)
        numbers[name] = number
    times: Times = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            times[name].append(_time_batch(call, numbers[name]) / numbers[name])
    return times


def _time_batch(call: Callable[[], object], number: int) -> float:
    started = time.perf_counter()
    for _ in range(number):
        call()
    return time.perf_counter() - started


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a child: Keras on JAX, and bytecode kept.

    PYTHONDONTWRITEBYTECODE, where it is set, would make each start compile what pip did not.
    """
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE",)}
    return {**kept, "KERAS_BACKEND": "jax", "LLM_USER_PATH": tempfile.gettempdir(), **changes}


def time_processes(
    commands: Mapping[str, Sequence[str]],
    rounds: int = 15,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> Times:
    """Time whole processes, once a round, after one round that does not count."""
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
    """Run scripts in fresh processes, in turn; each prints the seconds that it measured itself."""
    times: Times = {name: [] for name in children}
    for _ in range(rounds):
        for name, (code, arguments, changes) in children.items():
            env = environment(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", **changes)
            command = [*python(code), *arguments]
            done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            times[name].append(float(done.stdout.split()[-1]))
    return times


def backends() -> list[str]:
    """List Keras's backends that are installed."""
    import initreg

    return initreg.installed_backends()


def python(code: str) -> list[str]:
    """Return the command that runs `code` in a Python of its own."""
    return [sys.executable, "-c", code]


def script(name: str, *arguments: str) -> list[str]:
    """Return the command of an installed script."""
    return [str(Path(sysconfig.get_path("scripts")) / name), *arguments]


def missing(module: str, distribution: str) -> str | None:
    """Say why a peer is left out, or nothing."""
    if importlib.util.find_spec(module):
        return None
    return f"{distribution} is not installed, and left out."


def rows(times: Times, to: Mapping[str, str], targets: Mapping[str, float] | None = None) -> list:
    """Make rows of times; `to` says which other time each is held against."""
    made = []
    for name, own in times.items():
        peer = times.get(to.get(name, ""))
        compared = ratio(own, peer) if peer else ""
        target = (targets or {}).get(name)
        against = to.get(name, "") + (f"; target ≤ {target:g}" if target else "")
        made.append((name, readable(median(own)), readable(min(own)), compared, against))
    return made


def ratio(own: Sequence[float], peer: Sequence[float]) -> str:
    """Write the ratio of the medians, and in parentheses that of the least times."""
    return f"{median(own) / median(peer):.2f} ({min(own) / min(peer):.2f})"


def readable(seconds: float) -> str:
    """Write a time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{seconds * 1e6:#.3g} µs".replace(". ", " ")


def machine() -> str:
    """Say what this is measured on."""
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
    """Write tables as one Markdown table, each under a row with its title, and the notes below."""
    tables = list(tables)
    lines = [_line(COLUMNS), "|---|--:|--:|--:|---|"]
    for table in tables:
        lines += [_line((f"**{table.title}**", "", "", "", "")), *map(_line, table.rows)]
    notes = [f"- {note}" for table in tables for note in table.notes]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def show(tables: Iterable[Table]) -> None:
    """Print tables for a terminal."""
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
