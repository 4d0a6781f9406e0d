"""The API page has every public name, once, and no other."""

import re

import initreg
from tests.support.paths import DOCS

API = DOCS / "api.md"


def test_each_public_name_once():
    named = re.findall(
        r"^\.\. (?:auto\w+|py:data):: (?:initreg\.)?(\w+)", API.read_text("utf-8"), re.M
    )
    assert sorted(named) == sorted(initreg.__all__)
