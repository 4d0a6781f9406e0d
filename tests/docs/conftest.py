"""The pages, and the blocks of text and code in them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^(?P<fence>```+)(?P<head>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)$", re.MULTILINE)
_CAPTION = re.compile(r":caption: (?P<caption>.*)\n\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind its fence, its caption and its text."""

    page: str
    line: int
    language: str
    caption: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands behind a `$`, each with the output below it."""
        parts = re.split(r"^\$ (.*)\n", self.text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        body = match["body"]
        caption = _CAPTION.match(body)
        found.append(
            Block(
                page=page.relative_to(ROOT).as_posix(),
                line=text.count("\n", 0, match.start()) + 1,
                language=match["head"].removeprefix("{code-block}").strip(),
                caption=caption["caption"] if caption else "",
                text=body[caption.end() :] if caption else body,
            )
        )
    return found


@pytest.fixture(scope="session")
def blocks() -> Callable[[str], list[Block]]:
    """The blocks of one page, by its path from the root."""
    return lambda page: blocks_of(ROOT / page)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each block with a command of ours to the tests that ask for one."""
    if "console_block" in metafunc.fixturenames:
        found = [
            block
            for page in PAGES
            for block in blocks_of(page)
            if block.language == "console" and block.text.startswith("$ initreg")
        ]
        ids = [f"{block.page}:{block.line}" for block in found]
        metafunc.parametrize("console_block", found, ids=ids)
