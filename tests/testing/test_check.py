"""`check` and `parametrize`: what they take, what comes back, and what becomes of errors."""

import re

import pytest
from pydantic import Field

from initreg import (
    ConfigError,
    Constant,
    InitializerConfig,
    InitializerField,
    Number,
    PluginError,
    Registry,
    Seed,
    SpecSyntaxError,
    validate,
)
from initreg.testing import CHECKS, CheckResult, check, parametrize
from tests.support.pages import read

pytestmark = pytest.mark.keras

QUICK = ["docs", "round_trip"]


class Broken(
    InitializerConfig, name="planted", builds="keras.initializers:Zeros", examples=("planted",)
):
    """Fail in its own code."""

    def example_shape(self):
        return (1 // 0,)


class Required(InitializerConfig, name="planted", builds="keras.initializers:Constant"):
    """Need a value."""

    value: Number = Field(description="The number.")


class Shown(
    Required,
    name="planted",
    examples=("planted(0.5)", "planted(2)"),
    deprecated="Use constant.",
    renamed={"number": "value"},
):
    """Set every value to one number."""

    def distribution(self, shape):
        return Constant(self.value)


class Nesting(
    InitializerConfig, name="planted", builds="keras.initializers:Zeros", examples=("planted",)
):
    """Hold another initializer."""

    inner: InitializerField = Field("random_normal(seed=1)", description="Another one.")
    seed: Seed = Field(None, description="Seed of the draw.")

    def build(self):
        return self.inner.build()


def statuses(results):
    return {result.check: result.status for result in results}


# What it takes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "spec"),
    [
        ("zeros", "zeros"),
        ("random_normal(stddev=0.020)", "random_normal(stddev=0.02)"),
        ({"type": "random_normal", "seed": 3}, "random_normal(seed=3)"),
        (validate("ones"), "ones"),
        (type(validate("ones")), "ones"),
        (Shown, "planted(value=0.5)"),
        (Shown(value=3), "planted(value=3)"),
    ],
    ids=str,
)
def test_targets(target, spec):
    results = check(target, only=QUICK)
    assert statuses(results) == dict.fromkeys(QUICK, "passed")
    assert {result.spec for result in results} == {spec}
    assert all(result.seconds >= 0 for result in results)


def test_of_a_class_without_defaults_the_first_example_is_checked():
    results = check(Shown)
    assert {result.status for result in results} == {"passed", "skipped"}
    assert {result.spec for result in results} == {"planted(value=0.5)"}


def test_without_any_config_the_checks_are_skipped_and_the_cause_told():
    results = check(Required)
    assert {result.spec for result in results} == {"planted"}
    assert statuses(results)["docs"] == "failed"
    assert statuses(results)["seeds"] == "skipped"
    told = {result.message for result in results if result.status == "skipped"}
    assert "There is no config to try: it has no example that validates." in told


def test_what_nests_another_conforms():
    results = check(Nesting)
    assert [str(each) for each in results if each.status == "failed"] == []


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        (3, ConfigError, "3 can't be checked: give a config class, a spec or a config."),
        ("zeros(", SpecSyntaxError, "'(' was never closed"),
        ("zeros(1)", ConfigError, "zeros takes no parameters"),
    ],
    ids=str,
)
def test_what_is_no_target_is_told(target, error, says):
    with pytest.raises(error) as caught:
        check(target)
    assert says in str(caught.value)


def test_a_name_that_is_built_in_is_told():
    class Zeros(InitializerConfig, name="zeros", builds="keras.initializers:Zeros"):
        """Take a name."""

    with pytest.raises(PluginError, match="'zeros' is rejected: 'zeros' is a built-in name"):
        check(Zeros)


def test_a_registry_has_to_have_the_class():
    registry = Registry()
    with pytest.raises(PluginError, match=r"Shown is not in the registry\. Add it: registry\.add"):
        check(Shown, registry=registry)
    registry.add(Shown)
    assert statuses(check(Shown, only=QUICK, registry=registry)).keys() == set(QUICK)


# What comes back ----------------------------------------------------------------------------------


def test_each_check_is_told_as_it_comes():
    told = []
    results = check("zeros", callback=told.append)
    assert told == results
    assert [result.check for result in results] == list(CHECKS)


def test_an_expected_failure_is_told_with_its_reason():
    expected = {"docs": "It is young.", "round_trip": "It is not."}
    results = check(Required(value=1), only=QUICK, expected_failures=expected)
    assert results[0] == CheckResult(
        "docs", "planted(value=1)", "expected", "It is young.", "", results[0].seconds
    )
    assert statuses(results) == {"docs": "expected", "round_trip": "passed"}


@pytest.mark.parametrize("given", [{"only": ["seds"]}, {"expected_failures": {"seds": "why"}}])
def test_a_check_that_is_not_there_is_told(given):
    with pytest.raises(ConfigError, match=r"There is no check 'seds'\. Did you mean 'seeds'\?"):
        check("zeros", **given)


def test_an_error_of_the_plugin_is_a_failure_with_its_place():
    [result] = check(Broken, only="shapes")
    assert result.status == "failed"
    assert result.message.startswith(
        "ZeroDivisionError: integer division or modulo by zero (test_check.py, line "
    )
    assert result.message.endswith(", in example_shape)")


def test_the_default_registry_is_left_as_it_was():
    check(Shown, only=QUICK)
    with pytest.raises(LookupError):
        validate("planted(1)")


def test_a_result_is_a_line():
    told = CheckResult("seeds", "planted", "failed", "Two are one.", "Hand it on.")
    assert str(told) == "seeds of planted failed: Two are one. Hand it on."
    assert str(CheckResult("seeds", "planted", "passed")) == "seeds of planted passed"


# As tests -----------------------------------------------------------------------------------------


def cases(*targets, **options):
    mark = parametrize(*targets, **options).mark
    assert mark.args[0] == "check"
    return {case.id: case.values[0] for case in mark.args[1]}


def test_the_tests_are_called_after_target_and_check():
    found = cases("random_normal(stddev=0.02)", Shown, validate("ones"))
    assert len(found) == 3 * len(CHECKS)
    assert {"random_normal(stddev=0.02)-seeds", "planted-docs", "ones-shapes"} <= found.keys()


def test_a_test_passes_fails_or_is_skipped():
    told = []
    found = cases(Required(value=1), expected_failures={"json_schema": "no"}, callback=told.append)
    assert found["planted(value=1)-round_trip"]().status == "passed"
    with pytest.raises(AssertionError, match=r"planted.*: It has no example\.\nAdd examples="):
        found["planted(value=1)-docs"]()
    with pytest.raises(pytest.skip.Exception, match="It states no distribution"):
        found["planted(value=1)-support"]()
    assert [result.check for result in told] == ["round_trip", "docs", "support"]


def test_an_expected_failure_is_an_xfail():
    found = cases(Required(value=1), expected_failures={"docs": "It is young."})
    with pytest.raises(pytest.xfail.Exception, match="It is young"):
        found["planted(value=1)-docs"]()


def test_a_failure_has_the_error_of_the_plugin_behind_it():
    found = cases(Broken)
    with pytest.raises(AssertionError) as caught:
        found["planted-shapes"]()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@parametrize("ones", Shown, expected_failures={"spread": "There is one value."})
def test_conformance(check):
    check()


def test_the_page_lists_all_checks():
    page = read("testing.md")
    table = page.partition("## What is checked")[2].partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(CHECKS)
