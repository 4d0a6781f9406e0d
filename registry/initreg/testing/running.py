"""All checks, and how they are run: a failure is a result, never a crash of the kit."""

import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from initreg.backend import load_keras
from initreg.errors import ConfigError, Fault
from initreg.registry.registry import Registry
from initreg.testing import import_check, keras_checks, schema_checks, value_checks
from initreg.testing.outcomes import CheckResult, Failed, Skipped, Status
from initreg.testing.subject import Subject
from initreg.wording import did_you_mean, one_line

_OF_SCHEMA: tuple[Callable[[Subject], None], ...] = (
    import_check.light_import,
    schema_checks.docs,
    schema_checks.defaults,
    schema_checks.closed_schema,
    schema_checks.json_schema,
    schema_checks.errors,
    schema_checks.round_trip,
)
_OF_KERAS: tuple[Callable[[Subject], None], ...] = (
    keras_checks.fresh_instance,
    value_checks.seeds,
    keras_checks.purity,
    keras_checks.keras_config,
    keras_checks.saved_model,
    keras_checks.tracing,
    value_checks.shapes,
    value_checks.dtypes,
    value_checks.spread,
    value_checks.support,
    value_checks.distribution,
    value_checks.threads_and_shards,
)
_BY_NAME = {each.__name__: each for each in (*_OF_SCHEMA, *_OF_KERAS)}

CHECKS: tuple[str, ...] = tuple(_BY_NAME)
"""The names of all checks, in the order in which they run."""

Callback = Callable[[CheckResult], None]


def check(
    target: object,
    *,
    only: Iterable[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    callback: Callback | None = None,
    registry: Registry | None = None,
) -> list[CheckResult]:
    """Check whether an initializer holds what every one has to; return what became of each check.

    >>> [result] = check("random_normal(stddev=0.02)", only=["seeds"])
    >>> result.status
    'passed'

    `target` is a config class, a spec or a config. Of a class, the config of its defaults is
    checked, or its first example where a parameter has no default, and the cheap checks look at
    all examples. A class needs no registry to be in: one of its own is made, or give `registry`.

    `only` names the checks to run. `expected_failures` maps names of checks to the reasons why they
    fail; one that does fail is ``"expected"``, with that reason. `callback` is called with each
    result as it comes.

    Raises `PluginError` for a class whose name is not to be had, `ConfigError` for a name that is
    no check's, `BackendError` where Keras has no backend, and the errors of `validate` for a spec.
    Checks of the schema alone import no Keras.
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
    """Raise `ConfigError` for a name that is no check's."""
    for name in names:
        if name not in _BY_NAME:
            near = did_you_mean(name, CHECKS)
            problem = f"There is no check {name!r}.{near} There are {', '.join(CHECKS)}."
            raise ConfigError([Fault(problem)])


def run(
    name: str, subject: Subject, expected: Mapping[str, str]
) -> tuple[CheckResult, Exception | None]:
    """Run one check; return its result, and the error behind a failure."""
    if _BY_NAME[name] in _OF_KERAS:
        load_keras()  # whose start is no part of the time
    started = time.perf_counter()
    status: Status = "passed"
    message, advice, spec = "", "", str(subject)
    caught: Exception | None = None
    try:
        with subject.registry.using(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a deprecated name, or NumPy, warns of
            _BY_NAME[name](subject)
    except Skipped as reason:
        status, message = "skipped", str(reason)
    except Failed as failure:
        status, message, advice, caught = "failed", failure.message, failure.advice, failure
        spec = failure.spec or spec
    except Exception as error:  # the plugin's code, or Keras's refusal
        status, message, caught = "failed", _told(error, subject), error
        advice = "Mend what raises it, or refuse with a ConfigError what can't be."
    if status == "failed" and name in expected:
        status, message, advice = "expected", expected[name], ""
    seconds = time.perf_counter() - started
    return CheckResult(name, spec, status, message, advice, seconds), caught


def _told(error: BaseException, subject: Subject) -> str:
    """Write an error in one line, with the last place in the plugin's own code."""
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
