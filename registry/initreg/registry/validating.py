"""Validate specs by the config classes of one registry, and collect the warnings."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from initreg.config.base import InitializerConfig
from initreg.config.targets import is_portable_form
from initreg.draws.seeds import checked_seed
from initreg.errors import (
    AmbiguousInitializerError,
    ConfigError,
    InitregError,
    UnknownInitializerError,
)
from initreg.registry.names import Entry, Lookup
from initreg.registry.requests import Request, read

_TEXTS_KEPT = 1024  # how many validated texts are remembered
NESTING = "initreg.nesting"  # the key of a `Nesting` in Pydantic's validation context


class Validated(NamedTuple):
    """A config, with the warnings that each use of its spec emits."""

    config: InitializerConfig
    warnings: tuple[str, ...] = ()


class Validator:
    """Validates specs by the names of one registry. It remembers what texts mean."""

    def __init__(self, registry: Lookup) -> None:
        self._registry = registry
        self._validate_text = lru_cache(_TEXTS_KEPT)(self._validate)

    def validate(self, spec: object) -> Validated:
        """Return the config of a spec in any form. See `initreg.validate`."""
        return self._validate_text(spec) if type(spec) is str else self._validate(spec)

    def _validate(self, spec: object, depth: int = 0) -> Validated:
        if isinstance(spec, InitializerConfig):
            return Validated(spec)
        request = read(spec)
        if is_portable_form(request.module, request.name):
            return self._of_portable(request, depth)
        nesting = Nesting(self, depth)
        bound = request.bind(self._class_of(request))
        config = bound.validate({"registry": self._registry, NESTING: nesting})
        warnings = nesting.warnings + bound.deprecations(config)
        # Pydantic may validate a nested spec twice, for two branches of a union.
        return Validated(config, tuple(dict.fromkeys(warnings))) if warnings else Validated(config)

    def _of_portable(self, request: Request, depth: int) -> Validated:
        """Return the config in Keras's form of a `Portable` initializer."""
        values = {argument.name: argument.value for argument in request.arguments}
        try:
            validated = self._validate(values.get("spec"), depth)
        except InitregError as error:
            raise ConfigError([fault.below("config", "spec") for fault in error.faults]) from error
        config, seed = validated.config, values.get("seed")
        if not config.is_drawn() or values.get("path"):  # no spec gives the same values
            problem = f"No spec has the portable values of this {config}."
            raise UnknownInitializerError(problem, request.name, path=("class_name",))
        if seed is None:
            return validated
        return validated._replace(config=config.with_seed(checked_seed(seed)))

    def _class_of(self, request: Request) -> type[InitializerConfig]:
        if request.module is not None:
            return self._builder_of(request.module, request.name).config_class
        try:
            return self._registry.find(request.name).config_class
        except (UnknownInitializerError, AmbiguousInitializerError) as error:
            path = () if request.source is not None else (request.key,)
            place = (request.source, request.column, path)
            raise type(error)(error.problem, request.name, *place) from None

    def _builder_of(self, module: str, name: str) -> Entry:
        """Return the entry that builds a class which is not Keras's own."""
        for entry in self._registry.entries():
            if entry.config_class.initializer_builds == f"{module}:{name}":
                return entry
        whole = f"{module}.{name}" if module else name
        problem = f"No installed plugin builds {whole}."
        raise UnknownInitializerError(problem, name, path=("class_name",))


@dataclass(slots=True)  # a frozen one takes longer to make, and each validation makes one
class Nesting:
    """Validates the specs that are parameters of another spec.

    `depth` is the number of specs around that other one. `warnings` collects the warnings of the
    nested specs, which are emitted only if the whole spec is valid.
    """

    validator: Validator
    depth: int
    warnings: list[str] = field(default_factory=list)

    def validate(self, spec: object) -> InitializerConfig:
        """Return the config of a nested spec."""
        validated = self.validator._validate(spec, self.depth + 1)
        self.warnings.extend(validated.warnings)
        return validated.config
