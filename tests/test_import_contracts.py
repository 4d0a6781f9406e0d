"""Each contract of pyproject.toml rejects the imports that it is for.

A wrong import is planted in a copy of the sources, and import-linter must name the contract.
"""

import os
import re
import shutil
import sys

import pytest

from tests.support.paths import ROOT
from tests.support.processes import run

ROOTS = ("registry", "plugins", "cli")
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

DISTRIBUTION = "cli -> plugins -> library, and never back"
LAYERS = "The layers of the library"
CYCLES = "No cycles between the modules of any package"
PUBLIC = "Plugins and the command line use public names alone"
COMMANDS = "No command imports another one"
HEAVY = "Keras and Rich are imported in one place each"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the sources"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the sources, and of the contracts."""
    pytest.importorskip("importlinter")
    folder = tmp_path_factory.mktemp("sources")
    for root in ROOTS:
        shutil.copytree(ROOT / root, folder / root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder, status):
    """Run import-linter on a copy; return the names of the broken contracts, and all it prints."""
    path = os.pathsep.join(str(folder / root) for root in ROOTS)
    variables = {"PYTHONPATH": path, "COLUMNS": "200", "NO_COLOR": "1"}
    done = run(sys.executable, "-c", LINT, cwd=folder, status=status, variables=variables)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)  # an older Rich styles text all the same
    return set(re.findall(r"^(.+) BROKEN", printed, re.MULTILINE)), printed


def test_the_sources_keep_all_contracts(copy):
    assert lint(copy, status=0)[0] == set()


@pytest.mark.parametrize(
    ("file", "statement", "contract"),
    [
        ("registry/initreg/errors.py", "import initreg_plugins", DISTRIBUTION),
        ("plugins/initreg_plugins/constants.py", "import initreg_cli", DISTRIBUTION),
        ("registry/initreg/spec/spec.py", "import initreg.config.base", LAYERS),
        ("registry/initreg/files/searching.py", "import initreg.models.paths", LAYERS),
        ("registry/initreg/undeclared/__init__.py", "", LAYERS),
        ("registry/initreg/spec/spec.py", "import initreg.spec.grammar", CYCLES),
        ("plugins/initreg_plugins/constants.py", "import initreg.wording", PUBLIC),
        ("cli/initreg_cli/app.py", "from initreg.registry import names", PUBLIC),
        ("cli/initreg_cli/commands/show.py", "import initreg_cli.commands.list", COMMANDS),
        ("registry/initreg/api.py", "import keras", HEAVY),
        ("plugins/initreg_plugins/constants.py", "import keras.initializers", HEAVY),
        ("cli/initreg_cli/app.py", "def show():\n    import rich", HEAVY),
    ],
)
def test_a_wrong_import_breaks_its_contract(copy, file, statement, contract):
    path = copy / file
    before = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{statement}\n", "utf-8")
    try:
        broken, printed = lint(copy, status=1)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before, "utf-8")
    assert contract in broken, printed
