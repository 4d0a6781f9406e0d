"""The page on the grammar shows every refusal as it is."""

import re

import pytest

from initreg import SpecSyntaxError, parse
from initreg.spec import grammar


@pytest.fixture(scope="module")
def refusals(blocks):
    """Each as it is printed: the text, the carets and the problem."""
    texts = [block.text for block in blocks("docs/grammar.md") if block.language == "text"]
    parts = [part.strip("\n") for text in texts for part in re.split(r"\n\n(?! )", text)]
    return [part for part in parts if re.search(r"^ *\^+$", part, re.MULTILINE)]


def test_each_is_as_printed(refusals):
    assert len(refusals) > 30
    for refusal in refusals:
        text = refusal.split("\n")[-2].strip()
        with pytest.raises(SpecSyntaxError) as caught:
            parse(text)
        assert str(caught.value) == refusal


def test_none_is_missing(refusals):
    shown = "\n".join(refusals)
    kinds = {kind for kind in grammar._NOT_ALLOWED.values() if kind not in shown}
    assert not kinds
