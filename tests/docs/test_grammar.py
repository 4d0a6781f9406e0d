"""The page on the grammar shows every syntax error as it is printed."""

import re

import pytest

from initreg import SpecSyntaxError, parse
from initreg.spec import grammar


@pytest.fixture(scope="module")
def errors(blocks):
    """Each as it is printed: the text, the carets and the problem."""
    texts = [block.text for block in blocks("docs/grammar.md") if block.language == "text"]
    parts = [part.strip("\n") for text in texts for part in re.split(r"\n\n(?! )", text)]
    return [part for part in parts if re.search(r"^ *\^+$", part, re.MULTILINE)]


def test_each_is_as_printed(errors):
    assert len(errors) > 30
    for error in errors:
        text = error.split("\n")[-2].strip()
        with pytest.raises(SpecSyntaxError) as caught:
            parse(text)
        assert str(caught.value) == error


def test_none_is_missing(errors):
    shown = "\n".join(errors)
    kinds = {kind for kind in grammar._NOT_ALLOWED.values() if kind not in shown}
    assert not kinds
