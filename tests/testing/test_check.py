"""`check` and `parametrize`: their targets, their results, and errors of the plugin."""

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
    """Raise an error."""

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

    def distribution(self, shape, fans):
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


# Targets ------------------------------------------------------------------------------------------


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


@pytest.mark.slow
def test_the_first_example_of_a_class_without_defaults_is_checked():
    results = check(Shown)
    assert {result.status for result in results} == {"passed", "skipped"}
    assert {result.spec for result in results} == {"planted(value=0.5)"}


def test_without_any_config_the_checks_are_skipped_with_the_reason():
    results = check(Required)
    assert {result.spec for result in results} == {"planted"}
    assert statuses(results)["docs"] == "failed"
    assert statuses(results)["seeds"] == "skipped"
    reasons = {result.message for result in results if result.status == "skipped"}
    assert "It has no default config, and no example that validates." in reasons


@pytest.mark.slow
def test_an_initializer_with_another_inside_conforms():
    results = check(Nesting)
    assert [str(result) for result in results if result.status == "failed"] == []


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        (3, ConfigError, "3 can't be checked. Give a config class, a spec or a config."),
        ("zeros(", SpecSyntaxError, "'(' was never closed"),
        ("zeros(1)", ConfigError, "zeros takes no parameters"),
    ],
    ids=str,
)
def test_an_invalid_target_is_an_error(target, error, says):
    with pytest.raises(error) as caught:
        check(target)
    assert says in str(caught.value)


def test_a_built_in_name_is_an_error():
    class Zeros(InitializerConfig, name="zeros", builds="keras.initializers:Zeros"):
        """Take a name."""

    with pytest.raises(PluginError, match="'zeros' is rejected: 'zeros' is a built-in name"):
        check(Zeros)


def test_a_given_registry_must_have_the_class():
    registry = Registry()
    with pytest.raises(PluginError, match=r"Shown is not in the registry\. Add it: registry\.add"):
        check(Shown, registry=registry)
    registry.add(Shown)
    assert statuses(check(Shown, only=QUICK, registry=registry)).keys() == set(QUICK)


# Results ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_callback_gets_each_result():
    received = []
    results = check("zeros", callback=received.append)
    assert received == results
    assert [result.check for result in results] == list(CHECKS)


def test_an_expected_failure_has_its_reason():
    expected = {"docs": "It is young.", "round_trip": "It is not."}
    results = check(Required(value=1), only=QUICK, expected_failures=expected)
    assert results[0] == CheckResult(
        "docs", "planted(value=1)", "expected", "It is young.", "", results[0].seconds
    )
    assert statuses(results) == {"docs": "expected", "round_trip": "passed"}


@pytest.mark.parametrize("options", [{"only": ["seds"]}, {"expected_failures": {"seds": "why"}}])
def test_an_unknown_check_is_an_error(options):
    with pytest.raises(ConfigError, match=r"There is no check 'seds'\. Did you mean 'seeds'\?"):
        check("zeros", **options)


def test_an_error_of_the_plugin_is_a_failure_with_its_place():
    [result] = check(Broken, only="shapes")
    assert result.status == "failed"
    assert result.message.startswith(
        "ZeroDivisionError: integer division or modulo by zero (test_check.py, line "
    )
    assert result.message.endswith(", in example_shape)")


def test_the_default_registry_is_unchanged():
    check(Shown, only=QUICK)
    with pytest.raises(LookupError):
        validate("planted(1)")


def test_a_result_is_a_line():
    failed = CheckResult("seeds", "planted", "failed", "Two are one.", "Pass it on.")
    assert str(failed) == "seeds of planted failed: Two are one. Pass it on."
    assert str(CheckResult("seeds", "planted", "passed")) == "seeds of planted passed"


# As tests -----------------------------------------------------------------------------------------


def cases(*targets, **options):
    mark = parametrize(*targets, **options).mark
    assert mark.args[0] == "check"
    return {case.id: case.values[0] for case in mark.args[1]}


def test_the_tests_have_names_of_target_and_check():
    tests = cases("random_normal(stddev=0.02)", Shown, validate("ones"))
    assert len(tests) == 3 * len(CHECKS)
    assert {"random_normal(stddev=0.02)-seeds", "planted-docs", "ones-shapes"} <= tests.keys()


def test_a_test_passes_fails_or_is_skipped():
    received = []
    expected = {"json_schema": "no"}
    tests = cases(Required(value=1), expected_failures=expected, callback=received.append)
    assert tests["planted(value=1)-round_trip"]().status == "passed"
    with pytest.raises(AssertionError, match=r"planted.*: It has no example\.\nAdd examples="):
        tests["planted(value=1)-docs"]()
    with pytest.raises(pytest.skip.Exception, match="It states no distribution"):
        tests["planted(value=1)-support"]()
    assert [result.check for result in received] == ["round_trip", "docs", "support"]


def test_an_expected_failure_is_an_xfail():
    tests = cases(Required(value=1), expected_failures={"docs": "It is young."})
    with pytest.raises(pytest.xfail.Exception, match="It is young"):
        tests["planted(value=1)-docs"]()


def test_the_cause_of_a_failure_is_the_error_of_the_plugin():
    tests = cases(Broken)
    with pytest.raises(AssertionError) as caught:
        tests["planted-shapes"]()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@parametrize("ones", Shown, expected_failures={"spread": "There is one value."})
def test_conformance(check):
    check()


def test_the_page_lists_all_checks():
    page = read("testing.md")
    table = page.partition("## What is checked")[2].partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(CHECKS)
