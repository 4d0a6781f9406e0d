"""Regular expressions for the names of initializers, in the syntax that all languages share.

Look-up ignores case, ``-`` and ``_``, and JSON Schema can only match text with a pattern. So a name
becomes a pattern of single characters: ``[Oo][-_]*[Nn]…`` matches ``ones``, ``Ones`` and ``o-nes``.
"""

from collections.abc import Iterable

from initreg.discovery.trust import normalize
from initreg.errors import InitregError
from initreg.integrations.file_schemas import END, Schema
from initreg.registry.names import Entry
from initreg.registry.registry import Registry
from initreg.wording import fold


class NamePattern:
    """The names of one initializer, as a list and as a regular expression."""

    def __init__(self, entry: Entry, registry: Registry) -> None:
        self.config_class = config_class = entry.config_class
        self.name = entry.name
        self.summary = config_class.summary()
        own = (config_class.initializer_name, *config_class.initializer_aliases)
        short = [name for name in own if _is_unambiguous(registry, name, entry)]
        self.spellings = list(dict.fromkeys([entry.name, *short]))
        owner = map(_any_case, normalize(entry.plugin.distribution).split("_"))
        qualified = rf"{'[-_.]+'.join(owner)}\.{_as_looked_up(own)}"
        self.pattern = f"(?:{_as_looked_up(short)}|{qualified})" if short else qualified

    def matches(self, key: str) -> Schema:
        """Match a dict in which `key` names this initializer."""
        name = {"type": "string", "pattern": rf"^(?:{self.pattern}){END}"}
        return {"properties": {key: name}, "required": [key]}

    def parameters(self, *others: str) -> Schema:
        """Match a dict with parameters of the initializer, and no other keys than `others`."""
        known = (*self.config_class.parameter_fields, *self.config_class.renamed_parameters)
        return {
            "allOf": [{"$ref": f"#/$defs/{self.name}"}],
            "properties": dict.fromkeys([*others, *known], True),
            "additionalProperties": False,
        }


def _is_unambiguous(registry: Registry, name: str, entry: Entry) -> bool:
    try:
        return registry.find(name).config_class is entry.config_class
    except InitregError:  # two plugins claim it
        return False


def _any_case(name: str) -> str:
    """Match a name in any case. JSON Schema's patterns have no flag for it: ``a`` is ``[Aa]``."""
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in name)


def _as_looked_up(names: Iterable[str]) -> str:
    """Match each name as look-up does, which ignores case, ``-`` and ``_``."""
    patterns = ("".join(f"{_any_case(c)}[-_]*" for c in fold(name)) for name in names)
    return f"[-_]*(?:{'|'.join(dict.fromkeys(patterns))})"
