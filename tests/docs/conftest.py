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
