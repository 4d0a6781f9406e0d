"""A file's bytes to documents: size, encoding, language, and errors with their line."""

import bisect
import codecs
import io
import os
import re
import sys
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from initreg.documents.node import Document, TextError
from initreg.errors import UnreadableError

LANGUAGES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".toml": "toml",
    ".keras": "keras",
}

# A reader of YAML takes about 3 s for a megabyte.
MAX_BYTES = {"yaml": 8 << 20, "toml": 8 << 20, "json": 64 << 20, "keras": 64 << 20}

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, with whose mark it starts
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]


@dataclass(frozen=True)
class Source:
    """A text, its name, and what is in it. Offsets count characters from 0."""

    file: str
    text: str
    language: str
    documents: tuple[Document, ...] = field(default=())

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def read_file(path: str | os.PathLike[str], language: str | None = None) -> Source:
    """Read a file; its ending says the language, unless `language` does.

    ``-`` is the standard input: YAML, unless `language` says otherwise.

    Raises `UnreadableError` for a file that is not there, is too large, or is not of its language.
    """
    name = os.fspath(path)
    if name == "-":
        language = language or "yaml"
        if sys.stdin is None:
            raise UnreadableError("It is closed.", "<stdin>")
        return read(sys.stdin.buffer.read(_limit(language) + 1), language, "<stdin>")
    try:
        if os.path.isdir(name):  # noqa: PTH112  # of '', a path would make the folder '.'
            raise UnreadableError("It is a folder. Name the files in it.", name)
        with open(name, "rb") as file:  # noqa: PTH123
            language = language or language_of(Path(name))
            limit = _limit(language)
            data = (
                _config_of_archive(file, name, limit)
                if language == "keras"
                else file.read(limit + 1)  # no more, whatever the size of the file
            )
    except OSError as error:
        raise UnreadableError(f"{error.strerror or error}.", name or "''") from error
    return read(data, language, name)


def _limit(language: str) -> int:
    if language not in MAX_BYTES:
        raise ValueError(f"language is one of {', '.join(MAX_BYTES)}, not {language!r}.")
    return MAX_BYTES[language]


def language_of(path: Path) -> str:
    """Tell the language of a file by its ending."""
    language = LANGUAGES.get(path.suffix.lower())
    if language is None:
        known = ", ".join(LANGUAGES)
        problem = f"Its ending, {path.suffix or 'none'}, does not say what it is: not {known}."
        raise UnreadableError(problem, str(path))
    return language


def read(data: bytes | str, language: str, file: str = "<text>") -> Source:
    """Read a text as documents of `language`, which is one of `LANGUAGES`."""
    limit = _limit(language)
    if len(data) > limit:
        problem = (
            f"It is larger than {limit >> 20} MB, the most that is read of {language.upper()}."
        )
        raise UnreadableError(problem, file)
    if language == "keras" and isinstance(data, bytes) and data.startswith(b"PK"):
        data = _config_of_archive(io.BytesIO(data), file, limit)
    text = data if isinstance(data, str) else _decoded(data, file)
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    source = Source(file, text, language)
    try:
        documents = _parse(text, language)
    except TextError as error:
        line, column = source.place(error.offset) if error.offset is not None else (None, None)
        raise UnreadableError(error.problem, file, line, column) from error
    except RecursionError as error:
        raise UnreadableError("It nests too deeply.", file) from error
    return Source(file, text, language, tuple(documents))


def _parse(text: str, language: str) -> list[Document]:
    if language == "yaml":
        from initreg.documents import from_yaml

        return from_yaml.parse(text)
    if language == "toml":
        from initreg.documents import from_toml

        return [from_toml.parse(text)]
    from initreg.documents import from_json

    return [from_json.parse(text)]


def _decoded(data: bytes, file: str) -> str:
    mark, encoding = next((each for each in _BOMS if data.startswith(each[0])), (b"", "utf-8"))
    data = data.removeprefix(mark)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"It is not {encoding.upper()}: {error.reason}. Save it as UTF-8."
        raise UnreadableError(problem, file, line, 1) from error


def _config_of_archive(file: IO[bytes], name: str, limit: int) -> bytes:
    """Return `config.json` of a Keras archive. It is only read: no class in it is looked up."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("config.json") as config:
            return config.read(limit + 1)
    except KeyError:
        problem = "It has no config.json: no model that Keras 3 saved."
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        problem = f"It is no Keras archive: {error}."
    except Exception as error:  # zlib's own error has no common base
        problem = f"It is a broken archive: {error}."
    raise UnreadableError(problem, name)
