"""Histograms as text."""

from typing import Any

import numpy as np
import pytest

from initreg_cli.output.histogram import print_histogram


def test_the_picture_shows_counts_and_marks(capsys: pytest.CaptureFixture[str]) -> None:
    print_histogram([0.0, 1.0, 2.0], [10, 5], [5.0, 5.0])
    first, second, legend = capsys.readouterr().out.splitlines()
    room = 80 - len("0.5") - 3
    assert first == "0.5  " + "█" * (room // 2) + "┃" + "█" * (room - room // 2 - 1)
    assert second.startswith("1.5  " + "█" * (room // 2))
    assert second.endswith("┃")
    assert legend == "     ┃ expected"


def test_the_picture_needs_no_unicode(wide: Any) -> None:
    terminal = wide(40, "ascii")
    print_histogram([0.0, 1.0, 2.0], [10, 5], [5.0, 5.0])
    assert "#|" in terminal.text
    assert "| expected" in terminal.text


@pytest.mark.parametrize(
    ("low", "high"),
    [(-0.2, 0.2), (0, 1), (1e6, 1e6 + 1), (-3e30, 3e30), (-1e-40, 2e-40), (1, 1 + 2e-7), (-5e5, 5)],
)
def test_labels_of_bins_differ(capsys: pytest.CaptureFixture[str], low: float, high: float) -> None:
    edges = np.linspace(low, high, 18).tolist()
    print_histogram(edges, [1] * 17, [])
    labels = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(set(labels)) == 17
    assert all(a <= float(n) <= b for n, a, b in zip(labels, edges, edges[1:], strict=False))
    assert max(map(len, labels)) < 16
    assert "-0.0" not in labels
