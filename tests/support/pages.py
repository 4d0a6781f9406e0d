"""The pages of the docs, and the blocks of text and code in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import DOCS, README, ROOT

PAGES = [README, *sorted(DOCS.glob("*.md"))]
_BLOCK = re.compile(r"^(?P<fence>```+)(?P<head>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)$", re.MULTILINE)
_CAPTION = re.compile(r":caption: (?P<caption>.*)\n\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its place, the language after its fence, its caption and its text."""

    page: str
    line: int
    language: str
    caption: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands after a `$`, each with the output below it."""
        parts = re.split(r"^\$ (.*)\n", self.text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def read(name: str) -> str:
    """Return the text of a page in the docs."""
    return (DOCS / name).read_text("utf-8")


def blocks_of(page: Path) -> list[Block]:
    """Return all fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in _BLOCK.finditer(text):
        body = match["body"]
        caption = _CAPTION.match(body)
        blocks.append(
            Block(
                page=page.relative_to(ROOT).as_posix(),
                line=text.count("\n", 0, match.start()) + 1,
                language=match["head"].removeprefix("{code-block}").strip(),
                caption=caption["caption"] if caption else "",
                text=body[caption.end() :] if caption else body,
            )
        )
    return blocks
