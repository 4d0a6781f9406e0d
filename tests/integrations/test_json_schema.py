"""The JSON Schema accepts the dicts that `validate` accepts, and no others."""

import math
import re
from collections.abc import Callable

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    InitregError,
    NonNegative,
    Number,
    Positive,
    Registry,
    Seed,
    default_registry,
    json_schema,
    validate,
)
from initreg.discovery.loading import Discovery

Validator = jsonschema.Draft202012Validator
VALUE = Validator(json_schema())

# JSON Schema can't compare two values.
BEYOND = re.compile(
    "must not be above maxval|lists of one length on each level"
    "|is only for|can't be given with a nonlinearity"
)


def agree(validator: Validator, spec: object, registry: Registry) -> bool:
    """Assert that the schema and `validate` agree. Return True if they accept the spec."""
    takes = validator.is_valid(spec)
    try:
        registry.validate(spec)
    except InitregError as error:
        if takes and all(BEYOND.search(fault.message) for fault in error.faults):
            return False
        assert not takes, error
    else:
        assert takes, [e.message for e in validator.iter_errors(spec)]
    return takes


class Need(InitializerConfig, name="need", builds="acme:Need"):
    """Need a parameter."""

    value: Positive


class Wrap(InitializerConfig, name="wrap", builds="acme.wrapping:Wrap"):
    """Hold other initializers."""

    inner: InitializerField
    other: InitializerField | None = None
    many: tuple[InitializerField, ...] = ()


NESTING = Registry(Discovery())
NESTING.add(Need)
NESTING.add(Wrap)
NESTED = Validator(json_schema(registry=NESTING))


@pytest.fixture
def contested() -> Registry:
    """A registry in which two distributions claim one name."""

    class One(InitializerConfig, name="twice", builds="one:Twice"):
        """Be one of two."""

    class Two(InitializerConfig, name="twice", builds="two:Twice"):
        """Be the other."""

    registry = Registry()
    registry.add(One, "one-dist")
    registry.add(Two, "two_dist")
    return registry


NAMES = [
    name
    for entry in default_registry().builtin_entries()
    for name in (
        entry.name,
        f"initreg.{entry.name}",
        entry.config_class.initializer_builds.rpartition(":")[2] or entry.name,
        *entry.config_class.initializer_aliases,
    )
]
PARAMETERS = {
    entry.name: tuple(entry.config_class.parameter_fields)
    for entry in default_registry().builtin_entries()
}
respelt = st.builds(
    lambda name, change: change(name),
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            str,
            str.upper,
            str.title,
            lambda name: name.replace("_", "-"),
            lambda name: f"_{name}_",
            lambda name: f"{name}\n",
            lambda name: f" {name}",
            lambda name: name.replace("k", "\N{KELVIN SIGN}"),
            lambda name: f"acme.{name}",
            lambda name: f"{name}s",
            lambda name: name[1:],
            lambda name: f"{name}()",
        ]
    ),
)
names = st.sampled_from(NAMES) | respelt | st.text(max_size=3) | st.none() | st.integers(0, 1)
numbers = st.integers(-3, 3) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
written = st.from_regex(r"\A[+-]?[0-9.]{0,6}(e[+-]?[0-9]{1,3})?\n?\Z") | st.sampled_from(
    [
        "nan",
        "-inf",
        "-0",
        "-0.0e5",
        "1_0",
        "0x1",
        " 1 ",
        "0e0",
        "+.5",
        "5.",
        "1e-99",
        "\u0663",
        "1\n",
    ]
)
words = st.sampled_from(
    [
        *("fan_in", "fan_avg", "Fan_in", "uniform", "UNIFORM", "normal", "truncated_normal"),
        *("uniform\n", "real", "imag", "hann", "bohman", "density", "spectrum", "he_normal"),
    ]
)
axes = st.lists(
    st.integers(-70, 70) | st.integers(-2, 2) | st.sampled_from([1.0, True, "1"]), max_size=3
)
arrays = st.builds(
    lambda name, value: {"class_name": name, "config": {"value": value}},
    st.sampled_from(["__numpy__", "__tensor__", "numpy"]),
    st.lists(numbers, max_size=2),
)
values = (
    st.none()
    | st.booleans()
    | numbers
    | written
    | words
    | axes
    | arrays
    | st.lists(numbers | written | st.lists(numbers, max_size=2), max_size=3)
    | st.dictionaries(st.text(max_size=2), numbers, max_size=1)
)
likely = {
    "seed": st.none() | st.integers(-1, 2**32),
    "mode": words,
    "distribution": words,
    "side": words,
    "scaling": words | st.none(),
    "window": words | st.lists(numbers, max_size=2) | st.none(),
    "periodic": st.booleans(),
    "input_axes": axes | st.none(),
    "output_axes": axes | st.none(),
}


@st.composite
def parameters(draw: st.DrawFn, name: object) -> dict[str, object]:
    try:
        known = PARAMETERS[default_registry().find(str(name)).config_class.initializer_name]
    except InitregError:
        known = ()
    keys = st.sampled_from([*known, "type", "sed", "config"])
    chosen = draw(st.lists(keys, max_size=4, unique=True))
    return {
        key: draw(st.one_of(likely.get(key, numbers), likely.get(key, numbers), values))
        for key in chosen
    }


@st.composite
def typed(draw: st.DrawFn) -> dict[str, object]:
    name = draw(names)
    given = draw(parameters(name))
    given.pop("type", None)
    if draw(st.integers(0, 9)):
        given["type"] = name
    return given


@st.composite
def classed(draw: st.DrawFn) -> dict[str, object]:
    name = draw(names)
    optional = {
        "module": st.sampled_from(
            [None, "keras.initializers", "keras", "keras\n", "kerass", "acme", "", 3]
        ),
        "registered_name": st.sampled_from([None, "RandomNormal", "Custom>RandomNormal", "", 3]),
        "config": parameters(name) | st.none() | st.lists(numbers, max_size=1),
        "type": names,
        "build_config": st.none(),
        "shared_object_id": st.integers(),
    }
    weights = ["module", "registered_name", "config"] * 5 + [
        "type",
        "build_config",
        "shared_object_id",
    ]
    keys = draw(st.sets(st.sampled_from(weights), max_size=4))
    return {"class_name": name} | {key: draw(optional[key]) for key in keys}


@pytest.mark.slow
@given(typed())
@example({"type": "glorot_uniform", "input_axes": [0]})
@example({"type": "glorot_uniform", "input_axes": [0], "output_axes": None})
@example({"type": "glorot_uniform", "input_axes": None, "output_axes": None})
@example({"type": "glorot_uniform", "input_axes": [0, 0.0], "output_axes": [1]})
@example({"type": "random_uniform", "minval": 1})
@example({"type": "constant", "value": [[1, 2], [3]]})
@example({"type": "constant", "value": [[]]})
@example({})
@example({"type": "xavier", "a": 1})
@example({"type": "kaiming", "a": 1, "nonlinearity": "relu"})
@example({"type": "xavier", "gain": 2, "nonlinearity": "relu"})
def test_the_dict_form(spec):
    agree(VALUE, spec, default_registry())


@pytest.mark.slow
@given(classed())
@example({"class_name": "RandomNormal", "module": "keras.initializers", "registered_name": None})
@example({"class_name": "RandomNormal", "module": "keras.initializers", "registered_name": "a>b"})
@example({"class_name": "RandomNormal", "module": "keras.initializers", "config": {"type": "x"}})
def test_keras_form(spec):
    agree(VALUE, spec, default_registry())


@pytest.mark.slow
@given(typed() | classed())
def test_specs_with_nested_ones(spec):
    """A plugin's class, with initializers and a required parameter for parameters."""
    agree(NESTED, {"type": "wrap", "inner": spec}, NESTING)
    agree(NESTED, {"class_name": "Wrap", "config": {"inner": spec, "many": [spec]}}, NESTING)
    agree(NESTED, {"type": "need", "value": spec}, NESTING)


@pytest.mark.parametrize(
    ("spec", "takes"),
    [
        ({"type": "wrap"}, False),
        ({"type": "wrap", "inner": "ones", "other": None}, True),
        ({"type": "wrap", "inner": None}, False),
        ({"type": "local.wrap", "inner": "ones(  )"}, True),
        ({"class_name": "wrap"}, False),
        ({"class_name": "wrap", "config": None}, False),
        ({"class_name": "Wrap", "module": "tests", "config": {"inner": "ones"}}, False),
        ({"class_name": "need", "config": {"value": 1}}, True),
    ],
    ids=str,
)
def test_parameters_that_are_required(spec, takes):
    assert agree(NESTED, spec, NESTING) is takes


def test_usual_specs_are_accepted():
    """Without valid examples, the laws above would only test rejections."""
    taken = [
        {"type": entry.name, **validate(example).model_dump(mode="json", by_alias=True)}
        for entry in default_registry().builtin_entries()
        for example in entry.config_class.initializer_examples
    ]
    assert len(taken) > 20
    for spec in taken:
        assert agree(VALUE, spec, default_registry())
        name = spec.pop("type")
        assert agree(VALUE, {"class_name": name, "config": spec}, default_registry())
        assert agree(VALUE, validate({"type": name, **spec}).serialize(), default_registry())


@given(written)
@pytest.mark.parametrize("kind", [Number, NonNegative, Positive], ids=["any", "0 …", "> 0"])
def test_numbers_written_as_text(kind, text):
    adapter = TypeAdapter(kind)
    takes = Validator(adapter.json_schema()).is_valid(text)
    try:
        assert math.isfinite(adapter.validate_python(text))
    except ValueError:
        assert not takes
    else:
        assert takes


@pytest.mark.parametrize(
    "text",
    [
        "he_normal",
        "HeNormal()",
        " initreg.he_normal( seed=1 ) # why",
        "he_normal(\n  seed=1,\n)\n",
        "(he_normal)",
        "kaiming_normal_",
        *(
            e
            for entry in default_registry().entries()
            for e in entry.config_class.initializer_examples
        ),
    ],
)
def test_text_is_accepted(text):
    try:
        validate(text)
    except InitregError:
        return
    assert VALUE.is_valid(text)


@pytest.mark.parametrize(
    "text",
    ["", "he_norml", "he_normal(seed=1", "rdm(seed=1)", "acme.he_normal", "he_normal)(", "3"],
)
def test_text_with_another_name_is_rejected(text):
    assert not VALUE.is_valid(text)
    with pytest.raises(InitregError):
        validate(text)


@pytest.mark.parametrize("form", ["value", "document", "rules"])
def test_each_form_is_a_json_schema(form):
    schema = json_schema(form)
    Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_an_unknown_form():
    with pytest.raises(ValueError, match="'value', 'document' or 'rules', not 'yaml'"):
        json_schema("yaml")


def test_names_have_descriptions():
    listed = json_schema()["$defs"]["initializer_text"]["anyOf"]
    about = {each["const"]: each["description"] for each in listed if "const" in each}
    assert about["random_normal"] == "Draw values from a normal distribution."
    assert about["normal"] == (
        "Draw values from a normal distribution. Also known as random_normal."
    )


def test_each_parameter_has_a_bound_a_default_and_a_description():
    schema = json_schema()["$defs"]["random_normal"]
    stddev = schema["properties"]["stddev"]
    assert (stddev["minimum"], stddev["default"]) == (0, 0.05)
    for entry in default_registry().builtin_entries():
        of_class = json_schema()["$defs"][entry.name]
        assert of_class["description"].startswith(entry.config_class.summary())
        for name, each in of_class["properties"].items():
            assert each["description"], (entry.name, name)
            assert ("default" in each) != (name in of_class.get("required", ()))


@pytest.mark.parametrize(
    ("document", "takes"),
    [
        ({"model": {"layers": [{"kernel_initializer": "he_normal"}]}, "lr": 0.1}, True),
        ({"model": {"layers": [{"kernel_initializer": "he_norml"}]}}, False),
        ({"init": {"type": "ones", "x": 1}}, False),
        ({"initializer": None, "initializer_range": 0.02}, True),
        ({"bias_initializer": "${init:ones}"}, True),
        ({"my_initializer": 3}, False),
        ({"my_initializer": ["ones", None, "${init:ones}", {"type": "ones"}]}, True),
        ({"kernel_initializer": ["ones", "onez"]}, False),
        ([{"a": [{"init": 3}]}], True),
        ([{"a": [{"initializer": 3}]}], False),
        ({"init": {"vectors": None, "kernel_initializer": "he_norml"}}, False),
        ({"init": {"vectors": None, "kernel_initializer": "he_normal"}}, True),
        ("text", True),
    ],
    ids=str,
)
def test_a_document(document, takes):
    assert Validator(json_schema("document")).is_valid(document) is takes


@pytest.mark.parametrize(
    ("rules", "takes"),
    [
        ({"seed": 1, "rules": [{"match": "dense", "init": "he_normal(seed=1)"}]}, True),
        ({"rules": [{"match": ".*", "init": "keep", "layer": "Dense", "weight": "kernel"}]}, True),
        ({"rules": [{"match": ".*", "init": {"type": "ones", "x": 1}}]}, False),
        ({"rules": [{"match": ".*"}]}, False),
        ({"rules": [], "sed": 1}, False),
        ({"seed": -1, "rules": []}, False),
        ({}, False),
    ],
    ids=str,
)
def test_rules(rules, takes):
    assert Validator(json_schema("rules")).is_valid(rules) is takes


class Layer(BaseModel):
    kernel: InitializerField = "glorot_uniform"
    many: list[InitializerField] = []
    bias: InitializerField | None = None


def test_a_pydantic_model_includes_the_schema():
    schema = Layer.model_json_schema()
    Validator.check_schema(schema)
    layer = Validator(schema)
    assert layer.is_valid({"kernel": "he_normal", "many": [{"type": "ones"}], "bias": None})
    for wrong in ({"kernel": "he_norml"}, {"many": [{"type": "ones", "x": 1}]}, {"bias": 3}):
        assert not layer.is_valid(wrong)
    of_kernel = schema["properties"]["kernel"]
    assert of_kernel["default"] == "glorot_uniform"
    names = {"initializer", "initializer_text", "random_normal"}
    assert names <= set(schema["$defs"])


def test_the_serialization_schema_of_a_model():
    schema = Layer.model_json_schema(mode="serialization")
    assert Validator(schema).is_valid(Layer(many=["ones"]).model_dump(mode="json"))
    assert "$defs" not in schema


def test_a_model_with_a_config_class_in_it():
    class Holder(BaseModel):
        one: InitializerField
        two: type(validate("he_normal"))

    assert Validator(Holder.model_json_schema()).is_valid({"one": "ones", "two": {"seed": 1}})


class Odd(InitializerConfig, name="odd", builds="acme:Odd"):
    """Have a parameter that JSON Schema can't describe."""

    make: Callable[[], int]
    seed: Seed = None


def test_a_class_without_a_json_schema_does_not_affect_the_others():
    registry = Registry(Discovery())
    registry.add(Odd)
    validator = Validator(json_schema(registry=registry))
    assert validator.is_valid({"type": "ones"})
    assert validator.is_valid({"type": "odd", "make": 1})
    assert not validator.is_valid({"type": "odd"})
    assert not validator.is_valid({"type": "odd", "make": 1, "x": 1})


def test_changing_a_returned_schema_changes_no_other():
    json_schema("document")["$defs"]["document"]["properties"].clear()
    json_schema()["$defs"].clear()
    assert json_schema("document")["$defs"]["document"]["properties"]


def test_it_includes_initializers_that_were_added_later(contested):
    class New(InitializerConfig, name="new"):
        """Build nothing that Keras knows."""

    assert not Validator(json_schema(registry=contested)).is_valid("new")
    contested.add(New)
    assert Validator(json_schema(registry=contested)).is_valid("new")


def test_a_registry_of_classes_that_keras_does_not_know():
    class New(InitializerConfig, name="new"):
        """Build nothing that Keras knows."""

    registry = Registry()
    registry.add(New)
    schema = json_schema(registry=registry)
    Validator.check_schema(schema)
    assert Validator(schema).is_valid({"class_name": "New"})


def test_names_that_two_plugins_claim(contested):
    validator = Validator(json_schema(registry=contested))
    for name in ("twice", "TWICE", "one-dist.twice", "two_dist.Twice", "one.dist.twice"):
        agree(validator, {"type": name}, contested)
    assert not validator.is_valid({"type": "twice"})
    assert validator.is_valid({"type": "one-dist.twice"})
    assert validator.is_valid({"class_name": "Twice", "module": "one"})


def test_a_conflict_has_its_own_code():
    with pytest.raises(ConfigError) as caught:
        validate({"type": "random_uniform", "minval": 2, "maxval": 1})
    assert [fault.code for fault in caught.value.faults] == ["conflict"]
