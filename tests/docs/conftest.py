"""The blocks of the pages, as fixtures and parameters."""

from collections.abc import Callable

import pytest

from tests.support.pages import PAGES, Block, blocks_of
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def blocks() -> Callable[[str], list[Block]]:
    """The blocks of one page, by its path from the root."""
    return lambda page: blocks_of(ROOT / page)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each block with a command of initreg, if it takes `console_block`."""
    if "console_block" in metafunc.fixturenames:
        blocks = [
            block
            for page in PAGES
            for block in blocks_of(page)
            if block.language == "console" and block.text.startswith("$ initreg")
        ]
        ids = [f"{block.page}:{block.line}" for block in blocks]
        metafunc.parametrize("console_block", blocks, ids=ids)
