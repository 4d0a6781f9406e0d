"""The files of a new plugin: fill in the template, and write them."""

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

from packaging.version import Version

import initreg


@dataclass(frozen=True, slots=True)
class Plugin:
    """The names in a new plugin, and its licence: an SPDX identifier, or empty for none."""

    name: str
    package: str
    initializer: str
    class_name: str
    license: str
    author: str


def fill(plugin: Plugin) -> dict[str, str]:
    """Return the text of each file of a new distribution, by its relative path."""
    values = asdict(plugin) | {
        "author_toml": json.dumps(plugin.author, ensure_ascii=False),
        "year": str(datetime.now(UTC).year),
        "initreg_requirement": _requirement(Version(initreg.__version__)),
        "license_lines": "",
        "license_section": "",
    }
    texts = {}
    if plugin.license:
        values["license_lines"] = f'license = "{plugin.license}"\nlicense-files = ["LICENSE"]\n'
        values["license_section"] = f"\n## Licence\n\n{plugin.license}\n"
        texts["LICENSE"] = _filled(_data() / "licenses" / f"{plugin.license}.in", values)
    texts.update(_filled_template(values))
    return texts


def write(target: Path, texts: dict[str, str]) -> None:
    """Write the files to a temporary folder, then rename it: all are created, or none."""
    temporary = target.with_name(f".initreg-{secrets.token_hex(8)}")
    try:
        for path, text in texts.items():
            file = temporary / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        temporary.rename(target)
    except OSError as error:  # name the folder that was requested, not the temporary one
        raise OSError(error.errno, error.strerror or str(error), str(target)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _requirement(version: Version) -> str:
    """Return a plugin's requirement: this minor version, or a later one of the same major version.

    For a pre-release, it is that pre-release or later, because it comes before its minor version.
    """
    floor = str(version) if version.is_prerelease else f"{version.major}.{version.minor}"
    return f"initreg>={floor},<{version.major + 1}"


def _data() -> Traversable:
    return resources.files(__name__)


def _filled_template(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file of the template. Paths have placeholders, too."""
    folders = [(_data() / "template", PurePosixPath())]
    while folders:
        folder, path = folders.pop()
        for item in folder.iterdir():
            if item.is_dir():
                folders.append((item, path / item.name))
            elif item.name.endswith(".in"):
                name = (path / item.name).as_posix().removesuffix(".in")
                yield Template(name).substitute(values), _filled(item, values)


def _filled(file: Traversable, values: dict[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).substitute(values)
