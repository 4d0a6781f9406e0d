"""Load plugins from entry points. A plugin that fails becomes a record with its error.

The loop over entry points is our own, because pluggy's `load_setuptools_entrypoints` stops at the
first plugin that fails.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pluggy

from initreg.config.base import InitializerConfig
from initreg.discovery import hookspecs
from initreg.discovery.compatibility import incompatibility
from initreg.discovery.records import CommandHook, Plugin, PluginRecord
from initreg.discovery.role_hooks import RoleHook, checked_roles
from initreg.discovery.trust import BUILTIN, Trust, normalize, read_trust
from initreg.errors import PluginError
from initreg.wording import one_line, place_in, shown

if TYPE_CHECKING:
    import typer


class Discovery:
    """Finds the plugins of the installed distributions, and loads those of each distribution once.

    Not safe for use by several threads at a time: a `Registry` uses it under its lock.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, list[Plugin]] = {}  # by the distribution's normalized name
        self._trust: Trust | None = None

    def builtin(self) -> list[Plugin]:
        """Load the built-in plugins, without looking at any other distribution."""
        plugins = self.distribution(BUILTIN)
        if not plugins:
            raise PluginError(
                "initreg's own plugins were not found: initreg is imported from a folder, but "
                "isn't installed. Install it: pip install initreg"
            )
        return plugins

    def distribution(self, name: str) -> list[Plugin]:
        """Load the plugins of one distribution, whose name can be in any spelling."""
        if normalize(name) in self._loaded:
            return self._loaded[normalize(name)]
        try:
            project = _read(metadata.distribution(name))
        except metadata.PackageNotFoundError:
            return []
        return self._load(project)

    def others(self) -> list[Plugin]:
        """Load all plugins except the built-in ones, sorted by their distributions' names."""
        self.trust()  # fails on an unreadable allow or block list even if no plugin is installed
        projects = sorted(_scan(), key=lambda project: normalize(project.name))
        others = [project for project in projects if normalize(project.name) != BUILTIN]
        return [plugin for project in others for plugin in self._load(project)]

    def trust(self) -> Trust:
        """Return the allow and block lists, which are read when they are first needed."""
        if self._trust is None:
            self._trust = read_trust()
        return self._trust

    def _load(self, project: "_Project") -> list[Plugin]:
        key = normalize(project.name)
        if key not in self._loaded:
            self._loaded[key] = _load(project, Trust() if key == BUILTIN else self.trust())
        return self._loaded[key]


# Finding: from what is installed to entry points ------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Project:
    """The metadata of one distribution; `problem` says why it can't be read."""

    name: str
    version: str = ""
    points: tuple[metadata.EntryPoint, ...] = ()
    problem: str | None = None
    location: str = ""
    requires: tuple[str, ...] = ()


def _scan() -> list[_Project]:
    """Find the distributions that have plugins, or may have some in metadata that can't be read."""
    distributions: Iterable[metadata.Distribution]
    try:
        points = metadata.entry_points(group=hookspecs.PROJECT)
        distributions = {id(point.dist): point.dist for point in points if point.dist}.values()
    except Exception:  # one unreadable entry_points.txt stops the whole scan: read one by one
        distributions = metadata.distributions()
    projects: dict[str, _Project] = {}
    for project in map(_read, distributions):
        # The first copy on sys.path hides the others.
        projects.setdefault(normalize(project.name), project)
    return [project for project in projects.values() if project.points or project.problem]


def _read(distribution: metadata.Distribution) -> _Project:
    name = version = ""
    try:
        fields = distribution.metadata  # parsed anew by each access
        name, version = (fields.get_all(key, [""])[0] for key in ("Name", "Version"))
        points = tuple(distribution.entry_points.select(group=hookspecs.PROJECT))
    except Exception as error:  # the metadata of another project can hold anything
        if not _may_have_plugins(distribution):
            return _Project(name, version)
        problem = f"its metadata can't be read: {_summary(error)}"
        return _Project(name, version, (), problem, _location(distribution))
    if points and not name:
        problem = f"its metadata has no name, so {points[0].value} was not loaded"
        return _Project(name, problem=problem)
    requires = tuple(fields.get_all("Requires-Dist", []))
    return _Project(name, version, points, None, _location(distribution), requires)


def _location(distribution: metadata.Distribution) -> str:
    try:
        return str(Path(str(distribution.locate_file(""))))
    except Exception:  # not every importer has files
        return ""


def _may_have_plugins(distribution: metadata.Distribution) -> bool:
    try:
        return f"[{hookspecs.PROJECT}]" in (distribution.read_text("entry_points.txt") or "")
    except Exception:  # it can't be read at all
        return True


# Loading: from entry points to config classes ---------------------------------------------------


def _load(project: _Project, trust: Trust) -> list[Plugin]:
    if project.problem:
        record = PluginRecord(project.name or "?", project.name, location=project.location)
        return [Plugin(replace(record, error=project.problem))]
    is_builtin = normalize(project.name) == BUILTIN
    unfit = None if is_builtin else incompatibility(project.requires, project.name)
    plugins = []
    for point in sorted(project.points, key=lambda point: (point.name, point.value)):
        record = PluginRecord(point.name, project.name, project.version, location=project.location)
        block_reason = trust.block_reason(point.name, project.name)
        if error := block_reason or unfit:
            plugins.append(Plugin(replace(record, error=error, blocked=bool(block_reason))))
        else:
            plugins.append(_load_one(point, record))
    return plugins


def _load_one(point: metadata.EntryPoint, record: PluginRecord) -> Plugin:
    started = time.perf_counter()
    try:
        if not point.pattern.match(point.value):
            raise PluginError(f"its entry point {point.value!r} is not 'module' or 'module:name'")
        plugin = point.load()
    except (Exception, SystemExit) as error:  # a plugin can do anything while it is imported
        package = re.split(r"\W", point.value, maxsplit=1)[0]
        return Plugin(replace(record, error=_summary(error, package)))
    return ask(plugin, replace(record, import_seconds=time.perf_counter() - started))


def ask(plugin: object, record: PluginRecord) -> Plugin:
    """Call the hooks of a plugin, a module or an object, and return what they provide."""
    module = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    package = module.partition(".")[0]
    try:
        hooks = _hooks(plugin, f"{record.distribution}:{record.name}")
        implementations = hooks.initreg_initializers.get_hookimpls()
        classes = [
            config_class
            for implementation in implementations
            for config_class in _checked(implementation.function())
        ]
        roles, problems = _roles(hooks)
    except (Exception, SystemExit) as error:  # a hook is the plugin's code
        return Plugin(replace(record, error=_summary(error, package)))
    command_hook = None
    if hooks.initreg_commands.get_hookimpls():
        command_hook = _command_hook(hooks, package)
    record = replace(record, error="; ".join(problems) or None, roles=tuple(roles))
    return Plugin(record, tuple(classes), command_hook, roles)


def _hooks(plugin: object, name: str) -> pluggy.HookRelay:
    # One manager for each plugin: plugins can't affect each other, and the time stays linear in
    # their number.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name)
    manager.check_pending()  # pluggy's own check for hooks that do not exist
    hooks = manager.hook
    known = hooks.initreg_initializers, hooks.initreg_roles, hooks.initreg_commands
    if not any(hook.get_hookimpls() for hook in known):
        raise PluginError(
            "it implements no hook. Mark its initreg_initializers, initreg_roles or "
            "initreg_commands function with @initreg.hookimpl"
        )
    return hooks


def _roles(hooks: pluggy.HookRelay) -> tuple[dict[str, RoleHook], list[str]]:
    roles: dict[str, RoleHook] = {}
    problems: list[str] = []
    for implementation in hooks.initreg_roles.get_hookimpls():
        more, rejected = checked_roles(implementation.function())
        roles |= more
        problems += rejected
    return roles, problems


def _command_hook(hooks: pluggy.HookRelay, package: str) -> CommandHook:
    """Return a function that calls the hook, and raises `PluginError` if the hook fails."""

    def add_commands(app: "typer.Typer") -> None:
        try:
            answers = hooks.initreg_commands(app=app)
        except (Exception, SystemExit) as error:  # a hook is the plugin's code
            raise PluginError(f"initreg_commands failed: {_summary(error, package)}") from error
        if answers:
            raise PluginError(
                f"initreg_commands must add to the app and return None, not {shown(answers[0])}"
            )

    return add_commands


def _checked(answer: object) -> list[type[InitializerConfig]]:
    if not isinstance(answer, list | tuple):
        raise PluginError(
            "initreg_initializers must return a list of InitializerConfig classes, not "
            f"{type(answer).__name__}"
        )
    for item in answer:
        if not (isinstance(item, type) and issubclass(item, InitializerConfig)):
            raise PluginError(
                f"initreg_initializers returned {shown(item)}, which is not a subclass of "
                "InitializerConfig"
            )
        for info in item.model_fields.values():  # a default that fails would break every listing
            info.get_default(call_default_factory=True)
        if not item.initializer_name:
            raise PluginError(
                f"{item.__name__} has no name. Write class {item.__name__}(InitializerConfig, "
                "name='…')"
            )
    return list(answer)


# Explaining -------------------------------------------------------------------------------------


def _summary(error: BaseException, package: str = "") -> str:
    """Write an error on one line, with the last line of the plugin's own code that led to it."""
    try:
        text = one_line(error)
    except Exception:  # the class of the error is the plugin's, too
        text = ""
    if not isinstance(error, PluginError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    text = text.rstrip(".")
    if isinstance(error, SyntaxError):  # its message has the place
        return text
    return f"{text}{place_in(error, package)}"
