"""Names are found in any spelling. A name that two plugins claim belongs to neither."""

import itertools
import pickle

import pytest

from initreg import (
    AmbiguousInitializerError,
    InitializerConfig,
    PluginError,
    Registry,
    UnknownInitializerError,
)


def config_class(name, *aliases):
    return type(InitializerConfig)(
        name.title(), (InitializerConfig,), {"__doc__": "Test."}, name=name, aliases=aliases
    )


PLUS = config_class("plus", "ortho_plus")
PLUS_TOO = config_class("plus")
ORTHO_PLUS = config_class("ortho_plus")
MINUS = config_class("minus")


def names_of(registry):
    return [entry.name for entry in registry.entries()]


@pytest.mark.parametrize("spelling", ["ortho_plus", "OrthoPlus", "ORTHO-PLUS", "orthoplus"])
def test_case_hyphens_and_underscores_are_ignored(spelling):
    registry = Registry()
    registry.add(ORTHO_PLUS)
    assert registry.find(spelling).config_class is ORTHO_PLUS
    assert registry.find(f"local.{spelling}").config_class is ORTHO_PLUS


@pytest.mark.parametrize("distribution", ["Acme-Inits", "acme.inits", "acme__inits"])
@pytest.mark.parametrize("prefix", ["acme_inits", "Acme-Inits", "acme.inits"])
def test_the_name_of_a_distribution_is_found_in_any_spelling(distribution, prefix):
    registry = Registry()
    registry.add(PLUS, distribution)
    assert registry.find(f"{prefix}.plus").qualified_name == "acme_inits.plus"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(3))), ids=lambda order: "".join(map(str, order))
)
def test_a_name_that_two_plugins_claim_belongs_to_neither_in_any_order(order):
    claims = [(PLUS, "acme"), (PLUS_TOO, "Other-Inits"), (MINUS, "acme")]
    registry = Registry()
    for i in order:
        registry.add(*claims[i])
    assert names_of(registry) == ["acme.plus", "minus", "other_inits.plus"]
    with pytest.raises(AmbiguousInitializerError) as caught:
        registry.validate(" plus(1)")
    assert str(caught.value) == (
        "2 plugins provide 'plus'. Write acme.plus or other_inits.plus.\n     plus(1)\n     ^^^^"
    )
    assert registry.find("acme.plus").config_class is PLUS
    assert registry.find("other_inits.plus").config_class is PLUS_TOO
    assert registry.find("ortho_plus").config_class is PLUS
    with pytest.raises(AmbiguousInitializerError) as caught:
        registry.validate({"type": "plus"})
    assert str(caught.value) == "2 plugins provide 'plus'. Write acme.plus or other_inits.plus."
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_two_plugins_can_claim_one_alias():
    registry = Registry()
    registry.add(PLUS, "acme")
    registry.add(ORTHO_PLUS, "other")
    with pytest.raises(AmbiguousInitializerError):
        registry.find("ortho_plus")
    assert registry.find("plus").config_class is PLUS
    assert registry.find("acme.ortho_plus").config_class is PLUS
    assert names_of(registry) == ["other.ortho_plus", "plus"]


def test_one_distribution_can_not_provide_a_name_twice():
    registry = Registry()
    registry.add(PLUS, "acme")
    with pytest.raises(PluginError, match=r"acme: 'plus' is rejected: acme provides .plus. twice."):
        registry.add(PLUS_TOO, "acme")
    assert registry.find("plus").config_class is PLUS


@pytest.mark.parametrize(
    ("name", "alias", "taken"),
    [
        ("zeros", "mine", "zeros"),
        ("ze_ros", "mine", "ze_ros"),
        ("mine", "he_normal", "he_normal"),
        ("normal", "mine", "normal"),
    ],
)
def test_built_in_names_can_not_be_claimed(registry, name, alias, taken):
    before = names_of(registry)
    with pytest.raises(PluginError) as caught:
        registry.add(config_class(name, alias))
    assert f"{name!r} is rejected: {taken!r} is a built-in name" in str(caught.value)
    assert names_of(registry) == before
    assert registry.find("zeros").plugin.distribution == "initreg"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plsu", "There is no initializer 'plsu'. Did you mean 'plus'? `initreg list` shows all."),
        (
            "OrthoPlas",
            "There is no initializer 'OrthoPlas'. Did you mean 'ortho_plus'? "
            "`initreg list` shows all.",
        ),
        ("zzz", "There is no initializer 'zzz'. `initreg list` shows all."),
        (
            "jax.nn.zzz",
            "Names are written without a module. Write 'zzz' without 'jax.nn'.",
        ),
        (
            "acmee.plus",
            "No plugin distribution 'acmee' is installed. Did you mean 'acme'? "
            "Installed: acme, initreg.",
        ),
        (
            "acme.pluss",
            "acme provides no initializer 'pluss'. Did you mean 'plus'? It provides plus.",
        ),
    ],
)
def test_an_unknown_name_is_explained(name, message):
    registry = Registry()
    registry.add(PLUS, "acme")
    with pytest.raises(LookupError) as caught:
        registry.find(name)
    assert str(caught.value) == message


class Kaiming(
    InitializerConfig,
    name="kaiming",
    also_known_as=("torch.nn.init.kaiming_normal_", "torch.nn.init.kaiming_uniform_"),
):
    """Test."""


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("kaiming_normal_", "torch.nn.init.kaiming_normal_ is called 'kaiming' here."),
        ("init.kaiming_normal_", "torch.nn.init.kaiming_normal_ is called 'kaiming' here."),
        ("torch.nn.init.kaiming_uniform", "torch.nn.init.kaiming_uniform_ is called 'kaiming'"),
    ],
)
def test_the_error_for_a_name_of_another_library_says_what_it_is_called_here(name, hint):
    registry = Registry()
    registry.add(Kaiming)
    with pytest.raises(UnknownInitializerError) as caught:
        registry.find(name)
    assert hint in caught.value.problem


def test_the_end_of_a_word_in_such_a_name_is_not_enough():
    registry = Registry()
    registry.add(Kaiming)
    with pytest.raises(UnknownInitializerError) as caught:
        registry.find("normal_")
    assert "called" not in caught.value.problem
