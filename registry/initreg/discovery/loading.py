"""Entry points to plugins to records. A plugin that fails is a record with its error.

The loop over entry points is our own, because pluggy's `load_setuptools_entrypoints` stops at the
first plugin that fails.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pluggy

from initreg.config.base import InitializerConfig
from initreg.discovery import hookspecs
from initreg.discovery.compatibility import misfit
from initreg.discovery.trust import BUILTIN, Trust, normalize, read_trust
from initreg.errors import PluginError
from initreg.public import public
from initreg.wording import place_in, shown

if TYPE_CHECKING:
    import typer


@public
@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What became of one plugin.

    `name` is that of its entry point, or of its distribution where the entry points can't be
    read. `location` is the folder that its distribution is installed in. `error` says why it, or a
    part of it, is not there. `blocked` plugins were not imported. `import_seconds` is None where
    nothing was imported. `commands` are known once the command line has asked for them, as
    ``initreg plugins`` does.
    """

    name: str
    distribution: str = ""
    version: str = ""
    initializers: tuple[str, ...] = ()
    error: str | None = None
    import_seconds: float | None = None
    blocked: bool = False
    location: str = ""
    commands: tuple[str, ...] = ()


CommandHook = Callable[["typer.Typer"], None]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A record with the config classes that the plugin brings, and its hook for commands if any."""

    record: PluginRecord
    classes: tuple[type[InitializerConfig], ...] = ()
    command_hook: CommandHook | None = None


class Discovery:
    """Finds the plugins of the installed distributions, and loads those of each distribution once.

    For one thread at a time: a `Registry` uses it under its lock.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, list[Plugin]] = {}  # by the distribution's normalized name
        self._trust: Trust | None = None

    def builtin(self) -> list[Plugin]:
        """Load the built-in plugins, without a look at any other distribution."""
        plugins = self.distribution(BUILTIN)
        if not plugins:
            raise PluginError(
                "initreg's own plugins are not found: it is imported from a folder, but not "
                "installed. Install it: pip install initreg"
            )
        return plugins

    def distribution(self, name: str) -> list[Plugin]:
        """Load the plugins of the one distribution of that name, however it is spelt."""
        if normalize(name) in self._loaded:
            return self._loaded[normalize(name)]
        try:
            found = _read(metadata.distribution(name))
        except metadata.PackageNotFoundError:
            return []
        return self._load(found)

    def others(self) -> list[Plugin]:
        """Load all plugins but the built-in ones, in the order of their distributions' names."""
        self.trust()  # a list that can't be read is an error, whatever is installed
        found = sorted(_scan(), key=lambda each: normalize(each.name))
        others = [each for each in found if normalize(each.name) != BUILTIN]
        return [plugin for each in others for plugin in self._load(each)]

    def trust(self) -> Trust:
        """Return the lists of what may be loaded, as they were when they were first needed."""
        if self._trust is None:
            self._trust = read_trust()
        return self._trust

    def _load(self, found: "_Found") -> list[Plugin]:
        key = normalize(found.name)
        if key not in self._loaded:
            self._loaded[key] = _load(found, Trust() if key == BUILTIN else self.trust())
        return self._loaded[key]


# Finding: from what is installed to entry points ------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """What the metadata of one distribution says; `problem` is why it can't be read."""

    name: str
    version: str = ""
    points: tuple[metadata.EntryPoint, ...] = ()
    problem: str | None = None
    location: str = ""
    requires: tuple[str, ...] = ()


def _scan() -> list[_Found]:
    """Find the distributions with plugins, and those of which nobody can tell."""
    distributions: Iterable[metadata.Distribution]
    try:
        points = metadata.entry_points(group=hookspecs.PROJECT)
        distributions = {id(point.dist): point.dist for point in points if point.dist}.values()
    except Exception:  # one unreadable entry_points.txt stops the whole scan: so one by one
        distributions = metadata.distributions()
    found: dict[str, _Found] = {}
    for each in map(_read, distributions):
        found.setdefault(normalize(each.name), each)  # the first on sys.path hides its duplicates
    return [each for each in found.values() if each.points or each.problem]


def _read(distribution: metadata.Distribution) -> _Found:
    name = version = ""
    try:
        fields = distribution.metadata  # parsed anew each time it is asked for
        name, version = (fields.get_all(key, [""])[0] for key in ("Name", "Version"))
        points = tuple(distribution.entry_points.select(group=hookspecs.PROJECT))
    except Exception as error:  # whatever stands in another project's metadata
        if not _may_have_plugins(distribution):
            return _Found(name, version)
        problem = f"its metadata can't be read: {_summary(error)}"
        return _Found(name, version, (), problem, _location(distribution))
    if points and not name:
        return _Found(name, problem=f"its metadata has no name: {points[0].value} is not loaded")
    requires = tuple(fields.get_all("Requires-Dist", []))
    return _Found(name, version, points, None, _location(distribution), requires)


def _location(distribution: metadata.Distribution) -> str:
    try:
        return str(Path(str(distribution.locate_file(""))))
    except Exception:  # of a finder that knows no files
        return ""


def _may_have_plugins(distribution: metadata.Distribution) -> bool:
    try:
        return f"[{hookspecs.PROJECT}]" in (distribution.read_text("entry_points.txt") or "")
    except Exception:  # it can't be read at all
        return True


# Loading: from entry points to config classes ---------------------------------------------------


def _load(found: _Found, trust: Trust) -> list[Plugin]:
    if found.problem:
        record = PluginRecord(found.name or "?", found.name, location=found.location)
        return [Plugin(replace(record, error=found.problem))]
    unfit = None if normalize(found.name) == BUILTIN else misfit(found.requires, found.name)
    plugins = []
    for point in sorted(found.points, key=lambda point: (point.name, point.value)):
        record = PluginRecord(point.name, found.name, found.version, location=found.location)
        refusal = trust.refusal(point.name, found.name)
        if refusal or unfit:
            plugins.append(Plugin(replace(record, error=refusal or unfit, blocked=bool(refusal))))
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
    """Ask what an entry point names, a module or an object with hooks, for what it brings."""
    module = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    package = module.partition(".")[0]
    try:
        hooks = _hooks(plugin, f"{record.distribution}:{record.name}")
        implementations = hooks.initreg_initializers.get_hookimpls()
        classes = [kind for each in implementations for kind in _checked(each.function())]
    except (Exception, SystemExit) as error:  # a hook is the plugin's code
        return Plugin(replace(record, error=_summary(error, package)))
    has_commands = hooks.initreg_commands.get_hookimpls()
    return Plugin(record, tuple(classes), _command_hook(hooks, package) if has_commands else None)


def _hooks(plugin: object, name: str) -> pluggy.HookRelay:
    # A manager for each: no plugin meets another, and a thousand take a thousand times as long.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name)
    manager.check_pending()  # pluggy's own check for hooks that do not exist
    hooks = manager.hook
    both = hooks.initreg_initializers, hooks.initreg_commands
    if not any(hook.get_hookimpls() for hook in both):
        raise PluginError(
            "it implements no hook. Mark its initreg_initializers or initreg_commands function "
            "with @initreg.hookimpl"
        )
    return hooks


def _command_hook(hooks: pluggy.HookRelay, package: str) -> CommandHook:
    """Return what calls the hook, and raises `PluginError` for whatever goes wrong in it."""

    def add_commands(app: "typer.Typer") -> None:
        try:
            answers = hooks.initreg_commands(app=app)
        except (Exception, SystemExit) as error:  # a hook is the plugin's code
            raise PluginError(f"initreg_commands failed: {_summary(error, package)}") from error
        if answers:
            raise PluginError(
                f"initreg_commands adds to the app, and returns nothing, not {shown(answers[0])}"
            )

    return add_commands


def _checked(answer: object) -> list[type[InitializerConfig]]:
    if not isinstance(answer, list | tuple):
        raise PluginError(
            "initreg_initializers returns a list of InitializerConfig classes, not "
            f"{type(answer).__name__}"
        )
    for item in answer:
        if not (isinstance(item, type) and issubclass(item, InitializerConfig)):
            raise PluginError(
                f"initreg_initializers returned {shown(item)}, which is no subclass of "
                "InitializerConfig"
            )
        for info in item.model_fields.values():  # a default that fails would end every listing
            info.get_default(call_default_factory=True)
        if not item.initializer_name:
            raise PluginError(
                f"{item.__name__} has no name: class {item.__name__}(InitializerConfig, name='…')"
            )
    return list(answer)


# Explaining -------------------------------------------------------------------------------------


def _summary(error: BaseException, package: str = "") -> str:
    """Write an error in one line, with the last line of the plugin's own code that led to it."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # the error is of the plugin's making, too
        text = ""
    if not isinstance(error, PluginError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    text = text.rstrip(".")
    if isinstance(error, SyntaxError):  # Python names the place
        return text
    return f"{text}{place_in(error, package)}"
