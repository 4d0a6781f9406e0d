"""Virtual environments to install into."""

import os
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.paths import ROOT


class Environment:
    """A virtual environment that also sees what is installed in the running one."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        scheme = {"base": str(folder), "platbase": str(folder)}
        paths = sysconfig.get_paths("venv", vars=scheme)
        running = sysconfig.get_paths()
        outer = dict.fromkeys([running["purelib"], running["platlib"]])
        # Not plain paths: this also reads the .pth file of an editable install.
        lines = [f"import site; site.addsitedir({path!r})\n" for path in outer]
        Path(paths["purelib"], "outer.pth").write_text("".join(lines))
        self.folder = folder
        self.python = Path(paths["scripts"]) / Path(sys.executable).name

    def run(self, *arguments: object, **options: Any) -> str:
        """Run Python, and return what it prints to stdout and stderr."""
        options = {"merged": True, "variables": {"PYTHONUTF8": "1"}, **options}
        return processes.run(self.python, *arguments, **options).stdout

    def initreg(self, *arguments: object, **options: Any) -> str:
        """Run the command line, and return what it prints to stdout and stderr."""
        return self.run("-m", "initreg_cli.app", *arguments, **options)

    def install(self, *what: object) -> None:
        """Install without a network. Sources are built by the hatchling of the running one."""
        offline = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"]
        self._pip("install", *offline, *what)

    def uninstall(self, distribution: str) -> None:
        self._pip("uninstall", "--yes", distribution)

    def _pip(self, *arguments: object) -> None:
        pip = [sys.executable, "-m", "pip", "--quiet", "--python", self.python]
        processes.run(*pip, *arguments)


def build(folder: Path, *options: str) -> None:
    """Build this repository's distribution into a folder, offline."""
    processes.run(sys.executable, "-m", "hatchling", "build", *options, "-d", folder, cwd=ROOT)
