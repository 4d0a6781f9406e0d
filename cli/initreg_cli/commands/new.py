"""``initreg new``: a distribution with a new plugin, ready to be tested and released."""

import importlib.util
import keyword
import re
import sys
import types
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from initreg_cli.options import bad_value


class License(StrEnum):
    """The licences to choose from, by their SPDX identifiers."""

    MIT = "MIT"
    APACHE = "Apache-2.0"
    BSD = "BSD-3-Clause"
    NONE = "none"


# A longer name would make lines of the template too long.
_LONGEST = 40
# Packages that may not be installed here, and the modules of the plugin's own tests.
_TAKEN = ("conftest", "jax", "tensorflow", "test_plugin", "tests", "torch")


def new(
    name: Annotated[
        str, typer.Argument(help="Name of the distribution, such as acme-inits.", metavar="NAME")
    ],
    folder: Annotated[
        Path, typer.Option("--dir", help="The folder to create it in.", metavar="DIR")
    ] = Path(),
    license_: Annotated[
        License, typer.Option("--license", help="The licence, as an SPDX identifier.")
    ] = License.MIT,
    author: Annotated[
        str | None,
        typer.Option(help="The copyright holder.", metavar="TEXT", show_default=False),
    ] = None,
) -> None:
    """Create a new plugin: one initializer, its tests, ready for a release.

    Creates all files or none; never overwrites.
    """
    import shlex

    from initreg_cli import scaffold
    from initreg_cli.output import render

    package, initializer, class_name = _names(name)
    other_plugin = _other_plugin(initializer)
    author = f"The authors of {name}" if author is None else author.strip()
    if not author or not author.isprintable():
        raise bad_value("--author", "it must be one line, not empty.")
    target = folder / name
    if target.exists() or target.is_symlink():
        raise bad_value("NAME", f"{target} exists. Choose another name, or another --dir.")
    if not folder.is_dir():
        raise bad_value("--dir", f"there is no folder {folder}. Create it first.")
    spdx = "" if license_ is License.NONE else str(license_)
    plugin = scaffold.Plugin(name, package, initializer, class_name, spdx, author)
    scaffold.write(target, scaffold.fill(plugin))
    if other_plugin:
        qualified = f"{package}.{initializer}"
        render.print_note(
            f"{other_plugin} provides an initializer {initializer!r}, too. If both are installed, "
            f"write {qualified} in specs."
        )
    module = (target / "src" / package / "plugin.py").as_posix()
    render.print_note(f"Created {target}. Its initializer {initializer} is in {module}. Next:")
    steps = (
        f"cd {shlex.quote(str(target))}",
        'python -m pip install -e ".[test]"',
        f"initreg list {initializer}",
        f"initreg verify {initializer}",
        "python -m pytest",
    )
    for step in steps:
        render.print_note(f"    {step}")


def _names(name: str) -> tuple[str, str, str]:
    """Return the names of the package, the initializer and the class; reject invalid names."""
    import initreg

    package = re.sub(r"[-_.]+", "_", name).lower()
    initializer = re.sub(r"^initreg(_|$)|(?<!^)_initreg$", "", package)
    class_name = "".join(part.capitalize() for part in initializer.split("_"))
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        problem = (
            f"{name!r} is not a valid name for a distribution. Use letters, digits and -, as in "
            "acme-inits; --dir is the folder to create it in."
        )
    elif len(name) > _LONGEST:
        problem = f"{name!r} has {len(name)} characters. Use {_LONGEST} at most."
    elif not package.isidentifier():
        problem = f"{package!r} is not a valid name for a package. Begin with a letter."
    elif not initializer[:1].isalpha() or initializer == "initreg":
        problem = f"{name!r} leaves no name for an initializer. Try one such as initreg-spread."
    elif any(map(keyword.iskeyword, (package, class_name))) or _is_reserved(initializer):
        problem = f"{name!r} has another meaning in Python or in a spec. Choose another name."
    elif class_name == "Field" or class_name in dir(initreg):
        problem = f"another class is called {class_name} already. Choose another name."
    elif package in sys.stdlib_module_names:
        problem = f"Python has a module {package!r}. Choose another name."
    elif package in _TAKEN or importlib.util.find_spec(package):
        problem = (
            f"a package {package!r} exists, and one would hide the other. Choose another name."
        )
    else:
        return package, initializer, class_name
    raise bad_value("NAME", problem)


def _is_reserved(initializer: str) -> bool:
    """Return True if the library rejects a config class of this name."""
    from initreg import InitializerConfig, PluginError

    try:
        types.new_class("Named", (InitializerConfig,), {"name": initializer})
    except PluginError:
        return True
    return False


def _other_plugin(initializer: str) -> str:
    """Reject the name of a built-in initializer. Name the plugin that provides it, if one does."""
    from initreg import AmbiguousInitializerError, UnknownInitializerError
    from initreg_cli.installed import load_registry

    registry = load_registry()
    try:
        plugin = registry.find(initializer).plugin
    except UnknownInitializerError:
        return ""
    except AmbiguousInitializerError:
        return "More than one plugin"
    if plugin.distribution == "initreg":
        problem = f"the initializer {initializer!r} is built in. Choose another name."
        raise bad_value("NAME", problem)
    return plugin.distribution
