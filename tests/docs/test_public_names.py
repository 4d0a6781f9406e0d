"""The API page has every public name, once, and no other."""

import re
from pathlib import Path

import initreg

API = Path(__file__).parents[2] / "docs" / "api.md"


def test_each_public_name_once():
    named = re.findall(
        r"^\.\. (?:auto\w+|py:data):: (?:initreg\.)?(\w+)", API.read_text("utf-8"), re.M
    )
    assert sorted(named) == sorted(initreg.__all__)
