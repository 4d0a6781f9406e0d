"""All built-in initializers pass the conformance checks, on each backend of Keras."""

import re

import keras
import numpy as np
import pytest

from initreg import default_registry
from initreg.testing import check, import_check

pytestmark = [pytest.mark.keras, pytest.mark.slow]

BACKEND = keras.config.backend()

# Defects of Keras that initreg can't fix without a class of its own.
KNOWN = {
    "identity": {"dtypes": "Keras's eye gives float32 on NumPy"} if BACKEND == "numpy" else {},
    "orthogonal": {"dtypes": "no backend factorizes all half precisions"},
    "stft": {"dtypes": "Keras's STFT gives float32 on NumPy"} if BACKEND == "numpy" else {},
}


@pytest.fixture(autouse=True)
def _weights(tmp_path, monkeypatch):
    """Make the file in the examples of `from_file`."""
    monkeypatch.chdir(tmp_path)
    np.save("weights.npy", np.arange(64.0 * 32).reshape(64, 32))


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """Allow more time for imports: the machine may be busy."""
    monkeypatch.setattr(import_check, "LIMIT", 60)


BUILTIN = [entry.name for entry in default_registry().builtin_entries()]


@pytest.mark.parametrize("name", BUILTIN)
def test_it_conforms(name):
    config_class = default_registry().find(name).config_class
    expected = KNOWN.get(name, {})
    results = check(config_class, expected_failures=expected)
    assert [str(result) for result in results if result.status == "failed"] == []
    assert {result.check for result in results if result.status == "expected"} == expected.keys()
    assert all(result.message for result in results if result.status == "skipped")


EXAMPLES = [
    example
    for entry in default_registry().builtin_entries()
    if entry.name not in KNOWN
    for example in entry.config_class.initializer_examples
    if example not in BUILTIN
]
EXPECTED = {
    r"constant\(\[": {"shapes": "Keras broadcasts a list to a larger shape"},
    r"[(\[]orthogonal": KNOWN["orthogonal"],
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_conforms(example):
    expected = {
        k: v for p, known in EXPECTED.items() if re.search(p, example) for k, v in known.items()
    }
    results = check(example, expected_failures=expected)
    assert [str(result) for result in results if result.status == "failed"] == []
