"""Tests that use Keras are marked, so that they run on each of its backends."""

import ast

import pytest

from tests.support.paths import ROOT

MODULES = sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_that_imports_keras_has_tests_marked_with_it(path):
    tree = ast.parse(path.read_text("utf-8"))
    if "keras" in _imported(tree):
        marks = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert "pytest.mark.keras" in marks, (
            f"Write pytestmark = pytest.mark.keras into {path.name}, or mark those of its tests "
            "that use Keras."
        )


def _imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports when it is itself imported."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
