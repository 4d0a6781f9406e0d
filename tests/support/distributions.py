"""Write distributions as an installer leaves them, or as wheels, without building them."""

import re
import textwrap
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def install(
    folder: Path,
    name: str,
    modules: Mapping[str, str],
    entry_points: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: Iterable[str] = (),
) -> None:
    """Write an installed distribution into a folder, which tests then put on `sys.path`.

    `modules` maps the paths of files to their texts; `entry_points` are those of the group
    `initreg`.
    """
    files = _files(name, modules, entry_points, version, requires)
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def wheel(
    folder: Path,
    name: str,
    modules: Mapping[str, str],
    entry_points: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: Iterable[str] = (),
) -> Path:
    """Write a distribution as a wheel; return its path."""
    files = _files(name, modules, entry_points, version, requires)
    about = _about(name, version)
    files[f"{about}/WHEEL"] = _WHEEL
    record = f"{about}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record])
    path = folder / f"{about.removesuffix('.dist-info')}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path


def _files(
    name: str,
    modules: Mapping[str, str],
    entry_points: Mapping[str, str],
    version: str,
    requires: Iterable[str],
) -> dict[str, str]:
    about = _about(name, version)
    fields = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    fields += [f"Requires-Dist: {requirement}" for requirement in requires]
    points = [f"{point} = {target}" for point, target in entry_points.items()]
    return {
        **{path: textwrap.dedent(text) for path, text in modules.items()},
        f"{about}/METADATA": "\n".join([*fields, ""]),
        f"{about}/entry_points.txt": "\n".join(["[initreg]", *points, ""]),
    }


def _about(name: str, version: str) -> str:
    """Return the name of the folder with the metadata, as the standards write it."""
    return f"{re.sub(r'[-_.]+', '_', name).lower()}-{version}.dist-info"
