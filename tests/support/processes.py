"""Run commands as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """The exit status of a process, and what it printed: text, or bytes if there is no encoding."""

    status: int
    stdout: Any
    stderr: Any

    @property
    def json(self) -> Any:
        """The data on stdout; a literal that is not JSON, such as NaN, is an error."""
        return json.loads(self.stdout, parse_constant=_reject)


def _reject(literal: str) -> None:
    raise ValueError(f"not JSON: {literal}")


def run(
    *command: object,
    status: int | None = 0,
    merged: bool = False,
    encoding: str | None = "utf-8",
    timeout: float = 300,
    variables: Mapping[str, str | None] | None = None,
    **options: Any,
) -> Result:
    """Run a command; fail if it exits with another status than `status`. None allows any.

    `merged` sends stderr to where stdout goes. `variables` are added to those of this process;
    the value None removes one. Other options are those of `subprocess.run`.
    """
    environment = {**os.environ, **(variables or {})}
    options = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT if merged else subprocess.PIPE,
        "env": {name: value for name, value in environment.items() if value is not None},
        **options,
    }
    words = [word if isinstance(word, bytes) else str(word) for word in command]
    done = subprocess.run(words, encoding=encoding, timeout=timeout, check=False, **options)
    shown = " ".join(map(str, words))[:500]
    assert status in (None, done.returncode), (
        f"{shown}\nexited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return Result(done.returncode, done.stdout, done.stderr)


def python(script: str, *arguments: object, **options: Any) -> Result:
    """Run a script in a new interpreter. Options are those of `run`."""
    return run(sys.executable, "-c", textwrap.dedent(script), *arguments, **options)


# A shell starts its background processes, such as a test run, with Ctrl-C ignored.
_HEED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def interrupt(*command: object, marker: Path, variables: Mapping[str, str] | None = None) -> Result:
    """Run a command until it makes the file `marker`, and send it Ctrl-C. For POSIX only."""
    child = subprocess.Popen(
        [sys.executable, "-c", _HEED, *map(str, command)],
        env={**os.environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        deadline = time.monotonic() + 60
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        stdout, stderr = child.communicate(timeout=30)
    finally:
        child.kill()
    return Result(child.returncode, stdout, stderr)
