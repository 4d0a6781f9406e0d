"""Apps written from the files that a page of the docs shows, and run as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "hydra.md"
_FILE = re.compile(r"^```\{code-block\} \w+\n:caption: (.+)\n\n((?:.*\n)*?)```$", re.MULTILINE)


class Run(NamedTuple):
    status: int
    printed: str
    errors: str


@pytest.fixture(scope="session")
def page() -> str:
    return PAGE.read_text("utf-8")


class App:
    """The files of the page in a folder of their own."""

    def __init__(self, folder: Path, page: str) -> None:
        self.folder = folder
        for name, text in _FILE.findall(page):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> Run:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONUTF8": "1", "KERAS_BACKEND": keras.backend.backend()},
            capture_output=True,
            encoding="utf-8",
        )
        return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def app(page, tmp_path_factory) -> App:
    return App(tmp_path_factory.mktemp("app"), page)
