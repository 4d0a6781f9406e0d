"""The initializers that Keras lacks: their values, and how they work inside Keras."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import initreg
from initreg import ConfigError, Constant, Normal, TruncatedNormal, draw, resolve, validate
from initreg.config.drawing import distribution_of
from tests.support.drawing import values

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()
SPECS = {
    "trunc_normal(stddev=0.5, low=-0.5, high=1)": (4, 6),
    "sparse(0.5)": (4, 6),
    "dirac(groups=2)": (3, 2, 4),
    "delta_orthogonal": (3, 3, 2, 4),
    "kaiming(nonlinearity=relu)": (4, 6),
    "xavier(nonlinearity=tanh, distribution=normal)": (4, 6),
    "scaled(random_normal(stddev=0.02), 1/sqrt(2*12))": (4, 6),
    "scaled(stft, -2)": (256, 1, 129),
    "per_gate([zeros, ones, he_normal, zeros])": (4, 8),
    'from_file("weights.npy")': (2, 3),
}
every = pytest.mark.parametrize("spec", SPECS)


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("weights.npy", np.arange(6.0, dtype="float32").reshape(2, 3))


# Inside Keras -------------------------------------------------------------------------------------


@pytest.mark.slow
@every
def test_a_seed_repeats_the_values(spec):
    shape = SPECS[spec]
    first, again = (values(resolve(spec, seed=3), shape) for _ in range(2))
    assert first.shape == shape
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)


@every
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_values_in_half_precision_are_rounded_from_float32(spec, dtype):
    if any(name in spec for name in ("he_normal", "random_normal", "stft")):
        values(resolve(spec, seed=3), SPECS[spec], dtype)
        pytest.skip("Keras itself draws other numbers in other dtypes")
    tensor = values(resolve(spec, seed=3), SPECS[spec], dtype)
    exact = values(resolve(spec, seed=3), SPECS[spec])
    np.testing.assert_allclose(tensor, exact, rtol=1e-2, atol=1e-7)


@every
def test_they_work_while_a_function_is_traced(spec):
    initializer, shape = resolve(spec, seed=3), SPECS[spec]

    def make():
        return initializer(shape, dtype="float32")

    if BACKEND == "jax":
        import jax

        tensor = jax.jit(make)()
    elif BACKEND == "tensorflow":
        import tensorflow

        tensor = tensorflow.function(make)()
    else:
        pytest.skip("this backend traces nothing")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(tensor), values(initializer, shape), rtol=1e-6, atol=2e-5
    )


@keras.saving.register_keras_serializable(package="test_extras")
class Holder(keras.layers.Layer):
    """Have one weight of any shape."""

    def __init__(self, shape, initializer, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.initializer = keras.initializers.get(initializer)

    def build(self, _):
        self.held = self.add_weight(shape=self.shape, initializer=self.initializer)

    def call(self, inputs):
        return inputs

    def get_config(self):
        initializer = keras.initializers.serialize(self.initializer)
        return super().get_config() | {"shape": self.shape, "initializer": initializer}


@every
@pytest.mark.parametrize("load", ["initreg", "keras"])
def test_they_survive_saving_and_loading(spec, load):
    shape = SPECS[spec]
    model = keras.Sequential([keras.Input((3,)), Holder(shape, resolve(spec, seed=3))])
    model.save("model.keras")
    if load == "initreg":
        loaded = initreg.load_model("model.keras")
    else:
        own = initreg.custom_objects()
        loaded = keras.saving.load_model("model.keras", custom_objects=own)
    again = loaded.layers[0].initializer
    assert initreg.describe(again) == initreg.describe(resolve(spec, seed=3))
    np.testing.assert_array_equal(values(again, shape), values(resolve(spec, seed=3), shape))
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


# trunc_normal -------------------------------------------------------------------------------------

numbers = st.floats(-5, 5)


@given(mean=numbers, stddev=st.floats(0.01, 5), bounds=st.tuples(numbers, numbers))
def test_trunc_normal_stays_within_its_bounds(mean, stddev, bounds):
    low, high = sorted(bounds)
    spec = {"type": "trunc_normal", "mean": mean, "stddev": stddev, "low": low, "high": high}
    try:
        config = validate(spec)
    except ConfigError as error:
        assert "low and high are too far from the mean" in str(error)
        assert low > mean + 30 * stddev or high < mean - 30 * stddev
        return
    drawn = draw(config, 500, seed=1, dtype="float64")
    off = 1e-12  # rounding: bounds are converted to standard deviations and back
    assert low - off <= drawn.min() <= drawn.max() <= high + off


@pytest.mark.parametrize(
    ("spec", "follows"),
    [
        ("trunc_normal", TruncatedNormal(0, 1, -2, 2)),
        ("trunc_normal(1, 0.5, 0, 3)", TruncatedNormal(1, 0.5, -2, 4)),
        ("trunc_normal(low=1, high=1)", Constant(1)),
        ("trunc_normal(stddev=0, mean=1)", Constant(1)),
    ],
)
def test_the_bounds_of_trunc_normal_are_values(spec, follows):
    assert distribution_of(validate(spec), (3,)) == follows


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("trunc_normal(low=1, high=-1)", "low must not be above high: 1 > -1."),
        ("trunc_normal(3, 0)", "mean must be between low and high if stddev is 0."),
        (
            "trunc_normal(0, 0.01, 1, 2)",
            "low and high are too far from the mean: 0 ± 0.01 has no values",
        ),
        ("sparse(1.5)", "sparsity must be 1"),
        ("sparse", "sparse needs the parameter 'sparsity'."),
        ("dirac(0)", "groups must be 1 or more, not 0."),
        ("dirac(True)", "groups must be a whole number, not True."),
        ("kaiming(relu, a=1)", "a is only for leaky_relu, not for relu."),
        ("kaiming(rely)", "Did you mean 'relu'?"),
        ("xavier(2, relu)", "gain can't be given with a nonlinearity, which has its own."),
        ("scaled(he_normal)", "scaled needs the parameter 'factor'."),
        ("scaled(he_norml, 2)", "Did you mean 'he_normal'?"),
        ("per_gate([])", "initializers must have 1 or more items"),
        ("from_file(weights.npy)", "Quote it if you mean text."),
        ('from_file("weights.txt")', "path must be the path of a .npy or .npz file, not"),
    ],
)
def test_invalid_parameters_are_reported(spec, problem):
    with pytest.raises(initreg.InitregError) as caught:
        validate(spec)
    assert problem in str(caught.value)


# sparse -------------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.integers(0, 40), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_each_column_of_sparse_has_the_same_number_of_zeros(sparsity, rows, columns, seed):
    drawn = draw({"type": "sparse", "sparsity": sparsity}, (rows, columns), seed=seed)
    zeros = (drawn == 0).sum(axis=0)
    assert (zeros == math.ceil(sparsity * rows)).all()


def test_each_row_of_sparse_is_equally_likely():
    drawn = draw("sparse(0.25, stddev=1)", (8, 40_000), seed=1)
    share = (drawn == 0).mean(axis=1)
    np.testing.assert_allclose(share, 0.25, atol=6 * math.sqrt(0.25 * 0.75 / 40_000))
    assert abs(drawn[drawn != 0].std() - 1) < 0.01


# dirac, delta_orthogonal --------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolution_with_dirac_passes_its_inputs_through(rank, groups):
    layer_class = getattr(keras.layers, f"Conv{rank}D")
    if groups > 1 and (BACKEND, rank) not in {("jax", 1), ("jax", 2), ("jax", 3), ("torch", 1)}:
        pytest.skip("some backends don't support grouped convolutions on CPU")
    spec = f"dirac(groups={groups})"
    layer = layer_class(4, 3, padding="same", groups=groups, kernel_initializer=resolve(spec))
    inputs = np.random.default_rng(1).normal(size=(2, *[5] * rank, 4)).astype("float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(inputs)), inputs, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 4), (3, 2, 2, 5), (1, 2, 3, 4, 4), (2, 2, 3, 3)])
def test_the_middle_of_delta_orthogonal_keeps_lengths(shape):
    drawn = draw("delta_orthogonal(gain=2)", shape, seed=1, dtype="float64")
    middle = drawn[tuple((size - 1) // 2 for size in shape[:-2])]
    np.testing.assert_allclose(middle @ middle.T, 4 * np.eye(shape[-2]), atol=1e-12)
    assert (drawn != 0).sum() == (middle != 0).sum()


@pytest.mark.parametrize(
    ("spec", "shape", "problem"),
    [
        ("sparse(0.5)", (3,), "a sparse weight needs two axes"),
        ("dirac", (3, 3), "three to five axes"),
        ("dirac(groups=3)", (3, 4, 4), "4 outputs can't be divided into 3 groups"),
        ("delta_orthogonal", (3, 3), "three to five axes"),
        ("delta_orthogonal", (3, 4, 3), "4 inputs are more than 3 outputs"),
        ("per_gate([zeros, ones])", (3,), "can't be divided into 2 gates"),
        ("per_gate([zeros, ones])", (), "can't be divided into 2 gates"),
    ],
)
def test_a_shape_that_does_not_fit_is_reported(spec, shape, problem):
    with pytest.raises(ConfigError, match=problem):
        draw(spec, shape, seed=1)


# kaiming, xavier ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "stddev"),
    [
        ("kaiming", math.sqrt(2 / 36)),
        ("kaiming(a=sqrt(5))", math.sqrt(2 / 6 / 36)),
        ("kaiming(nonlinearity=tanh, mode=fan_out, distribution=normal)", 5 / 3 / math.sqrt(72)),
        ("kaiming(selu)", 0.75 / 6),
        ("kaiming(linear)", 1 / 6),
        ("xavier", math.sqrt(2 / 108)),
        ("xavier(2, distribution=normal)", 2 * math.sqrt(2 / 108)),
        ("xavier(nonlinearity=leaky_relu, a=1)", math.sqrt(2 / 108)),
    ],
)
def test_gains(spec, stddev):
    follows = distribution_of(validate(spec), (3, 3, 4, 8))
    assert follows.mean == 0
    assert follows.stddev == pytest.approx(stddev)
    assert isinstance(follows, Normal) == ("normal" in spec)


# scaled, per_gate ---------------------------------------------------------------------------------

BASES = [
    "random_normal(mean=1)",
    "random_uniform(0, 1)",
    "truncated_normal(mean=1)",
    "trunc_normal(0, 1, -1, 3)",
    "constant(2)",
    "constant([1, 2, 3])",
    "orthogonal",
    "scaled(random_normal, -1)",
]


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("factor", [-2.0, 0.0, 0.5])
def test_scaled_is_the_base_times_a_factor(base, factor):
    shape = (30, 3)
    config = validate({"type": "scaled", "base": base, "factor": factor})
    own, theirs = distribution_of(config, shape), distribution_of(validate(base), shape)
    assert (own is None) == (theirs is None)
    expected = factor * draw(base, shape, seed=1, dtype="float64")
    drawn = draw(config, shape, seed=1, dtype="float64")
    if own is not None:
        assert own.mean == pytest.approx(factor * theirs.mean)
        assert own.stddev == pytest.approx(abs(factor) * theirs.stddev)
        if factor < 0:  # the values come from the mirrored distribution
            expected, drawn = expected.std(), drawn.std()
            np.testing.assert_allclose(drawn, expected, rtol=0.5)
            return
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)
    tensor = values(resolve(config, seed=1), shape)
    base_seed = validate(config).with_seed(1).base
    np.testing.assert_allclose(tensor, factor * values(resolve(base_seed), shape), rtol=1e-5)


def test_scaled_orthogonal_keeps_its_shape_in_a_plan():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="head")])
    initreg.apply(model, [{"match": "kernel", "init": "scaled(orthogonal, 3)"}], seed=1)
    kernel = model.get_weights()[0]
    np.testing.assert_allclose(kernel @ kernel.T, 9 * np.eye(4), atol=1e-5)


@pytest.mark.slow
def test_the_bias_of_an_lstm_opens_its_forget_gate():
    layer = keras.layers.LSTM(
        3, unit_forget_bias=False, bias_initializer=resolve("per_gate([zeros, ones, zeros, zeros])")
    )
    own = keras.layers.LSTM(3)
    for lstm in (layer, own):
        lstm.build((None, 5, 2))
    bias, theirs = (keras.ops.convert_to_numpy(lstm.cell.bias) for lstm in (layer, own))
    np.testing.assert_array_equal(bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(bias, theirs)


@pytest.mark.slow
def test_each_gate_of_a_gru_has_its_own_matrix():
    spec = "per_gate([orthogonal, orthogonal, orthogonal])"
    layer = keras.layers.GRU(4, recurrent_initializer=resolve(spec, seed=1))
    layer.build((None, 5, 2))
    kernel = keras.ops.convert_to_numpy(layer.cell.recurrent_kernel)
    gates = np.split(kernel, 3, axis=1)
    for gate in gates:
        np.testing.assert_allclose(gate @ gate.T, np.eye(4), atol=1e-5)
    assert not np.allclose(gates[0], gates[1])
    with initreg.scope(seed=1):
        layer = keras.layers.GRU(4, recurrent_initializer=resolve(spec))
        layer.build((None, 5, 2))
    gates = np.split(keras.ops.convert_to_numpy(layer.cell.recurrent_kernel), 3, axis=1)
    assert not np.allclose(gates[0], gates[1])


def test_an_lstm_that_sets_its_forget_bias_itself_gets_an_error_with_advice():
    layer = keras.layers.LSTM(3, bias_initializer=resolve("per_gate([zeros, ones, zeros, zeros])"))
    with pytest.raises(ValueError, match="unit_forget_bias=False"):
        layer.build((None, 5, 2))


# from_file ----------------------------------------------------------------------------------------


def test_from_file_gives_the_values_of_the_file():
    expected = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(draw('from_file("weights.npy")', (2, 3), seed=1), expected)
    np.savez("some.npz", a=expected, b=expected + 1)
    np.savez("one.npz", only=expected.astype("int8"))
    np.testing.assert_array_equal(
        draw('from_file("some.npz", key=b)', (2, 3), seed=1), expected + 1
    )
    np.testing.assert_array_equal(draw('from_file("one.npz")', (2, 3), seed=1), expected)


def test_from_file_does_not_read_the_file_to_check_a_config():
    assert validate('from_file("nowhere.npy")').path == "nowhere.npy"


class Exploit:
    def __reduce__(self):
        return (print, ("pickle was read",))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ('from_file("nowhere.npy")', "nowhere.npy: No such file or directory."),
        ('from_file("weights.npy", key=a)', "a .npy file has a single array, without a key."),
        ('from_file("other.npy")', "it has the shape [3, 2], not [2, 3]."),
        ('from_file("some.npz")', "it needs a key. Its keys: a, b."),
        ('from_file("some.npz", key=c)', "it has no key 'c'. Its keys: a, b."),
        ('from_file("none.npz")', "it needs a key. Its keys: none."),
        ('from_file("text.npy")', "its values must be integers or floats, not <U1"),
        ('from_file("complex.npy")', "its values must be integers or floats, not complex128"),
        ('from_file("nan.npy")', "it contains infinity or NaN."),
        (
            'from_file("objects.npy")',
            "it contains Python objects, which are never read, or isn't a",
        ),
        (
            'from_file("objects.npz")',
            "it contains Python objects, which are never read, or isn't a",
        ),
        ('from_file("pickle.npy")', "it contains Python objects, which are never read, or isn't a"),
        ('from_file("broken.npz")', "broken.npz: "),
        ('from_file("empty.npy")', "empty.npy: "),
        ('from_file("cut.npy")', "cut.npy: "),
        ('from_file("folder.npy")', "folder.npy: Is a directory."),
    ],
)
def test_an_unsuitable_file_is_reported(spec, problem, tmp_path, capsys):
    np.save("other.npy", np.zeros((3, 2)))
    np.savez("some.npz", a=np.zeros((2, 3)), b=np.zeros((2, 3)))
    np.savez("none.npz")
    np.save("text.npy", np.array([["a", "b"]]))
    np.save("complex.npy", np.zeros((2, 3), complex))
    np.save("nan.npy", np.full((2, 3), np.nan))
    exploit = np.array([Exploit()], object)
    np.save("objects.npy", exploit)
    np.savez("objects.npz", a=exploit)
    exploit.dump("pickle.npy")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 and nothing")
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "weights.npy").read_bytes()[:-8])
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(ConfigError) as caught:
        draw(spec, (2, 3), seed=1)
    assert problem in str(caught.value)
    assert "pickle was read" not in capsys.readouterr().out
