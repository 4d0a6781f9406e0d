"""``initreg new``: a distribution of a plugin's own, ready to be installed, tested and released."""

import importlib.util
import keyword
import re
import shlex
import sys
import types
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class License(StrEnum):
    """The licences to choose from, by their names in SPDX."""

    MIT = "MIT"
    APACHE = "Apache-2.0"
    BSD = "BSD-3-Clause"
    NONE = "none"


# So that no line of the template grows too long.
_LONGEST = 40
# Packages that need not be installed here, and the modules of the plugin's own tests.
_TAKEN = ("conftest", "jax", "tensorflow", "test_plugin", "tests", "torch")


def new(
    name: Annotated[
        str, typer.Argument(help="The distribution's name, such as acme-inits.", metavar="NAME")
    ],
    folder: Annotated[
        Path, typer.Option("--dir", help="The folder to make it in.", metavar="DIR")
    ] = Path(),
    license_: Annotated[
        License, typer.Option("--license", help="The licence, by its name in SPDX.")
    ] = License.MIT,
    author: Annotated[
        str | None,
        typer.Option(help="Who holds the copyright.", metavar="TEXT", show_default=False),
    ] = None,
) -> None:
    """Make a new plugin: one initializer, its tests, ready for a release.

    It is written whole or not at all, and over nothing.
    """
    from initreg_cli import scaffold
    from initreg_cli.output import render

    package, initializer, class_name = _named(name)
    elsewhere = _brought_by(initializer)
    author = f"The authors of {name}" if author is None else author.strip()
    if not author or not author.isprintable():
        raise _wrong("--author", "give a name, in one line.")
    target = folder / name
    if target.exists() or target.is_symlink():
        raise _wrong("NAME", f"{target} exists. Choose another name, or another --dir.")
    if not folder.is_dir():
        raise _wrong("--dir", f"there is no folder {folder}. Make it first.")
    spdx = "" if license_ is License.NONE else str(license_)
    plugin = scaffold.Plugin(name, package, initializer, class_name, spdx, author)
    scaffold.write(target, scaffold.fill(plugin))
    if elsewhere:
        qualified = f"{package}.{initializer}"
        render.note(
            f"{elsewhere} brings an initializer {initializer!r}, too. Where both are installed, "
            f"specs have to say {qualified}."
        )
    module = (target / "src" / package / "plugin.py").as_posix()
    render.note(f"Made {target}. Its initializer {initializer} is in {module}. Next:")
    steps = (
        f"cd {shlex.quote(str(target))}",
        'python -m pip install -e ".[test]"',
        f"initreg list {initializer}",
        f"initreg verify {initializer}",
        "python -m pytest",
    )
    for step in steps:
        render.note(f"    {step}")


def _named(name: str) -> tuple[str, str, str]:
    """Return the names of package, initializer and class, or refuse the distribution's."""
    import initreg

    package = re.sub(r"[-_.]+", "_", name).lower()
    initializer = re.sub(r"^initreg(_|$)|(?<!^)_initreg$", "", package)
    class_name = "".join(part.capitalize() for part in initializer.split("_"))
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        problem = (
            f"{name!r} is no name for a distribution. Use letters, digits and -, such as "
            "acme-inits; --dir is the folder to make it in."
        )
    elif len(name) > _LONGEST:
        problem = f"{name!r} has {len(name)} characters. Use {_LONGEST} at most."
    elif not package.isidentifier():
        problem = f"a package can't be called {package!r}. Begin with a letter."
    elif not initializer[:1].isalpha() or initializer == "initreg":
        problem = f"{name!r} leaves no name for an initializer. Try one such as initreg-spread."
    elif any(map(keyword.iskeyword, (package, class_name))) or _is_reserved(initializer):
        problem = f"{name!r} stands for something else in Python or in a spec. Choose another name."
    elif class_name == "Field" or class_name in dir(initreg):
        problem = f"its class would be called {class_name}, as one of initreg. Choose another name."
    elif package in sys.stdlib_module_names:
        problem = f"Python has a module {package!r} of its own. Choose another name."
    elif package in _TAKEN or importlib.util.find_spec(package):
        problem = (
            f"there is a package {package!r} already, and one hides the other. Choose another name."
        )
    else:
        return package, initializer, class_name
    raise _wrong("NAME", problem)


def _is_reserved(initializer: str) -> bool:
    """Return True if the library rejects a config class of this name."""
    from initreg import InitializerConfig, PluginError

    try:
        types.new_class("Named", (InitializerConfig,), {"name": initializer})
    except PluginError:
        return True
    return False


def _brought_by(initializer: str) -> str:
    """Refuse a name that initreg has built in; say which plugins bring it, if any do."""
    from initreg import AmbiguousInitializerError, UnknownInitializerError
    from initreg_cli.stdout import loaded_registry

    registry = loaded_registry()
    try:
        plugin = registry.find(initializer).plugin
    except UnknownInitializerError:
        return ""
    except AmbiguousInitializerError:
        return "More than one plugin"
    if plugin.distribution == "initreg":
        problem = f"the initializer {initializer!r} is built in. Choose another name."
        raise _wrong("NAME", problem)
    return plugin.distribution


def _wrong(argument: str, problem: str) -> typer.BadParameter:
    return typer.BadParameter(problem, param_hint=f"'{argument}'")
