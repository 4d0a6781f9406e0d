"""Run the conformance kit on one initializer: the whole command, and the seconds of each check."""

import json
import subprocess
from statistics import median

from measure import Table, Times, environment, python, rows, script, show

COMMAND = "initreg verify random_normal"
KERAS = "import keras (on JAX)"
ROUNDS = 5


def tables() -> list[Table]:
    """Run the command and its peer in turn. The command's JSON has the seconds of each check."""
    whole: Times = {KERAS: [], COMMAND: []}
    checks: Times = {}
    timed = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
    for _ in range(ROUNDS):
        whole[KERAS].append(float(_output(python(timed.format("import keras")))))
        code = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=1)"
        command = [*python(timed.format(code)), *script(*COMMAND.split())]
        whole[COMMAND].append(float(_output(command)))
        for result in json.loads(_output([*script(*COMMAND.split()), "--json"])):
            checks.setdefault(result["check"], []).append(result["seconds"])
    of_check = dict(sorted(checks.items(), key=lambda item: -median(item[1])))
    total = [sum(each) for each in zip(*checks.values(), strict=True)]
    return [
        Table("initreg verify, one initializer", rows(whole, {COMMAND: KERAS})),
        Table(
            "Each of its checks, without the start of the process",
            rows({"all checks": total, **of_check}, dict.fromkeys(of_check, "all checks")),
        ),
    ]


def _output(command: list[str]) -> str:
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    show(tables())
