"""The file formats that can be read: one row for each.

To add a format, write its parser in a module of its own and add a row. A parser is imported when
a file of its format is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from initreg.documents.document import Document
from initreg.documents.writing import in_json, in_toml, in_yaml


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one format are recognized, read and written.

    `parse` returns the documents of a text, and raises `TextError` if the text is invalid. `write`
    returns a value on one line; it is None if files of the format can't be rewritten. `unpack`
    returns the bytes of the text in an archive, given the archive, its name and the most bytes to
    return.
    """

    name: str
    endings: tuple[str, ...]
    max_bytes: int
    parse: Callable[[str], list[Document]]
    write: Callable[[Any], str] | None = None
    has_null: bool = True
    unpack: Callable[[IO[bytes], str, int], bytes] | None = None


def _parse_yaml(text: str) -> list[Document]:
    from initreg.documents import from_yaml

    return from_yaml.parse(text)


def _parse_json(text: str) -> list[Document]:
    from initreg.documents import from_json

    return from_json.parse(text)


def _parse_toml(text: str) -> list[Document]:
    from initreg.documents import from_toml

    return from_toml.parse(text)


def _unpack_keras(file: IO[bytes], name: str, limit: int) -> bytes:
    from initreg.documents import from_keras

    return from_keras.unpack(file, name, limit)


# The parser of YAML takes about 3 s for a megabyte.
YAML = Format("yaml", (".yaml", ".yml"), 8 << 20, _parse_yaml, in_yaml)
JSON = Format("json", (".json",), 64 << 20, _parse_json, in_json)
TOML = Format("toml", (".toml",), 8 << 20, _parse_toml, in_toml, has_null=False)
KERAS = Format("keras", (".keras",), 64 << 20, _parse_json, unpack=_unpack_keras)

FORMATS = (YAML, JSON, TOML, KERAS)


def format_named(name: str) -> Format:
    """Return the format of this name."""
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise ValueError(f"language must be one of {names}, not {name!r}.")


def format_of_ending(ending: str) -> Format | None:
    """Return the format of files with this ending, such as ``.yaml``."""
    return next((known for known in FORMATS if ending.lower() in known.endings), None)
