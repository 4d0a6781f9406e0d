"""The config inside a Keras archive (``.keras``). Its classes are never looked up."""

import zipfile
from typing import IO

from initreg.errors import UnreadableError


def unpack(file: IO[bytes], name: str, limit: int) -> bytes:
    """Return `config.json` of an archive, up to one byte more than `limit`.

    Raises `UnreadableError`, with `name` as the file, if the archive has no config.
    """
    try:
        with zipfile.ZipFile(file) as archive, archive.open("config.json") as config:
            return config.read(limit + 1)
    except KeyError:
        problem = "It has no config.json, so Keras 3 did not save it."
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        problem = f"It isn't a Keras archive: {error}."
    except Exception as error:  # zlib's own error shares no base class with the others
        problem = f"The archive is damaged: {error}."
    raise UnreadableError(problem, name)
