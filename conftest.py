"""Settings of every test, and the examples in the docs, the README and docstrings as tests."""

import os
import shutil
import tempfile
from doctest import ELLIPSIS
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# On some processors TensorFlow announces oneDNN on stderr, at any log level.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# What a person has set for their own work must not change the tests, nor the processes they start.
for _name in ("INITREG_BLOCK", "INITREG_DEBUG", "INITREG_PLUGINS"):
    os.environ.pop(_name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Ignore NumPy's warnings of overflow on Keras's NumPy backend.

    To learn a layer's output shape, it calls the layer on memory that nothing has filled.
    """
    if os.environ["KERAS_BACKEND"] == "numpy":
        found = "(overflow|underflow|invalid value|divide by zero) encountered"
        config.addinivalue_line("filterwarnings", f"ignore:{found}:RuntimeWarning")


# A separate distribution, whose tests run after it is installed.
collect_ignore = ["docs/examples/initreg-example"]


def _enter_empty_folder(namespace: dict[str, Any]) -> None:
    """Run an example in a temporary folder, where it may write files."""
    namespace["_folders"] = Path.cwd(), Path(tempfile.mkdtemp())
    os.chdir(namespace["_folders"][1])


def _leave_folder(namespace: dict[str, Any]) -> None:
    home, folder = namespace["_folders"]
    os.chdir(home)
    shutil.rmtree(folder, ignore_errors=True)


_pages = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()],
    patterns=["docs/*.md", "README.md"],
    excludes=["*/README.md"],
    setup=_enter_empty_folder,
    teardown=_leave_folder,
)
# One for each source root: a pattern such as `registry/**/*.py` would match one level of folders.
_docstrings = [
    Sybil(
        parsers=[DocTestParser(optionflags=ELLIPSIS)],
        path=root,
        patterns=["*.py"],
        setup=_enter_empty_folder,
        teardown=_leave_folder,
    )
    for root in ("registry", "plugins", "cli")
]
pytest_collect_file = SybilCollection([_pages, *_docstrings]).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the examples: most of them use Keras, and the pages of the docs train models."""
    for item in items:
        if isinstance(item, SybilItem):
            item.add_marker("keras")
            if item.path.suffix == ".md":
                item.add_marker("slow")
