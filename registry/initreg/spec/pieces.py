"""The strings, numbers, words and comments of a text: what the syntax tree doesn't show.

Python's parser folds names to ASCII, drops comments, and accepts some texts with a warning.
"""

import re

from initreg.errors import SpecSyntaxError

# An escape sequence that Python accepts without a warning, or a `bad` one. Octal escapes are bad,
# because Python warns about those from "\400" on.
_BAD_ESCAPE = re.compile(r"\\(?:[\\'\"abfnrtvxuUN\r\n]|(?P<bad>.?))")

# Python reads "1or 2" as "1 or 2", with a warning: a keyword may touch the number before it. The
# first pattern is a quick test of the whole text; it also matches inside strings.
_KEYWORD = "(?:and|else|for|if|in|is|not|or)"
_MAY_TOUCH = re.compile(rf"[\d.][jJ]?{_KEYWORD}|0[xX]")
_TOUCHING = re.compile(rf"\d[\w.]*?{_KEYWORD}")

# The strings, numbers, words and comments of a text. A string that is never closed extends to the
# end of the text. No character can match two alternatives, so the search takes linear time.
_PIECE = re.compile(
    r"""(?P<string>'''(?:\\.|'(?!'')|[^'\\])*\\?(?:'''|\Z)|"{3}(?:\\.|"(?!"")|[^"\\])*\\?(?:"{3}|\Z)"""
    r"""|'(?:\\.|[^'\\])*\\?(?:'|\Z)|"(?:\\.|[^"\\])*\\?(?:"|\Z))"""
    r"|(?P<number>\d[\w.]*)|(?P<word>(?:\w|[^\x00-\x7f])+)|(?P<comment>#[^\r\n]*)",
    re.DOTALL,
)


def reject_what_warns(text: str, body_start: int, whole: str) -> None:
    """Raise for syntax that Python accepts with a warning, so that `parse` emits none.

    `whole` is what errors call the text: "a spec".
    """
    if "\\" not in text and not _MAY_TOUCH.search(text):
        return
    # Space before the body is skipped, because space that isn't ASCII looks like part of a word.
    for piece in _PIECE.finditer(text, body_start):
        start, end = piece.span()
        # Python also warns inside bytes and f-strings. Both are rejected in any case.
        prefix = text[max(0, start - 2) : start].lower() if piece.lastgroup == "string" else ""
        if re.search("br?$|rb$", prefix) and "\\" in text:
            raise SpecSyntaxError(f"Bytes are not allowed in {whole}.", text, start, end)
        if re.search("[ft]r?$", prefix) and _MAY_TOUCH.search(text):
            raise SpecSyntaxError(f"An f-string is not allowed in {whole}.", text, start, end)
        if piece.lastgroup == "number" and _TOUCHING.match(piece[0]):
            raise SpecSyntaxError(f"{piece[0]!r} is not a number.", text, start, end)
    for match in _BAD_ESCAPE.finditer(text):
        if match["bad"] is not None:
            problem = rf"'\{match['bad']}' is not a valid escape. Write \\ for a backslash."
            raise SpecSyntaxError(problem, text, match.start(), match.end())


def reject_pieces(text: str, whole: str) -> None:
    """Raise for comments, and for names that Python would silently turn into ASCII."""
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        if piece.lastgroup == "comment":
            problem = f"Comments are not allowed in {whole}."
            if whole == "a spec":
                problem += " Quote a '#' that is text."
            raise SpecSyntaxError(problem, text, start)
        if piece.lastgroup == "word" and not piece[0].isascii():
            raise SpecSyntaxError(f"The name {piece[0]!r} is not plain ASCII.", text, start, end)
