"""Check that the layer classes that plugins describe exist."""

import importlib
import pkgutil
import time
import warnings
from functools import reduce
from types import ModuleType

from initreg.near_names import did_you_mean
from initreg.registry.registry import Registry, default_registry
from initreg.testing.outcomes import CheckResult, Failed, Status
from initreg.wording import one_line


def check_layer_classes(plugin: str = "", registry: Registry | None = None) -> list[CheckResult]:
    """Look up each class that a plugin names in `initreg_roles`; return a result for each.

    >>> check_layer_classes("no-such-plugin")
    []

    A wrong name is found by nothing else: the plugin describes a class that no layer has. `plugin`
    is the name of a plugin or of its distribution; by default, all plugins are checked. Imports the
    modules of the layers.
    """
    registry = registry or default_registry()
    results = []
    for record in registry.plugins():
        if plugin and not record.matches(plugin):
            continue
        results += [_checked(name) for name in record.roles]
    return results


def _checked(name: str) -> CheckResult:
    started = time.perf_counter()
    status: Status = "passed"
    message = advice = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _look_up(name)
    except Failed as failure:
        status, message, advice = "failed", failure.message, failure.advice
    seconds = time.perf_counter() - started
    return CheckResult("layer_class", name, status, message, advice, seconds)


def _look_up(name: str) -> None:
    advice = "Correct the name in initreg_roles."
    module_name, _, path = name.partition(":")
    module = _imported(module_name)
    try:
        found = reduce(getattr, path.split("."), module)
    except AttributeError:
        near = did_you_mean(path, [key for key, value in vars(module).items() if _is_class(value)])
        raise Failed(f"{module_name} has no {path}.{near}", advice) from None
    if not isinstance(found, type):
        raise Failed(f"{name} is not a class.", advice)
    own = f"{found.__module__}:{found.__qualname__}"
    if own != name:  # a layer is found by the module that defines it
        raise Failed(f"{name} is defined as {own}.", f"Write '{own}' in initreg_roles.")


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # the plugin's code
        near = ""
        parent, _, last = name.rpartition(".")
        if isinstance(error, ModuleNotFoundError) and error.name == name and parent:
            path = getattr(importlib.import_module(parent), "__path__", ())
            near = did_you_mean(last, [module.name for module in pkgutil.iter_modules(path)])
        problem = f"{name} can't be imported: {type(error).__name__}: {one_line(error)}.{near}"
        advice = "Correct the name in initreg_roles, or install the layers."
        raise Failed(problem, advice) from error


def _is_class(value: object) -> bool:
    return isinstance(value, type)
