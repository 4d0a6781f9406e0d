"""The apps on the docs page about Hydra, run as a reader would run them."""

import sys
from pathlib import Path

import pytest

from tests.support import pages
from tests.support.paths import DOCS
from tests.support.processes import Result, run


@pytest.fixture(scope="session")
def page() -> str:
    return pages.read("hydra.md")


class App:
    """The files of the page, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for block in pages.blocks_of(DOCS / "hydra.md"):
            if block.caption:
                file = folder / block.caption
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        options = {"status": None, "cwd": self.folder, "variables": {"PYTHONUTF8": "1"}}
        return run(sys.executable, *arguments, **options)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    return App(tmp_path_factory.mktemp("app"))
