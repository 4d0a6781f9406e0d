"""A spec means the same wherever it is used: every initializer, each parameter off its default."""

import keras
import numpy as np
import pytest

import initreg
from initreg import default_registry, load_model, resolve, validate
from initreg.config.drawing import distribution_of

pytestmark = pytest.mark.keras

SHAPE = (64, 64)
_AXES = "input_axes=[1], output_axes=[0]"
# Specs of each initializer, with shapes. Together they set every parameter but the seed to a value
# that isn't the default.
SPECS = {
    "zeros": SHAPE,
    "ones": SHAPE,
    "constant(0.3)": SHAPE,
    "constant([0.5, 2])": (3, 2),
    "identity(gain=3)": SHAPE,
    "random_normal(mean=1, stddev=0.5)": SHAPE,
    "random_uniform(minval=1, maxval=5)": SHAPE,
    "truncated_normal(mean=1, stddev=0.5)": SHAPE,
    f"variance_scaling(3, fan_out, untruncated_normal, {_AXES})": (16, 256),
    "orthogonal(gain=3)": SHAPE,
    "stft(side=imag, window=hamming, scaling=spectrum, periodic=True)": (16, 1, 8),
    **{
        f"{family}_{kind}({_AXES})": (16, 256)
        for family in ("glorot", "he", "lecun")
        for kind in ("normal", "uniform")
    },
    "delta_orthogonal(gain=3)": (3, 16, 16),
    "dirac(groups=2)": (3, 8, 16),
    "from_file('both.npz', key=second)": (4, 6),
    "kaiming(a=2, mode=fan_out, distribution=normal)": (64, 128),
    "kaiming(nonlinearity=tanh)": SHAPE,
    "xavier(gain=3, distribution=normal)": SHAPE,
    "xavier(nonlinearity=leaky_relu, a=2)": SHAPE,
    "scaled(random_normal(mean=1), 3)": SHAPE,
    "per_gate([identity(gain=3), ones])": (32, 64),
    "sparse(0.25, stddev=3)": SHAPE,
    "trunc_normal(mean=1, stddev=2, low=-1, high=3)": SHAPE,
}
NESTED = {"alone": "{}", "scaled": "scaled({}, -2)", "twice": "scaled(scaled({}, 3), 0.5)"}
GATES = "per_gate([{0}, scaled({0}, 2)])"


@keras.saving.register_keras_serializable(package="meaning")
class Holder(keras.layers.Layer):
    """A layer with one weight."""

    def __init__(self, sizes, initializer, **options):
        super().__init__(**options)
        self.sizes, self.initializer = tuple(sizes), keras.initializers.get(initializer)

    def build(self, _):
        self.held = self.add_weight(shape=self.sizes, initializer=self.initializer, name="held")

    def call(self, inputs):
        return inputs

    def get_config(self):
        initializer = keras.initializers.serialize(self.initializer)
        return super().get_config() | {"sizes": self.sizes, "initializer": initializer}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work in a folder with the file in the specs."""
    monkeypatch.chdir(tmp_path)
    np.savez("both.npz", first=np.zeros((4, 6)), second=np.arange(24.0).reshape(4, 6))


def model_with(initializer, shape):
    return keras.Sequential([keras.Input((2,)), Holder(shape, initializer)])


def in_scope(rules, initializer, shape):
    with initreg.scope(rules, seed=1):
        return model_with(initializer, shape).layers[0].held


def applied(spec, shape):
    model = model_with("zeros", shape)
    initreg.apply(model, [{"match": "held$", "init": spec}], seed=1)
    return model.layers[0].held


def loaded(initializer, shape):
    model_with(initializer, shape).save("model.keras")
    return load_model("model.keras").layers[0].initializer(shape)


USES = {
    "stock": lambda spec, shape: resolve(spec, seed=1)(shape),
    "cloned": lambda spec, shape: resolve(spec, seed=1).clone()(shape),
    "portable": lambda spec, shape: resolve(spec, 1, portable=True)(shape),
    "scope": lambda spec, shape: in_scope([], resolve(spec), shape),
    "scope, portable": lambda spec, shape: in_scope([], resolve(spec, portable=True), shape),
    "rule": lambda spec, shape: in_scope([{"match": "held$", "init": spec}], "zeros", shape),
    "apply": applied,
    "loaded": lambda spec, shape: loaded(resolve(spec, seed=1), shape),
    "loaded, portable": lambda spec, shape: loaded(resolve(spec, 1, portable=True), shape),
    "described": lambda spec, shape: resolve(initreg.describe(resolve(spec, seed=1)))(shape),
}


def moments(values):
    """Return the mean, the root mean square and the share of zeros."""
    return [values.mean(), np.sqrt(np.mean(values**2)), np.mean(values == 0)]


def demand_one_meaning(spec, shape):
    config = validate(spec)
    values = {
        use: np.asarray(keras.ops.convert_to_numpy(make(spec, shape)), np.float64)
        for use, make in USES.items()
    }
    stock = values["stock"]
    is_random = config.with_seed(1) != config
    scale = moments(stock)[1]
    for use, found in values.items():
        assert found.shape == shape
        if not is_random:
            np.testing.assert_allclose(found, stock, rtol=1e-5, atol=1e-6, err_msg=use)
        # The standard error of both is 1.6 % of the values' spread or less.
        expected = [pytest.approx(moment, abs=0.1 * scale) for moment in moments(stock)[:2]]
        assert moments(found)[:2] == expected, use
        assert moments(found)[2] == pytest.approx(moments(stock)[2], abs=0.01), use
    if (follows := distribution_of(config, shape)) is not None:
        assert stock.mean() == pytest.approx(follows.mean, abs=0.1 * follows.stddev + 1e-6)
        assert stock.std() == pytest.approx(follows.stddev, rel=0.06, abs=1e-6)


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_has_one_meaning(spec, nested):
    demand_one_meaning(nested.format(spec), SPECS[spec])


@pytest.mark.parametrize("spec", SPECS)
def test_gates_have_one_meaning(spec):
    *first, last = SPECS[spec]
    demand_one_meaning(GATES.format(spec), (*first, 2 * last))


def test_the_specs_set_every_parameter_of_every_initializer():
    missing = {
        (entry.name, parameter)
        for entry in default_registry().builtin_entries()
        for parameter in (*entry.config_class.parameter_fields, "")
        if parameter != "seed"
    }
    for config in map(validate, SPECS):
        missing.discard((config.initializer_name, ""))
        for parameter, field in config.parameter_fields.items():
            info = type(config).model_fields[field]
            if info.is_required() or getattr(config, field) != info.default:
                missing.discard((config.initializer_name, parameter))
    assert missing == set()


def test_the_configs_of_keras_have_every_parameter_that_ours_has():
    """No initializer that Keras makes for a spec loses a parameter in its config."""
    for spec, shape in SPECS.items():
        initializer = resolve(spec)
        written = initializer.get_config()
        if type(initializer).__module__.startswith("keras."):
            assert written.keys() >= set(validate(spec).parameter_fields), (spec, shape)
