"""Run the examples in the docs, in the README and in the docstrings, as tests."""

import os
import shutil
import tempfile
from doctest import ELLIPSIS
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A distribution of its own: its tests run where it is installed.
collect_ignore = ["docs/examples/initreg-example"]


def _enter_empty_folder(namespace: dict[str, Any]) -> None:
    """Let an example write files where nobody minds."""
    namespace["_folders"] = Path.cwd(), Path(tempfile.mkdtemp())
    os.chdir(namespace["_folders"][1])


def _leave_it(namespace: dict[str, Any]) -> None:
    home, folder = namespace["_folders"]
    os.chdir(home)
    shutil.rmtree(folder, ignore_errors=True)


_pages = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()],
    patterns=["docs/*.md", "README.md"],
    excludes=["*/README.md"],
    setup=_enter_empty_folder,
    teardown=_leave_it,
)
_docstrings = Sybil(
    parsers=[DocTestParser(optionflags=ELLIPSIS)],
    patterns=["registry/**/*.py", "plugins/**/*.py", "cli/**/*.py"],
    setup=_enter_empty_folder,
    teardown=_leave_it,
)
pytest_collect_file = (_pages + _docstrings).pytest()
