"""Compare `initreg check` with only reading the same files: time, memory and start.

Each round has new specs, so that none is cached.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measure import (
    Table,
    environment,
    python,
    ratio,
    readable,
    rows,
    script,
    show,
    time_processes,
)
from ruamel.yaml import YAML

import initreg

ROUNDS = {1000: 5, 10_000: 3, 30_000: 2}


def _yaml_texts(numbers: range) -> str:
    lines = (f"  - kernel_initializer: random_normal(mean=0, stddev=0.05{n})\n" for n in numbers)
    return "layers:\n" + "".join(lines)


def _yaml_dicts(numbers: range) -> str:
    lines = (
        f"  - kernel_initializer: {{type: random_normal, mean: 0, stddev: 0.05{n}}}\n"
        for n in numbers
    )
    return "layers:\n" + "".join(lines)


def _yaml_wrong(numbers: range) -> str:
    return _yaml_texts(numbers).replace("stddev=", "stdev=")


def _layers(numbers: range) -> list[dict[str, object]]:
    return [{"kernel_initializer": f"random_normal(mean=0, stddev=0.05{n})"} for n in numbers]


def _json_texts(numbers: range) -> str:
    return json.dumps({"layers": _layers(numbers)}, indent=2)


def _toml_texts(numbers: range) -> str:
    return "".join(
        f'[[layers]]\nkernel_initializer = "{layer["kernel_initializer"]}"\n'
        for n, layer in zip(numbers, _layers(numbers), strict=True)
    )


def _load_yaml(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


RUAMEL = "ruamel.yaml"
# Content of the file, its language, its writer, the name and call of its plain reader, the target.
FILES: tuple[tuple[str, str, Callable[[range], str], str, Callable[[str], object], int], ...] = (
    ("texts in YAML", "yaml", _yaml_texts, RUAMEL, _load_yaml, 20),
    ("dicts in YAML", "yaml", _yaml_dicts, RUAMEL, _load_yaml, 20),
    ("wrong texts in YAML", "yaml", _yaml_wrong, RUAMEL, _load_yaml, 20),
    ("texts in JSON", "json", _json_texts, "json.loads", json.loads, 0),
    ("texts in TOML", "toml", _toml_texts, "tomllib.loads", tomllib.loads, 0),
)


def _spend(call: Callable[[str], object], text: str) -> tuple[float, object]:
    gc.collect()
    started = time.process_time()
    result = call(text)
    return time.process_time() - started, result


def files() -> Table:
    made, notes = [], []
    for what, language, write, reader, read, target in FILES:
        each = []
        for count, rounds in ROUNDS.items():
            own: list[float] = []
            peer: list[float] = []
            for number in range(rounds):
                text = write(range(number * count, (number + 1) * count))
                peer.append(_spend(read, text)[0])
                spent, report = _spend(
                    lambda text: initreg.check_text(text, language=language),  # noqa: B023
                    text,
                )
                assert isinstance(report, initreg.Report)
                assert report.checked == count
                assert len(report.findings) == (count if "wrong" in what else 0)
                own.append(spent)
            name = f"initreg check of {count:,} {what}"
            against = f"{reader} alone" + (f"; target < {target}" if target else "")
            compared = ratio(own, peer)
            made.append((name, readable(median(own)), readable(min(own)), compared, against))
            each.append(
                f"{readable(median(own) / count)} ({readable(min(own) / count)}) and "
                f"{readable(median(peer) / count)} ({readable(min(peer) / count)}) at {count:,}"
            )
        notes.append(f"One of many {what}, checked, and only read by {reader}: {', '.join(each)}.")
    return Table("Check a file of many specs, processor time", made, notes)


# Prints the peak memory, counted from what the process held after a small file.
CHILD = """
import sys
from pathlib import Path
import initreg
from ruamel.yaml import YAML

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024

def read(text):
    if sys.argv[1] == "check":
        return initreg.check_text(text)
    return YAML(typ="safe", pure=True).load(text)

text = sys.stdin.read()
read("init: he_normal(seed=1)")
before = status("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")
kept = read(text)
print(status("VmHWM:") - before)
"""


def memory() -> Table:
    title = "Memory of a check of 10,000 specs, compared with reading the file"
    if not sys.platform.startswith("linux"):
        return Table(title, [], ["Left out: it is measured on Linux only."])
    made = []
    for what, language, write, reader, _, _ in FILES:
        if language == "yaml":
            text = write(range(10_000))
            own, peer = _peak("check", text), _peak("read", text)
            made.append(
                (
                    f"initreg check of 10,000 {what}",
                    f"peak {own / 1e6:,.0f} MB",
                    f"file {len(text) / 1e6:.2f} MB",
                    f"{own / peer:.2f}",
                    f"{reader} alone, peak {peer / 1e6:,.0f} MB",
                )
            )
    return Table(title, made)


def _peak(what: str, text: str) -> int:
    ended = subprocess.run(
        [*python(CHILD), what],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        input=text,
    )
    return int(ended.stdout)


IMPORTS = "import pydantic, typer, ruamel.yaml"
# `import pydantic` alone imports almost nothing. Every model needs these names.
MODELS = "from pydantic import BaseModel, Field; import typer, ruamel.yaml"
ENTRY_POINTS = "the same, and import pluggy, importlib.metadata"
SMALL = "initreg check of a small YAML file"


def processes() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.yaml"
        file.write_text("kernel_initializer: he_normal(seed=1)\n")
        commands = {
            IMPORTS: python(IMPORTS),
            MODELS: python(MODELS),
            ENTRY_POINTS: python(f"{MODELS}; import pluggy, importlib.metadata"),
            SMALL: script("initreg", "check", str(file)),
        }
        times = time_processes(commands, rounds=21)
    to = dict.fromkeys([*commands][1:], IMPORTS)
    above = ratio(times[SMALL], times[ENTRY_POINTS])
    notes = [
        f"`initreg check` takes {above} × what it takes to import Pydantic's models, Typer, "
        "ruamel.yaml, pluggy and `importlib.metadata`."
    ]
    return Table("Check as a whole process", rows(times, to, {SMALL: 2.0}), notes)


def tables() -> list[Table]:
    return [files(), memory(), processes()]


if __name__ == "__main__":
    show(tables())
