"""The table of names elsewhere is complete, and agrees with the initializers."""

import re

import keras
import pytest

from initreg import InitregError, default_registry, validate
from tests.support.pages import read

pytestmark = pytest.mark.keras

PAGE = read("initializers.md")
ENTRIES = {entry.name: entry.config_class for entry in default_registry().builtin_entries()}


def table():
    """Return the names in Keras, PyTorch and JAX by the name here."""
    section = PAGE.partition("## Names elsewhere")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ")]
    named = [[re.findall(r"`(\w+)`", cell) for cell in row[:4]] for row in rows]
    return {here[0]: others for here, *others in named if here}


TABLE = table()


def test_it_has_all_that_is_built_in_and_no_more():
    assert list(TABLE) == sorted(ENTRIES)


@pytest.mark.parametrize("name", TABLE)
def test_it_says_what_the_initializer_says(name):
    own, torchs, jaxs = TABLE[name]
    known = ENTRIES[name].initializer_also_known_as
    said = [f"torch.nn.init.{each}" for each in torchs]
    said += [f"jax.nn.initializers.{each}" for each in jaxs]
    assert sorted(known) == sorted(said)
    builds = ENTRIES[name].initializer_builds
    assert own == [builds.partition(":")[2]] * builds.startswith("keras.")


def test_it_has_every_initializer_of_keras():
    classes = {
        kind.__name__
        for kind in vars(keras.initializers).values()
        if isinstance(kind, type) and kind is not keras.initializers.Initializer
    }
    assert {name for own, _, _ in TABLE.values() for name in own} == classes


def test_it_has_every_initializer_of_torch():
    init = pytest.importorskip("torch").nn.init
    # Each once was called without the underscore, too; the gain is in a sentence of its own.
    public = {name if name.endswith("_") else f"{name}_" for name in init.__all__}
    public -= {"calculate_gain_"}
    assert {name for _, torchs, _ in TABLE.values() for name in torchs} == public
    assert "`calculate_gain`" in PAGE


def test_it_has_every_initializer_of_jax():
    initializers = pytest.importorskip("jax").nn.initializers
    public = {name for name in dir(initializers) if not name.startswith("_")} - {"Initializer"}
    named = [name for _, _, jaxs in TABLE.values() for name in jaxs]
    assert set(named) == public
    assert len(named) == len(public)  # none is called two things here


@pytest.mark.parametrize(
    "name", [each for _, *two in TABLE.values() for some in two for each in some]
)
def test_a_name_elsewhere_leads_to_the_one_here(name):
    here = {own for own, (_, *two) in TABLE.items() if any(name in some for some in two)}
    library = "torch.nn.init" if name.endswith("_") else "jax.nn.initializers"
    with pytest.raises(InitregError) as caught:
        validate(f"{library}.{name}")
    assert any(f"{own!r} here" in str(caught.value) for own in here)


def test_each_extra_has_a_section_with_an_example():
    for name, kind in ENTRIES.items():
        if kind.initializer_builds.startswith("keras."):
            continue
        _, found, rest = PAGE.partition(f"\n## {name}") if name != "xavier" else ("", "xavier", "")
        if name == "kaiming":
            assert rest.startswith(" and xavier")
        assert found
        section = rest.partition("\n## ")[0]
        assert name == "xavier" or f"{name}(" in section
        assert name == "xavier" or ">>> " in section
