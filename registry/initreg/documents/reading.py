"""Read the bytes of a file as documents: check the size, decode, parse, and place errors."""

import bisect
import codecs
import io
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from initreg.documents.document import Document
from initreg.documents.formats import FORMATS, YAML, Format, format_named, format_of_ending
from initreg.documents.node import TextError
from initreg.errors import UnknownFormatError, UnreadableError

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the start of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]


@dataclass(frozen=True)
class Source:
    """A text, the name of its file, and its documents. Offsets count characters from 0."""

    file: str
    text: str
    format: Format
    documents: tuple[Document, ...] = field(default=())

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def read_file(path: str | os.PathLike[str], language: str | None = None) -> Source:
    """Read a file. `language` is its format; by default, the file's extension determines it.

    ``-`` is the standard input, which is YAML by default.

    Raises `UnreadableError` if the file is missing, too large or invalid.
    """
    name = os.fspath(path)
    format_ = format_named(language) if language else None
    if name == "-":
        format_ = format_ or YAML
        if sys.stdin is None:
            raise UnreadableError("The standard input is closed.", "<stdin>")
        return _read(sys.stdin.buffer.read(format_.max_bytes + 1), format_, "<stdin>")
    try:
        if os.path.isdir(name):  # noqa: PTH112  # Path("") would be the current folder
            raise UnreadableError("It is a folder. Name the files in it.", name)
        with open(name, "rb") as file:  # noqa: PTH123
            format_ = format_ or _format_of(name)
            if format_.unpack:
                data = format_.unpack(file, name, format_.max_bytes)
            else:
                data = file.read(format_.max_bytes + 1)  # no more, whatever the size of the file
    except OSError as error:
        raise UnreadableError(f"{error.strerror or error}.", name or "''") from error
    return _read(data, format_, name)


def read(data: bytes | str, language: str, file: str = "<text>") -> Source:
    """Read a text as documents. `language` is the name of its format, such as ``"yaml"``."""
    return _read(data, format_named(language), file)


def _format_of(file: str) -> Format:
    ending = Path(file).suffix
    format_ = format_of_ending(ending)
    if format_ is None:
        *others, last = [known for format_ in FORMATS for known in format_.endings]
        problem = f"Unknown file extension {ending!r}." if ending else "It has no file extension."
        raise UnknownFormatError(f"{problem} Expected {', '.join(others)} or {last}.", file)
    return format_


def _read(data: bytes | str, format_: Format, file: str) -> Source:
    limit = format_.max_bytes
    if len(data) > limit:
        problem = f"It is larger than {limit >> 20} MB, the limit for {format_.name.upper()}."
        raise UnreadableError(problem, file)
    if format_.unpack and isinstance(data, bytes) and data.startswith(b"PK"):
        data = format_.unpack(io.BytesIO(data), file, limit)
    text = data if isinstance(data, str) else _decoded(data, file)
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    source = Source(file, text, format_)
    try:
        documents = format_.parse(text)
    except TextError as error:
        position = (None, None) if error.offset is None else source.position(error.offset)
        raise UnreadableError(error.problem, file, *position) from error
    except RecursionError as error:
        raise UnreadableError("It is nested too deeply.", file) from error
    return Source(file, text, format_, tuple(documents))


def _decoded(data: bytes, file: str) -> str:
    mark, encoding = next((bom for bom in _BOMS if data.startswith(bom[0])), (b"", "utf-8"))
    data = data.removeprefix(mark)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"It is not {encoding.upper()}: {error.reason}. Save it as UTF-8."
        raise UnreadableError(problem, file, line, 1) from error
