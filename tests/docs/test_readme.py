"""The README's commands are where CI looks for them."""

import re

from tests.support.paths import README

TEXT = README.read_text("utf-8")


def test_commands():
    found = re.findall(r"^<!-- (\w+) command -->\n```console\n\$ (.*)\n```$", TEXT, re.MULTILINE)
    commands = dict(found)
    assert list(commands) == ["main", "test"]
    assert "pip install '.[jax]'" in commands["main"]
    assert commands["main"].endswith('initreg sample "random_normal(mean=0,stddev=0.05)"')
    assert commands["test"].endswith("python -m pytest -n 2 --dist loadfile")
