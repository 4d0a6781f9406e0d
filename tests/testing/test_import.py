"""The check `light_import`: it imports a plugin in a new process, and names heavy modules."""

import importlib
import itertools

import pytest

from initreg import InitializerConfig
from initreg.testing import check, import_check
from tests.support.processes import python

pytestmark = pytest.mark.slow

PLUGIN = """
from pydantic import Field
from initreg import InitializerConfig, Number
class Planted(
    InitializerConfig,
    name="planted", builds="keras.initializers:Constant", examples=("planted",),
):
    '''Set every value to one number.'''
    value: Number = Field(1.0, description="The number.")
"""
_NAMES = (f"planted_{number}" for number in itertools.count())


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Write a module with a plugin; return its class."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(code):
        name = next(_NAMES)
        (tmp_path / f"{name}.py").write_text(code + PLUGIN)
        importlib.invalidate_caches()
        return importlib.import_module(name).Planted

    return make


def only(config_class):
    [result] = check(config_class, only=["light_import"])
    return result


def test_a_light_module_passes(planted):
    result = only(planted("print('hello')\n"))
    assert (result.status, result.message) == ("passed", "")


@pytest.mark.parametrize("module", ["keras", "scipy.stats", "matplotlib"])
def test_a_heavy_import_is_named(planted, module):
    results = check(planted(f"import {module}\n"))
    failed = [result for result in results if result.status == "failed"]
    assert [result.check for result in failed] == ["light_import"]
    assert module.partition(".")[0] in failed[0].message
    assert failed[0].message.startswith("Importing planted_")
    assert failed[0].advice.startswith("Import it inside build() or the function that uses it")


def test_a_slow_import_is_timed(planted):
    result = only(planted("import time\ntime.sleep(0.6)\n"))
    assert result.status == "failed"
    assert " s; 0.5 s is the limit." in result.message
    assert "python -X importtime -c 'import planted_" in result.advice


def test_a_module_that_fails_in_a_new_process_is_skipped(planted):
    result = only(planted("import sys\nassert 'pytest' in sys.modules, 'only in a test'\n"))
    assert result.status == "skipped"
    assert "can't be imported in a new process: AssertionError: only in a test" in result.message


def test_a_class_in_a_function_is_skipped():
    class Local(InitializerConfig, name="planted", builds="keras.initializers:Zeros"):
        """Set every value to 0."""

    result = only(Local)
    assert result.status == "skipped"
    assert "not in a module of a plugin" in result.message


def test_the_module_of_the_entry_point_is_imported(monkeypatch):
    monkeypatch.setattr(import_check, "LIMIT", 60)  # the machine may be busy
    [result] = check("zeros", only=["light_import"])
    assert result.status == "passed"


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("initreg", ["initreg.testing", "numpy"]),
        ("initreg.testing", ["keras", "numpy", "pytest", "jsonschema", "scipy"]),
    ],
)
def test_the_kit_itself_is_light(module, without):
    code = f"import sys, {module}; print([name for name in {without} if name in sys.modules])"
    assert python(code).stdout == "[]\n"
