"""Time commands as whole processes, compared with a process that only imports what they need."""

from measure import Table, missing, python, ratio, rows, script, show, time_processes

IMPORTS = "import pydantic, typer, pluggy"
# `import pydantic` alone imports almost nothing. Every model needs these names.
MODELS = "from pydantic import BaseModel, Field; import typer, pluggy"
ENTRY_POINTS = "the same, and import importlib.metadata"
SAMPLE = 'initreg sample "random_normal(mean=0,stddev=0.05)"'


def tables() -> list[Table]:
    quick = {
        IMPORTS: python(IMPORTS),
        MODELS: python(MODELS),
        ENTRY_POINTS: python(f"{MODELS}; import importlib.metadata"),
        "initreg list": script("initreg", "list"),
        "initreg --help": script("initreg", "--help"),
        "initreg --version": script("initreg", "--version"),
    }
    slow = {
        "import keras (on JAX)": python("import keras"),
        SAMPLE: script("initreg", "sample", "random_normal(mean=0,stddev=0.05)"),
    }
    notes = []
    if reason := missing("llm", "llm"):
        notes.append(reason)
    else:
        slow["llm plugins"] = script("llm", "plugins")
    times = time_processes(quick, rounds=21) | time_processes(slow, rounds=7)
    to = dict.fromkeys([*quick, *slow][1:], IMPORTS) | {SAMPLE: "import keras (on JAX)"}
    targets = {"initreg list": 1.6, "initreg --help": 1.2, "initreg --version": 1.2}
    above = ratio(times["initreg list"], times[ENTRY_POINTS])
    notes.append(
        f"`initreg list` takes {above} × what it takes to import Pydantic's models, Typer, pluggy "
        "and `importlib.metadata`, which a list of plugins with schemas can't avoid."
    )
    made = rows(times, to, targets)
    return [Table("Whole processes", made, notes)]


if __name__ == "__main__":
    show(tables())
