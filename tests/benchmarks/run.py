"""Run all benchmarks, and print them as one Markdown table, with the machine and versions."""

import importlib
import sys

from measure import machine, markdown

BENCHMARKS = (
    "hard_texts",
    "resolve",
    "validate",
    "check",
    "processes",
    "many_plugins",
    "verifying",
    "draws",
    "planning",
    "building",
    "applying",
    "small_weights",
    "sample_memory",
    "shard_memory",
)


def main() -> None:
    wanted = sys.argv[1:] or BENCHMARKS
    tables = []
    for name in wanted:
        print(f"{name} …", file=sys.stderr)
        tables += importlib.import_module(name).tables()
    print(f"{markdown(tables)}\n\n{machine()}")


if __name__ == "__main__":
    main()
