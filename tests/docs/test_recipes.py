"""Each recipe in docs/recipes.md gives a real model the values of its source.

The expected numbers are computed here, from the formulas of the papers and the sizes of the models.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TypeAlias

import jsonschema
import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from ruamel.yaml import YAML

from initreg import Plan, PlanEntry, apply, check_text, json_schema, plan, scope
from tests.docs import recipe_models as models
from tests.support.pages import blocks_of
from tests.support.paths import DOCS

pytestmark = pytest.mark.keras

RECIPES = {
    block.text.partition("\n")[0].removeprefix("# "): block.text
    for block in blocks_of(DOCS / "recipes.md")
    if block.language == "yaml"
}


@dataclass(frozen=True)
class Normal:
    """Expect a normal distribution that isn't truncated."""

    stddev: float
    mean: float = 0.0

    def check(self, entry: PlanEntry, values: np.ndarray, before: np.ndarray) -> None:
        cdf = NormalDist(self.mean, self.stddev).cdf
        check_distribution(entry, values, self.mean, self.stddev, np.vectorize(cdf))


@dataclass(frozen=True)
class Uniform:
    """Expect a uniform distribution between -bound and bound."""

    bound: float

    def check(self, entry: PlanEntry, values: np.ndarray, before: np.ndarray) -> None:
        assert np.abs(values).max() <= self.bound * (1 + 1e-6)
        check_distribution(
            entry, values, 0.0, self.bound / math.sqrt(3), lambda x: 0.5 + x / (2 * self.bound)
        )


@dataclass(frozen=True)
class Fixed:
    """Expect these values."""

    values: float | tuple[float, ...]

    def check(self, entry: PlanEntry, values: np.ndarray, before: np.ndarray) -> None:
        assert entry.action == "draw"
        np.testing.assert_allclose(values, np.broadcast_to(self.values, values.shape), rtol=1e-6)


@dataclass(frozen=True)
class Kept:
    """Expect the values from before."""

    def check(self, entry: PlanEntry, values: np.ndarray, before: np.ndarray) -> None:
        assert entry.action in ("keep", "skip")
        np.testing.assert_array_equal(values, before)


@dataclass(frozen=True)
class OrthogonalGates:
    """Expect an orthogonal matrix for each of four gates."""

    def check(self, entry: PlanEntry, values: np.ndarray, before: np.ndarray) -> None:
        for gate in np.split(values, 4, axis=-1):
            np.testing.assert_allclose(gate.T @ gate, np.eye(len(gate)), atol=1e-5)


Expected: TypeAlias = "dict[str, Normal | Uniform | Fixed | Kept | OrthogonalGates]"


def check_distribution(
    entry: PlanEntry,
    values: np.ndarray,
    mean: float,
    stddev: float,
    cdf: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Compare the plan, the moments and the distribution of values with a source's."""
    assert entry.mean == pytest.approx(mean, abs=1e-12)
    assert entry.stddev == pytest.approx(stddev, rel=1e-9)
    x = np.sort(values.astype("float64"), axis=None)
    assert entry.realised_mean == pytest.approx(x.mean(), abs=1e-6 * (abs(mean) + stddev))
    assert entry.realised_stddev == pytest.approx(x.std(), rel=1e-5)
    assert abs(x.mean() - mean) < 4 * stddev / math.sqrt(x.size)
    assert abs(x.std() / stddev - 1) < 4 / math.sqrt(2 * x.size)
    # Kolmogorov and Smirnov: 1.95 is exceeded once in a thousand times.
    distance = np.abs(cdf(x) - (np.arange(x.size) + 0.5) / x.size).max()
    assert distance < 1.95 / math.sqrt(x.size)


def build(make: Callable[..., keras.Model], *args: int, **options: int) -> keras.Model:
    """Build a model in a scope, where JAX compiles nothing."""
    with scope(seed=0):
        return make(*args, **options)


def values_of(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: np.copy(convert_to_numpy(weight)) for weight in model.weights}


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., Path]:
    """Write a recipe's file, with other numbers if a test names some."""

    def write(name: str, **numbers: float) -> Path:
        text = RECIPES[name]
        for key, number in numbers.items():
            text, count = re.subn(rf"(?m)^  {key}: \S+", f"  {key}: {number}", text)
            assert count == 1, key
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def check(model: keras.Model, rules: Path, expected: Expected) -> Plan:
    """Apply rules. Each weight must match one pattern, and follow its distribution."""
    before = values_of(model)
    applied = apply(model, str(rules), seed=42, strict=True)
    unused = set(expected)
    for entry, weight in zip(applied.entries, model.weights, strict=True):
        (pattern,) = (text for text in expected if re.fullmatch(text, entry.path))
        unused.discard(pattern)
        try:
            expected[pattern].check(entry, convert_to_numpy(weight), before[weight.path])
        except AssertionError as error:
            error.add_note(f"in {entry.path}: {expected[pattern]}")
            raise
    assert not unused
    return applied


# The files ----------------------------------------------------------------------------------------


def test_the_page_has_all_recipes():
    assert set(RECIPES) == {
        f"{name}.yaml"
        for name in (
            *("gpt2", "t5", "deepnet", "mup", "resnet", "fixup"),
            *("dcgan", "siren", "retinanet", "lstm", "lora"),
        )
    }


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_valid(name):
    report = check_text(RECIPES[name], form="rules")
    assert report.checked >= 3
    assert report.findings == ()
    schema = jsonschema.Draft202012Validator(json_schema("rules"))
    data = YAML(typ="safe", pure=True).load(RECIPES[name])
    assert [*schema.iter_errors(data)] == []
    data["rules"][0]["init"] = "no_such_initializer(1)"
    assert not schema.is_valid(data)


# Transformers -------------------------------------------------------------------------------------

NORMS: Expected = {r".*/gamma": Fixed(1), r".*/beta": Fixed(0)}


def test_gpt2(recipe):
    depth = 3
    model = build(models.transformer, depth, width=64, heads=4, vocabulary=256)
    check(
        model,
        recipe("gpt2.yaml"),
        {
            r".*/(query|key|value|feedforward_intermediate_dense)/kernel": Normal(0.02),
            r".*/(attention_output|feedforward_output_dense)/kernel": Normal(
                0.02 / math.sqrt(2 * depth)
            ),
            r"token_embedding/embeddings": Normal(0.02),
            r"position_embedding/embeddings": Normal(0.01),
            r".*/bias": Fixed(0),
            **NORMS,
        },
    )


def test_t5(recipe):
    d_model, heads, d_kv, d_ff = 48, 2, 32, 128  # so that d_model isn't heads * d_kv
    model = build(models.t5, 2, d_model, heads, d_kv, d_ff)
    check(
        model,
        recipe("t5.yaml", d_model=d_model, d_kv=d_kv),
        {
            r".*/query/kernel": Normal((d_model * d_kv) ** -0.5),
            r".*/(key|value)/kernel": Normal(d_model**-0.5),
            r".*/output/kernel": Normal((heads * d_kv) ** -0.5),
            r"block_\d_wi/kernel": Normal(d_model**-0.5),
            r"block_\d_wo/kernel": Normal(d_ff**-0.5),
            r".*/relative_attention_bias/embeddings": Normal(d_model**-0.5),
            r"token_embedding/embeddings": Normal(1),
            r".*/scale": Fixed(1),
        },
    )


def test_deepnet(recipe):
    depth, width = 4, 64
    model = build(models.transformer, depth, width, heads=4, vocabulary=256)
    beta = (8 * depth) ** -0.25
    square = math.sqrt(2 / (width + width))
    check(
        model,
        recipe("deepnet.yaml", width=width),
        {
            r".*/(query|key)/kernel": Normal(square),
            r".*/(value|attention_output)/kernel": Normal(beta * square),
            r".*/feedforward_\w+/kernel": Normal(beta * math.sqrt(2 / (width + 4 * width))),
            r".*embedding/embeddings": Normal(width**-0.5),
            r".*/bias": Fixed(0),
            **NORMS,
        },
    )


@pytest.mark.parametrize("width", [64, 128])
def test_mup(width, recipe):
    base = 64
    model = build(models.transformer, 1, width, heads=4, vocabulary=100, tied=False)
    check(
        model,
        recipe("mup.yaml"),
        {
            r".*(query|key|value|attention_output|intermediate_dense)/kernel": Normal(width**-0.5),
            r".*feedforward_output_dense/kernel": Normal((4 * width) ** -0.5),
            # The variance is proportional to 1 / width², and at the base width it is 1 / width.
            r"output/kernel": Normal(base**-0.5 * (base / width)),
            r".*embedding/embeddings": Normal(0.02),
            r".*/bias": Fixed(0),
            **NORMS,
        },
    )


def test_mup_of_reversible_embeddings(recipe):
    layer = keras.layers.ReversibleEmbedding(50, 128, tie_weights=False, name="tokens")
    model = keras.Sequential([layer])
    model.build((None, 4))
    planned = plan(model, str(recipe("mup.yaml")))
    spread = {entry.path.rpartition("/")[2]: entry.stddev for entry in planned.entries}
    assert spread == {"embeddings": 0.02, "reverse_embeddings": pytest.approx(8 / 128)}


# Residual networks --------------------------------------------------------------------------------


def test_resnet(recipe):
    def he(size: int, channels: int) -> Normal:
        return Normal(math.sqrt(2 / (size**2 * channels)))

    model = build(models.resnet)
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype("float32")
    check(
        model,
        recipe("resnet.yaml"),
        {
            r"conv1_conv/kernel": he(7, 64),
            r"conv2_block\d_1_conv/kernel": he(1, 16),
            r"conv2_block\d_2_conv/kernel": he(3, 16),
            r"conv2_block\d_[03]_conv/kernel": he(1, 64),
            r"conv3_block\d_1_conv/kernel": he(1, 32),
            r"conv3_block\d_2_conv/kernel": he(3, 32),
            r"conv3_block\d_[03]_conv/kernel": he(1, 128),
            r"predictions/kernel": Normal(0.01),
            r".*/bias|.*/beta": Fixed(0),
            r"(conv1|.*_block\d_[012])_bn/gamma": Fixed(1),
            r".*_block\d_3_bn/gamma": Fixed(0),
            r".*/moving_(mean|variance)": Kept(),
        },
    )
    # The second block of each stage is the identity: its input has no negative values.
    outputs = [model.get_layer(f"conv3_block{number}_out").output for number in (1, 2)]
    first, second = keras.Model(model.input, outputs)(image)
    np.testing.assert_array_equal(convert_to_numpy(first), convert_to_numpy(second))


def test_fixup(recipe):
    model = build(models.fixup)
    scale = 3 ** (-1 / 2)  # L ** (-1 / (2m - 2)) for 3 branches of 2 convolutions
    check(
        model,
        recipe("fixup.yaml"),
        {
            r"stem/kernel": Normal(math.sqrt(2 / (9 * 16))),
            r"block_[01]/conv_1/kernel": Normal(scale * math.sqrt(2 / (9 * 16))),
            r"block_2/conv_1/kernel": Normal(scale * math.sqrt(2 / (9 * 32))),
            r"block_2/shortcut/kernel": Normal(math.sqrt(2 / 32)),
            r"block_\d/conv_2/kernel|classifier/.*|.*/bias_\d": Fixed(0),
            r".*/multiplier": Fixed(1),
        },
    )


def test_fixup_of_three_convolutions(recipe):
    planned = plan(build(models.fixup), str(recipe("fixup.yaml", convs=3)))
    spread = {entry.path: entry.stddev for entry in planned.entries}
    assert spread["block_0/conv_1/kernel"] == pytest.approx(3**-0.25 * math.sqrt(2 / (9 * 16)))


# Images and signals -------------------------------------------------------------------------------


def test_dcgan(recipe):
    rules = recipe("dcgan.yaml")
    for model in build(models.dcgan):
        check(
            model,
            rules,
            {
                r".*/kernel": Normal(0.02),
                r".*/gamma": Normal(0.02, mean=1),
                r".*/(beta|bias)": Fixed(0),
                r".*/moving_(mean|variance)": Kept(),
            },
        )


def test_siren(recipe):
    model = build(models.siren)
    check(
        model,
        recipe("siren.yaml"),
        {
            r".*/sine_0/kernel": Uniform(1 / 2),
            r".*/(sine_[12]|colours)/kernel": Uniform(math.sqrt(6 / 256) / 30),
            r".*/sine_0/bias": Uniform(1 / math.sqrt(2)),
            r".*/(sine_[12]|colours)/bias": Uniform(1 / math.sqrt(256)),
        },
    )
    # Theorem 1.8 of the supplement: before each sine but the first, the sums are a standard normal
    # distribution. The biases come on top.
    grid = np.random.default_rng(0).uniform(-1, 1, size=(1000, 2)).astype("float32")
    for number in (1, 2):
        layer = model.get_layer(f"sine_{number}")
        output = convert_to_numpy(keras.Model(model.inputs[0], layer.output)(grid))
        sums = 30 * (output - convert_to_numpy(layer.bias))
        assert sums.std() == pytest.approx(1, abs=0.05)


def test_retinanet(recipe):
    model = build(models.retinanet)
    check(
        model,
        recipe("retinanet.yaml"),
        {
            r"(cls|box)_\w+/kernel": Normal(0.01),
            r"cls_logits/bias": Fixed(-math.log(0.99 / 0.01)),
            r"(?!cls_logits|backbone).*/bias": Fixed(0),
            r"backbone/.*": Kept(),
        },
    )
    image = np.random.default_rng(0).normal(size=(1, 16, 16, 3)).astype("float32")
    scores = convert_to_numpy(keras.ops.sigmoid(model(image)[0]))
    assert scores.mean() == pytest.approx(0.01, rel=0.02)


# Sequences and adapters ---------------------------------------------------------------------------

LSTM: Expected = {
    # Glorot's bound for each of the four gates.
    r".*short_memory/.*/kernel": Uniform(math.sqrt(6 / (24 + 32))),
    r".*long_memory/.*/kernel": Uniform(math.sqrt(6 / (32 + 16))),
    r".*head/kernel": Uniform(math.sqrt(6 / (16 + 5))),
    r".*/recurrent_kernel": OrthogonalGates(),
    r".*short_memory/.*/bias": Fixed((*[0] * 32, *[1] * 32, *[0] * 64)),
    r".*long_memory/.*/bias": Fixed((*[0] * 16, *[2] * 16, *[0] * 32)),
    r".*head/bias": Fixed(0),
}


def test_lstm(recipe):
    applied = check(build(models.lstm), recipe("lstm.yaml"), LSTM)
    added = [entry.path for entry in applied.entries if entry.added]
    assert added == ["recurrent/short_memory/lstm_cell/bias"]


def test_lora(recipe):
    model = build(models.lora)
    width, heads, size = 64, 2, 48
    before = np.ones((1, 6, width), "float32")
    expected = convert_to_numpy(model(before))
    check(
        model,
        recipe("lora.yaml"),
        {
            # kaiming_uniform_(a=√5): √6 / √(1 + 5) / √fan_in
            r"attention/(query|key|value)/lora_kernel_a": Uniform(1 / math.sqrt(width)),
            r"attention/attention_output/lora_kernel_a": Uniform(1 / math.sqrt(heads * size)),
            r"dense/lora_kernel_a": Uniform(1 / math.sqrt(width)),
            r".*/lora_kernel_b": Fixed(0),
            r".*/(kernel|bias)": Kept(),
        },
    )
    np.testing.assert_array_equal(convert_to_numpy(model(before)), expected)


# In a scope ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "make"), [("siren.yaml", models.siren), ("lstm.yaml", models.lstm)]
)
def test_a_recipe_in_a_scope_gives_the_same_weights(name, make, recipe):
    rules = str(recipe(name))
    with scope(rules, seed=42, strict=True):
        scoped = make()
    model = build(make)
    apply(model, rules, seed=42, strict=True)
    for one, other in zip(scoped.weights, model.weights, strict=True):
        np.testing.assert_array_equal(convert_to_numpy(one), convert_to_numpy(other))
