"""Run the checks. Any error is a result, and never a crash of the kit."""

import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from initreg.backend import load_keras
from initreg.errors import ConfigError, Fault
from initreg.near_names import did_you_mean
from initreg.registry.registry import Registry
from initreg.testing import (  # noqa: F401  # each adds its checks to the catalog
    import_check,
    keras_checks,
    schema_checks,
    value_checks,
)
from initreg.testing.catalog import CATALOG
from initreg.testing.outcomes import CheckResult, Failed, Skipped, Status
from initreg.testing.subject import Subject
from initreg.wording import one_line

CHECKS: tuple[str, ...] = tuple(sorted(CATALOG, key=lambda name: CATALOG[name].needs_keras))
"""The names of all checks, in the order in which they run: those without Keras come first."""

Callback = Callable[[CheckResult], None]


def check(
    target: object,
    *,
    only: Iterable[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    callback: Callback | None = None,
    registry: Registry | None = None,
) -> list[CheckResult]:
    """Run the checks on an initializer; return the result of each.

    >>> [result] = check("random_normal(stddev=0.02)", only=["seeds"])
    >>> result.status
    'passed'

    `target` is a config class, a spec or a config. If it is a class, its default config is checked,
    or its first example if a parameter has no default; the quick checks look at all examples, too.
    The class need not be registered: it gets a new registry, unless `registry` is given.

    `only` names the checks to run. `expected_failures` maps names of checks to the reasons why they
    fail; the result of such a failure is ``"expected"``. `callback` is called with each result as
    soon as it is known.

    Raises `PluginError` if the class has the name of another initializer, `ConfigError` for an
    unknown check, `BackendError` if Keras has no backend, and the errors of `validate` for a spec.
    The checks of the schema import no Keras.
    """
    subject = Subject(target, registry)
    expected = expected_failures or {}
    chosen = CHECKS if only is None else [only] if isinstance(only, str) else list(only)
    require_known([*chosen, *expected])
    results = []
    for name in chosen:
        result, _ = run(name, subject, expected)
        if callback is not None:
            callback(result)
        results.append(result)
    return results


def require_known(names: Iterable[str]) -> None:
    """Raise `ConfigError` if one of the names is not that of a check."""
    for name in names:
        if name not in CATALOG:
            near = did_you_mean(name, CHECKS)
            problem = f"There is no check {name!r}.{near} The checks are {', '.join(CHECKS)}."
            raise ConfigError([Fault(problem)])


def run(
    name: str, subject: Subject, expected: Mapping[str, str]
) -> tuple[CheckResult, Exception | None]:
    """Run one check; return its result and, if it failed, the error."""
    if CATALOG[name].needs_keras:
        load_keras()  # before the clock starts: importing it is not part of the check
    started = time.perf_counter()
    status: Status = "passed"
    message, advice, spec = "", "", str(subject)
    caught: Exception | None = None
    try:
        with subject.registry.using(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of deprecated names, and of NumPy
            CATALOG[name].run(subject)
    except Skipped as reason:
        status, message = "skipped", str(reason)
    except Failed as failure:
        status, message, advice, caught = "failed", failure.message, failure.advice, failure
        spec = failure.spec or spec
    except Exception as error:  # raised by the plugin's code, or by Keras
        status, message, caught = "failed", _with_place(error, subject), error
        advice = "Fix what raises it, or raise a ConfigError for a config that is not supported."
    if status == "failed" and name in expected:
        status, message, advice = "expected", expected[name], ""
    seconds = time.perf_counter() - started
    return CheckResult(name, spec, status, message, advice, seconds), caught


def _with_place(error: BaseException, subject: Subject) -> str:
    """Write an error in one line, with the place in the plugin's code that it comes from."""
    config_class = subject.config_class
    modules = (config_class.__module__, config_class.initializer_builds.partition(":")[0])
    packages = {module.partition(".")[0] for module in modules} - {"keras", "initreg", ""}
    place = ""
    cause: BaseException | None = error
    while cause is not None and not place:
        for frame, line in traceback.walk_tb(cause.__traceback__):
            if str(frame.f_globals.get("__name__")).partition(".")[0] in packages:
                file = Path(frame.f_code.co_filename).name
                place = f" ({file}, line {line}, in {frame.f_code.co_name})"
        cause = cause.__cause__
    return f"{type(error).__name__}: {one_line(error)[:200]}{place}"
