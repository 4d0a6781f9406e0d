"""Make tests of pytest from the checks."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from initreg.registry.registry import Registry
from initreg.testing.outcomes import CheckResult
from initreg.testing.running import CHECKS, Callback, require_known, run
from initreg.testing.subject import Subject

if TYPE_CHECKING:
    import pytest


def parametrize(
    *targets: object,
    expected_failures: Mapping[str, str] | None = None,
    callback: Callback | None = None,
    registry: Registry | None = None,
) -> "pytest.MarkDecorator":
    """Make each check of each target a test; the test function calls its argument `check`.

    >>> @parametrize("zeros", "random_normal(stddev=0.02)")
    ... def test_conformance(check):
    ...     check()

    A test has the name of its target and check, such as
    ``test_conformance[random_normal(stddev=0.02)-seeds]``, so ``pytest -k seeds`` selects some of
    them. A check that does not apply is skipped; a failure in `expected_failures` is an xfail.
    Targets, `callback` and `registry` are as in `check`; specs are validated when the test runs.
    Needs pytest.
    """
    import pytest

    expected = expected_failures or {}
    require_known(expected)
    cases = []
    for target in targets:
        subject_of = cache(lambda target=target: Subject(target, registry))
        for name in CHECKS:
            test = _test_of(name, subject_of, expected, callback)
            cases.append(pytest.param(test, id=f"{_label(target)}-{name}"))
    return pytest.mark.parametrize("check", cases)


def _test_of(
    name: str,
    subject_of: Callable[[], Subject],
    expected: Mapping[str, str],
    callback: Callback | None,
) -> Callable[[], CheckResult]:
    def check() -> CheckResult:
        import pytest

        result, error = run(name, subject_of(), expected)
        if callback is not None:
            callback(result)
        if result.status == "skipped":
            pytest.skip(result.message)
        if result.status == "expected":
            pytest.xfail(result.message)
        if result.status == "failed":
            raise AssertionError(f"{result.spec}: {result.message}\n{result.advice}") from error
        return result

    return check


def _label(target: object) -> str:
    if isinstance(target, type):
        return str(getattr(target, "initializer_name", "") or target.__name__)
    return str(target)
