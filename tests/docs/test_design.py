"""The floors on the page are those that import-linter checks."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_floors():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == ["initreg"])
    checked = [set(re.findall(r"\w+", layer)) for layer in layers]
    page = (ROOT / "docs" / "design.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", page, re.MULTILINE)
    shown = [
        set(re.findall(r"`(\w+)`(?=[:,;]|$)", modules)) - {"InitializerConfig"}
        for _, modules in rows
    ]
    assert [int(floor) for floor, _ in rows] == list(range(len(rows)))[::-1]
    assert shown == checked
