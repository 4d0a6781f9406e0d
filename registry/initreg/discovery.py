"""Entry points to plugins to records. A plugin that fails is a record with its error.

The loop over entry points is our own, because pluggy's `load_setuptools_entrypoints` stops at the
first plugin that fails.
"""

import os
import re
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import pluggy

from initreg import hookspecs
from initreg.config import InitializerConfig
from initreg.errors import PluginError

BUILTIN = "initreg"  # the distribution whose plugins are the built-in ones
ALLOW_LIST = "INITREG_PLUGINS"


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What became of one plugin.

    `name` is that of its entry point. `error` says why it, or a part of it, is not there.
    `blocked` plugins were not imported. `import_seconds` is None where nothing was imported.
    """

    name: str
    distribution: str = ""
    version: str = ""
    initializers: tuple[str, ...] = ()
    error: str | None = None
    import_seconds: float | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Plugin:
    """A record with the config classes that the plugin brings."""

    record: PluginRecord
    classes: tuple[type[InitializerConfig], ...] = ()


def normalize(distribution: str) -> str:
    """Write a distribution's name as in a qualified name: ``Acme-Inits`` is ``acme_inits``."""
    return re.sub(r"[-_.]+", "_", distribution).lower()


class Discovery:
    """Finds, imports and asks plugins, each in a guard of its own, each once."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._plugins: dict[str, Plugin] = {}

    def builtin(self) -> list[Plugin]:
        """Load the built-in plugins, without a look at any other distribution."""
        plugins = self._from_distribution(BUILTIN)
        if not plugins:
            raise PluginError(
                "initreg's own plugins are not found: it is imported from a folder, but not "
                "installed. Install it: pip install initreg"
            )
        return plugins

    def distribution(self, name: str) -> list[Plugin]:
        """Load the plugins of the one distribution of that (normalized) name."""
        return self._from_distribution(name)

    def others(self) -> list[Plugin]:
        """Load all plugins but the built-in ones, in the order of their names."""
        try:
            points = list(metadata.entry_points(group=hookspecs.PROJECT))
            broken: list[Plugin] = []
        except Exception:  # one distribution with unreadable metadata stops the whole scan
            points, broken = _one_by_one()
        found = [p for p in points if p.dist and normalize(p.dist.name) != BUILTIN]
        return self._load(found) + broken

    def _from_distribution(self, name: str) -> list[Plugin]:
        try:
            points = metadata.distribution(name).entry_points.select(group=hookspecs.PROJECT)
        except metadata.PackageNotFoundError:
            return []
        return self._load(points)

    def _load(self, points: Iterable[metadata.EntryPoint]) -> list[Plugin]:
        named = {}
        for point in points:
            distribution = point.dist.name if point.dist else ""
            named[f"{normalize(distribution)}:{point.name}"] = point
        for key in sorted(named.keys() - self._plugins.keys()):
            self._plugins[key] = self._load_one(key, named[key])
        return [self._plugins[key] for key in sorted(named)]

    def _load_one(self, key: str, point: metadata.EntryPoint) -> Plugin:
        record = PluginRecord(
            point.name,
            point.dist.name if point.dist else "",
            point.dist.version if point.dist else "",
        )
        if not _allowed(record):
            blocked = f"blocked: {ALLOW_LIST} does not name it"
            return Plugin(replace(record, error=blocked, blocked=True))
        started = time.perf_counter()
        try:
            module = point.load()
        except (Exception, SystemExit) as error:  # a plugin can do anything while it is imported
            return Plugin(replace(record, error=_summary(error)))
        record = replace(record, import_seconds=time.perf_counter() - started)
        return self.register(module, record, key)

    def register(self, module: object, record: PluginRecord, key: str) -> Plugin:
        """Register what a plugin's entry point names, and ask it for its initializers."""
        try:
            self._manager.register(module, key)
            self._manager.check_pending()  # pluggy's own check for hooks that do not exist
            classes = self._ask(module)
        except (Exception, SystemExit) as error:  # a hook is the plugin's code
            if self._manager.has_plugin(key):  # pluggy leaves a refused plugin registered
                self._manager.unregister(name=key)
            return Plugin(replace(record, error=_summary(error)))
        return Plugin(record, tuple(classes))

    def _ask(self, module: object) -> list[type[InitializerConfig]]:
        """Call the plugin's own hook alone, so that its failure is its own."""
        if not self._manager.get_hookcallers(module):
            raise PluginError(
                "it implements no hook. Mark its initreg_initializers function with "
                "@initreg.hookimpl"
            )
        # The newest stands last, so this stays quick however many plugins there are.
        implementations = reversed(self._manager.hook.initreg_initializers.get_hookimpls())
        own = next((hook for hook in implementations if hook.plugin is module), None)
        classes = own.function() if own else []
        if not isinstance(classes, list | tuple):
            raise PluginError(
                "initreg_initializers returns a list of InitializerConfig classes, not "
                f"{type(classes).__name__}"
            )
        for item in classes:
            if not (isinstance(item, type) and issubclass(item, InitializerConfig)):
                raise PluginError(
                    f"initreg_initializers returned {item!r}, which is no subclass of "
                    "InitializerConfig"
                )
            if not item.initializer_name:
                raise PluginError(
                    f"{item.__name__} has no name: class {item.__name__}"
                    "(InitializerConfig, name='…')"
                )
        return list(classes)


def _allowed(record: PluginRecord) -> bool:
    listed = os.environ.get(ALLOW_LIST)
    if listed is None or normalize(record.distribution) == BUILTIN:
        return True
    allowed = {normalize(name.strip()) for name in listed.split(",")}
    return bool({normalize(record.name), normalize(record.distribution)} & allowed)


def _one_by_one() -> tuple[list[metadata.EntryPoint], list[Plugin]]:
    """Scan distribution by distribution, and turn those that can't be read into records."""
    points: dict[tuple[str, str], metadata.EntryPoint] = {}
    broken = []
    for distribution in metadata.distributions():
        try:
            for point in distribution.entry_points.select(group=hookspecs.PROJECT):
                points.setdefault((normalize(distribution.name), point.name), point)
        except Exception as error:  # whatever stands in another project's metadata
            name = _name_of(distribution)
            problem = f"its entry points can't be read: {_summary(error)}"
            broken.append(Plugin(PluginRecord("", name, error=problem)))
    return list(points.values()), broken


def _name_of(distribution: metadata.Distribution) -> str:
    try:
        return distribution.name or "a distribution without a name"
    except Exception:  # its name can't be read either
        return "a distribution without a name"


def _summary(error: BaseException) -> str:
    """Write an error of a plugin in one line, with the place in the plugin's code."""
    if isinstance(error, PluginError):
        return str(error)
    text = " ".join(str(error).split())
    summary = f"{type(error).__name__}: {text}" if text else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) or not frames:
        return summary
    last = frames[-1]
    if last.filename.startswith("<") or pluggy.__name__ in Path(last.filename).parts:
        return summary
    return f"{summary} ({Path(last.filename).name}, line {last.lineno})"
