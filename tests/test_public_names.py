"""Public names are loaded on first use, and are what users see in tracebacks and pickles."""

import inspect
import pickle

import pytest

import initreg
from tests.support.processes import python


def test_dir_lists_the_public_names_and_nothing_else():
    assert dir(initreg) == sorted(initreg.__all__)


@pytest.mark.parametrize("name", sorted(set(initreg.__all__) - {"hookimpl"}))
def test_a_public_class_or_function_says_that_it_is_initreg_s(name):
    thing = getattr(initreg, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert thing.__module__ == "initreg"


def test_an_error_is_shown_by_its_public_name():
    script = "import initreg; initreg.validate('he_normal(sed=1)')"
    done = python(script, status=1)
    assert "\ninitreg.ConfigError: he_normal has no parameter 'sed'." in done.stderr


def test_a_pickle_names_no_private_module():
    values = [initreg.parse("normal(1)"), initreg.Normal(0.0, 1.0), initreg.Fault("No.")]
    for value in values:
        written = pickle.dumps(value, protocol=0)
        assert b"initreg." not in written
        assert pickle.loads(written) == value


def test_an_import_loads_no_name():
    script = (
        "import sys, initreg\n"
        "print(sorted(name for name in sys.modules if name.startswith('initreg.')))"
    )
    assert python(script).stdout == "[]\n"


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        initreg.no_such_name  # noqa: B018
