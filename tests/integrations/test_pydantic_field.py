"""A field or a parameter can be an initializer: validated, seeded, built and written like one."""

import re
from typing import Annotated

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    validate_call,
)
from pydantic.dataclasses import dataclass

from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    InitregError,
    Seed,
    derive_seed,
    validate,
)

pytestmark = pytest.mark.keras

HE = "It takes seed, input_axes, output_axes."
SED = f"he_normal has no parameter 'sed'. Did you mean 'seed'? {HE}"


class Layer(BaseModel):
    kernel: InitializerField
    bias: InitializerField = Field("zeros", validate_default=True)


@pytest.mark.parametrize(
    "spec",
    [
        "he_normal(seed=1)",
        {"type": "he_normal", "seed": 1},
        {"class_name": "HeNormal", "config": {"seed": 1}},
        validate("he_normal(seed=1)"),
    ],
    ids=str,
)
def test_a_pydantic_model_accepts_initializers(spec):
    layer = Layer(kernel=spec)
    assert layer.kernel == validate("he_normal(seed=1)")
    assert layer.bias == validate("zeros")
    assert layer.model_dump() == {"kernel": "he_normal(seed=1)", "bias": "zeros"}
    assert Layer.model_validate_json(layer.model_dump_json()) == layer


def test_a_pydantic_model_reports_all_mistakes():
    with pytest.raises(ValidationError, match="Did you mean 'seed'") as caught:
        Layer(kernel="he_normal(sed=1)", bias=3)
    assert [error["loc"] for error in caught.value.errors()] == [("kernel",), ("bias",)]
    assert Layer.model_json_schema()["required"] == ["kernel"]


def test_pydantic_s_message_has_the_caret():
    with pytest.raises(ValidationError) as caught:
        Layer(kernel="random_normal(mean=0, stdev=0.05)")
    assert str(caught.value).splitlines()[1:5] == [
        "kernel",
        "  random_normal has no parameter 'stdev'. Did you mean 'stddev'? "
        "It takes mean, stddev, seed.",
        "    random_normal(mean=0, stdev=0.05)",
        "                          ^^^^^ [type=initializer, "
        "input_value='random_normal(mean=0, stdev=0.05)', input_type=str]",
    ]
    (detail,) = caught.value.errors()
    assert isinstance(detail["ctx"]["problem"].error, InitregError)
    assert "stddev" in caught.value.json()


class Defaults(BaseModel):
    alone: InitializerField = "he_normal( seed=1 )"
    maybe: InitializerField | None = "ones"
    none: InitializerField | None = None
    many: list[InitializerField] = ["ones", {"type": "zeros"}]
    named: dict[str, InitializerField] = {"a": "ones"}
    pair: tuple[InitializerField, float] = ("ones", 0.5)
    made: list[InitializerField] = Field(default_factory=lambda: ["ones"])
    number: InitializerField | float = 0.5


@dataclass
class Data:
    alone: InitializerField = "he_normal( seed=1 )"
    many: tuple[InitializerField, ...] = ()


def test_defaults_are_configs_too():
    defaults = Defaults()
    assert defaults.alone == Data().alone == validate("he_normal(seed=1)")
    assert defaults.model_dump() == {
        "alone": "he_normal(seed=1)",
        "maybe": "ones",
        "none": None,
        "many": ["ones", "zeros"],
        "named": {"a": "ones"},
        "pair": ("ones", 0.5),
        "made": ["ones"],
        "number": 0.5,
    }
    assert Defaults.model_validate_json(defaults.model_dump_json()) == defaults


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        (InitializerField, "he_norml"),
        (InitializerField, {"type": "ones", "x": 1}),
        (InitializerField, 3),
        (InitializerField | None, "he_norml"),
        (list[InitializerField], ["ones", "he_norml"]),
        (dict[str, InitializerField], {"a": "he_norml"}),
    ],
    ids=lambda value: re.sub(r" at 0x\w+", "", str(value)),
)
def test_an_invalid_default_is_rejected_when_the_class_is_made(kind, default):
    with pytest.raises(ConfigError, match=r"The default of Model\.kernel is not valid\."):
        type("Model", (BaseModel,), {"__annotations__": {"kernel": kind}, "kernel": default})


def test_an_invalid_default_of_a_dataclass_is_rejected_when_the_class_is_made():
    with pytest.raises(ConfigError, match=r"The default of Model\.kernel is not valid\."):
        dataclass(
            type("Model", (), {"__annotations__": {"kernel": InitializerField}, "kernel": "onez"})
        )


def test_a_default_is_unchanged_if_it_is_not_validated():
    class Model(BaseModel):
        kernel: InitializerField = Field("he_norml", validate_default=False)

    assert Model().kernel == "he_norml"
    assert Model().model_dump() == {"kernel": "he_norml"}


def test_a_default_that_is_a_config_has_the_schema_of_a_spec():
    class Model(BaseModel):
        kernel: InitializerField = validate("he_normal(seed=1)")
        many: list[InitializerField] = [validate("ones")]

    properties = Model.model_json_schema()["properties"]
    assert properties["kernel"]["default"] == "he_normal(seed=1)"
    assert properties["many"]["default"] == ["ones"]
    assert Model().many == [validate("ones")]


def test_a_default_with_a_validator_that_needs_other_fields():
    def check(value: object, info: ValidationInfo) -> object:
        assert info.data["units"] == 3
        return value

    class Model(BaseModel):
        units: int = 3
        kernel: Annotated[InitializerField, AfterValidator(check)] = "ones"

    assert Model().kernel == validate("ones")


def test_the_default_none_says_how_to_allow_it():
    with pytest.raises(ConfigError, match=r"To allow None, write InitializerField \| None\.$"):
        type("Model", (BaseModel,), {"__annotations__": {"k": InitializerField}, "k": None})


def test_a_default_belongs_to_one_model():
    class Model(BaseModel):
        kernel: InitializerField = Field(description="One that is needed.")

    with pytest.raises(ValidationError, match="Field required"):
        Model()


@pytest.mark.parametrize("context", [{"nesting": "deep"}, {"nesting": 40}], ids=str)
def test_a_validation_context_with_other_keys(context):
    assert Layer.model_validate({"kernel": "ones"}, context=context).kernel == validate("ones")


class Tree(BaseModel):
    """A class whose annotations refer to itself."""

    kernel: InitializerField = "ones"
    children: "list[Tree | InitializerField]" = ["ones"]


def test_a_class_that_contains_itself():
    tree = Tree(children=[{"kernel": "zeros"}, "he_normal"])
    assert [type(child).__name__ for child in tree.children] == ["Tree", "HeNormal"]
    assert Tree().children == [validate("ones")]


@pytest.mark.parametrize("spec", ["he_normal(seed=1)", {"type": "he_normal", "seed": 1}], ids=str)
def test_it_works_outside_models(spec):
    adapter = TypeAdapter(list[InitializerField])
    assert adapter.dump_json(adapter.validate_python([spec])) == b'["he_normal(seed=1)"]'

    @validate_call
    def build(kernel: InitializerField = "ones") -> object:
        return kernel

    assert build(spec) == validate(spec)
    assert build() == validate("ones")


def test_a_spec_that_is_too_long_for_text_is_written_as_a_dict():
    config = validate({"type": "constant", "value": [[float(i) / 7 for i in range(400)]]})
    written = Layer(kernel=config).model_dump(mode="json")["kernel"]
    assert written["type"] == "constant"
    assert validate(written) == config


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("wrap(ones)", "wrap(inner=ones)"),
        ("wrap(ones())", "wrap(inner=ones)"),
        ("wrap('Ones')", "wrap(inner=ones)"),
        ("wrap(initreg.ones())", "wrap(inner=ones)"),
        ("wrap({type: ones})", "wrap(inner=ones)"),
        ("wrap(ones, None)", "wrap(inner=ones)"),
        ("wrap('he_normal(seed=1)')", "wrap(inner=he_normal(seed=1))"),
        (
            "wrap(ones, many=[ones, normal(1)])",
            "wrap(inner=ones, many=[ones, random_normal(mean=1)])",
        ),
        ("wrap(wrap(wrap(zero)))", "wrap(inner=wrap(inner=wrap(inner=zeros)))"),
    ],
)
def test_nested_specs(registry, text, canonical):
    config = registry.validate(text)
    assert str(config) == canonical
    again = registry.validate(canonical)
    assert again == config
    assert hash(again) == hash(config)


@pytest.mark.parametrize(
    ("text", "caret", "problem"),
    [
        ("wrap(he_normal(sed=1))", "               ^^^", SED),
        ("wrap(wrap(he_normal(sed=1)))", "                    ^^^", SED),
        ("wrap('he_normal(sed=1)')", "     ^^^^^^^^^^^^^^^^^^", SED),
        ("wrap(wrap('he_normal(sed=1)'))", "          ^^^^^^^^^^^^^^^^^^", SED),
        ("wrap('wrap(he_normal(sed=1))')", "     ^^^^^^^^^^^^^^^^^^^^^^^^", SED),
        ("wrap({type: he_normal, sed: 1})", "     ^^^^^^^^^^^^^^^^^^^^^^^^^", SED),
        ("wrap(ones, many=[he_normal(sed=1)])", "                           ^^^", SED),
        ("wrap(need)", "     ^^^^", "need needs the parameter 'value'."),
        ("wrap(need())", "     ^^^^", "need needs the parameter 'value'."),
        ("wrap(wrap('wrap(need)'))", "          ^^^^^^^^^^^^", "need needs the parameter 'value'."),
        (
            "wrap(he_norml)",
            "     ^^^^^^^^",
            "There is no initializer 'he_norml'. Did you mean 'he_normal'? "
            "`initreg list` shows all.",
        ),
        (
            "wrap(acme.ones())",
            "     ^^^^^^^^^",
            "No plugin distribution 'acme' is installed. Installed: initreg, local.",
        ),
        (
            "wrap(3)",
            "     ^",
            "An initializer must be text, {'type': name, …} or Keras's "
            "{'class_name': …, 'config': …}, not 3.",
        ),
        (
            "wrap('he_normal(*)')",
            "     ^^^^^^^^^^^^^^",
            None,
        ),
    ],
)
def test_a_nested_fault_has_its_place(registry, text, caret, problem):
    with pytest.raises(ConfigError) as caught:
        registry.validate(text)
    if problem is None:
        assert str(caught.value).startswith("This spec can't be read:\nThis is not a valid spec: ")
        assert f"\n    he_normal(*)\n{' ' * 15}^\n    {text}\n    {caret}" in str(caught.value)
    else:
        assert str(caught.value) == f"{problem}\n    {text}\n    {caret}"


def test_faults_of_many_levels_are_in_the_order_of_the_text(registry):
    text = "wrap(he_normal(sed=1, seed=-1), need, many=[one, twos, ones(1)], sed=4)"
    with pytest.raises(ConfigError) as caught:
        registry.validate(text)
    places = [(fault.column, fault.location) for fault in caught.value.faults]
    assert places == [
        (15, "$.inner.sed"),
        (27, "$.inner.seed"),
        (32, "$.other.value"),
        (43, "$.many[1]"),
        (60, "$.many[2][0]"),
        (65, "$.sed"),
    ]


def test_faults_in_dicts_have_paths(registry):
    with pytest.raises(ConfigError) as caught:
        registry.validate(
            {
                "class_name": "wrap",
                "config": {
                    "inner": {"class_name": "HeNormal", "config": {"sed": 1}},
                    "other": "he_normal(sed=1)",
                    "many": ["ones", {"type": "ones", "x": 1}],
                },
            }
        )
    assert [fault.location for fault in caught.value.faults] == [
        "$.config.inner.config.sed",
        "$.config.other.sed",
        "$.config.many[1].x",
    ]


def test_nesting_is_bounded(registry):
    loop = {"type": "wrap"}
    loop["inner"] = loop
    with pytest.raises(ConfigError, match="must not nest deeper than 16 levels"):
        registry.validate(loop)
    text = "ones"
    for _ in range(16):
        text = f"wrap({text})"
    assert registry.validate(text)


def test_open_seeds_get_derived_values(registry):
    config = registry.validate(
        "wrap(he_normal, normal(seed=3), [he_normal, he_normal(seed=4), wrap(glorot_normal)])"
    )
    seeded = config.with_seed(5)
    below = derive_seed(5, "many", 2)
    assert str(seeded) == (
        f"wrap(inner=he_normal(seed={derive_seed(5, 'inner')}), other=random_normal(seed=3), "
        f"many=[he_normal(seed={derive_seed(5, 'many', 0)}), he_normal(seed=4), "
        f"wrap(inner=glorot_normal(seed={derive_seed(below, 'inner')}), seed={below})], seed=5)"
    )
    assert config.seed is None
    assert seeded.with_seed(6) == seeded


def test_a_config_without_open_seeds_is_returned_unchanged(registry):
    config = registry.validate("wrap(ones, many=[zeros, he_normal(seed=4)], seed=1)")
    assert config.with_seed(5) is config


def test_nested_initializers_are_built(registry):
    import keras

    built = registry.resolve("wrap(he_normal, many=[ones, normal])", seed=5)
    assert built["inner"].get_config()["seed"] == derive_seed(5, "inner")
    assert built["other"] is None
    kinds = [type(initializer) for initializer in built["many"]]
    assert kinds == [keras.initializers.Ones, keras.initializers.RandomNormal]
    assert built["many"][1].get_config()["seed"] == derive_seed(5, "many", 1)


class Holder(InitializerConfig, name="holder", builds="builtins:dict"):
    """Hold initializers by name."""

    parts: dict[str, InitializerField] = Field(default_factory=dict)
    seed: Seed = None


def test_initializers_in_a_dict(registry):
    registry.add(Holder)
    config = registry.validate("holder({a: he_normal, b: ones})").with_seed(5)
    assert config.parts["a"].seed == derive_seed(5, "parts", "a")
    assert registry.resolve(config)["parts"]["a"].get_config()["seed"] == config.parts["a"].seed
    assert registry.validate(str(config)) == config
    with pytest.raises(ConfigError) as caught:
        registry.validate({"type": "holder", "parts": {"a": "ones", "b": {"type": "one", "x": 1}}})
    assert [fault.location for fault in caught.value.faults] == ["$.parts.b.x"]


class Default(InitializerConfig, name="default"):
    """Have an initializer by default."""

    inner: InitializerField = "he_normal"


def test_a_default_can_be_text(registry):
    registry.add(Default)
    assert registry.validate("default").inner == validate("he_normal")
    assert str(registry.validate("default")) == "default"
    assert str(registry.validate("default(ones)")) == "default(inner=ones)"


def test_a_nested_name_that_two_plugins_claim_is_written_qualified(registry):
    class One(InitializerConfig, name="twice"):
        """Be one of two."""

    class Two(InitializerConfig, name="twice"):
        """Be the other."""

    registry.add(One, "one")
    registry.add(Two, "two")
    config = registry.validate(
        "wrap(one.twice(), many=[two.twice(), ones], other=wrap(one.twice()))"
    )
    text = registry.write(config)
    assert (
        text == "wrap(inner=one.twice(), other=wrap(inner=one.twice()), many=[two.twice(), ones])"
    )
    assert registry.validate(text) == config


@pytest.mark.parametrize("seed", [True, 1.5, "3", None, -1, 2**32], ids=repr)
def test_with_seed_checks_the_seed(seed):
    with pytest.raises(ConfigError, match="seed must be a whole number, 0 … 4294967295"):
        validate("he_normal").with_seed(seed)
