"""The extras draw like torch.nn.init and jax.nn.initializers, which run in the same test."""

import math

import numpy as np
import pytest
from scipy import stats

from initreg import draw, validate
from initreg.config.drawing import distribution_of
from tests.support.drawing import ALPHA, SEED

pytestmark = [pytest.mark.keras, pytest.mark.slow]


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip("torch")  # installed in the nox session tests(torch)
    module.manual_seed(SEED)
    return module


@pytest.fixture(scope="module")
def jax_initializers():
    return pytest.importorskip("jax").nn.initializers


def drawn(spec, shape):
    return draw(spec, shape, seed=SEED)


def alike(ours, theirs):
    """Assert that two sets of a million values may come from one distribution."""
    assert min(ours.size, theirs.size) > 999_000
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.01)
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > ALPHA


# The weight of one layer in the layouts of Keras and of PyTorch.
LAYERS = {
    "dense": ((1000, 1100), (1100, 1000)),
    "conv1d": ((5, 400, 600), (600, 400, 5)),
    "conv2d": ((3, 3, 300, 500), (500, 300, 3, 3)),
    "conv2d of 2 groups": ((3, 3, 200, 600), (600, 200, 3, 3)),
    "conv2d transposed": ((3, 3, 500, 300), (300, 500, 3, 3)),
    "conv3d": ((3, 3, 3, 200, 200), (200, 200, 3, 3, 3)),
}
NONLINEARITIES = [
    *("linear", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("sigmoid", "tanh", "relu", "leaky_relu", "selu"),
]


@pytest.mark.parametrize("values", ["uniform", "normal"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("layer", LAYERS)
def test_kaiming(torch, layer, mode, values):
    ours, theirs = LAYERS[layer]
    fill = getattr(torch.nn.init, f"kaiming_{values}_")
    tensor = fill(torch.empty(theirs), a=0.3, mode=mode, nonlinearity="leaky_relu")
    spec = f"kaiming(nonlinearity=leaky_relu, a=0.3, mode={mode}, distribution={values})"
    alike(drawn(spec, ours), tensor.numpy())


@pytest.mark.parametrize("values", ["uniform", "normal"])
@pytest.mark.parametrize("layer", LAYERS)
def test_xavier(torch, layer, values):
    ours, theirs = LAYERS[layer]
    fill = getattr(torch.nn.init, f"xavier_{values}_")
    alike(
        drawn(f"xavier(gain=1.5, distribution={values})", ours),
        fill(torch.empty(theirs), 1.5).numpy(),
    )


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_the_gains_are_those_of_torch(torch, nonlinearity):
    gain = torch.nn.init.calculate_gain(nonlinearity, 0 if nonlinearity == "leaky_relu" else None)
    kaiming = validate(f"kaiming(nonlinearity={nonlinearity}, distribution=normal)")
    assert distribution_of(kaiming, (16, 4)).stddev == pytest.approx(gain / 4)
    xavier = validate(f"xavier(nonlinearity={nonlinearity}, distribution=normal)")
    assert distribution_of(xavier, (16, 16)).stddev == pytest.approx(gain / 4)


def test_the_nonlinearities_are_those_of_torch(torch):
    with pytest.raises(ValueError, match="Unsupported"):
        torch.nn.init.calculate_gain("gelu")
    annotation = type(validate("kaiming")).model_fields["nonlinearity"].annotation
    assert set(annotation.__args__) == set(NONLINEARITIES)


@pytest.mark.parametrize(
    ("mean", "stddev", "low", "high"), [(0, 1, -2, 2), (0.5, 1, -0.25, 3), (1, 0.02, -2, 2)]
)
def test_trunc_normal(torch, mean, stddev, low, high):
    tensor = torch.nn.init.trunc_normal_(torch.empty(10**6), mean, stddev, low, high)
    alike(drawn(f"trunc_normal({mean}, {stddev}, {low}, {high})", (10**6,)), tensor.numpy())


@pytest.mark.parametrize("sparsity", [0, 0.07, 0.1, 0.5, 0.9, 1])
def test_sparse(torch, sparsity):
    shape = (100, 40)
    theirs = torch.nn.init.sparse_(torch.empty(shape), sparsity).numpy()
    ours = drawn(f"sparse({sparsity})", shape)
    assert ((ours == 0).sum(0) == (theirs == 0).sum(0)).all()


def test_the_nonzero_values_of_sparse(torch):
    shape = (2000, 1000)
    theirs = torch.nn.init.sparse_(torch.empty(shape), 0.5, std=0.1).numpy()
    ours = drawn("sparse(0.5, stddev=0.1)", shape)
    assert np.count_nonzero(ours) == 10**6
    assert np.count_nonzero(theirs) == pytest.approx(10**6, abs=3)  # float32 sometimes draws a 0
    alike(ours[ours != 0], theirs[theirs != 0])


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 5), (3, 4, 5)], ids=str)
@pytest.mark.parametrize(("inputs", "outputs"), [(4, 8), (8, 4), (3, 12)])
def test_dirac(torch, kernel, inputs, outputs, groups):
    theirs = torch.nn.init.dirac_(torch.empty(outputs, inputs, *kernel), groups).numpy()
    ours = drawn(f"dirac(groups={groups})", (*kernel, inputs, outputs))
    np.testing.assert_array_equal(ours, np.moveaxis(theirs, (0, 1), (-1, -2)))


# JAX has Keras's layout ---------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 5), (3, 4, 5)], ids=str)
@pytest.mark.parametrize(("inputs", "outputs"), [(4, 4), (3, 7)])
def test_delta_orthogonal(jax_initializers, kernel, inputs, outputs):
    import jax

    shape = (*kernel, inputs, outputs)
    theirs = np.asarray(jax_initializers.delta_orthogonal(2.0)(jax.random.key(1), shape))
    ours = drawn("delta_orthogonal(gain=2)", shape)
    np.testing.assert_array_equal(ours.any((-1, -2)), theirs.any((-1, -2)))
    for values in (ours, theirs):
        [rows] = values[values.any((-1, -2))]
        np.testing.assert_allclose(rows @ rows.T, 4 * np.eye(inputs), atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3, 3), (3, 5, 4), (2,)], ids=str)
def test_delta_orthogonal_accepts_the_shapes_that_jax_accepts(jax_initializers, shape):
    import jax

    def takes(fill):
        try:
            fill()
        except ValueError:
            return False
        return True

    theirs = takes(lambda: jax_initializers.delta_orthogonal()(jax.random.key(1), shape))
    assert takes(lambda: drawn("delta_orthogonal", shape)) == theirs


JAX = {
    "normal": ({"stddev": 0.3}, "random_normal(stddev=0.3)"),
    "uniform": ({"scale": 0.3}, "random_uniform(0, 0.3)"),
    "truncated_normal": ({"stddev": 0.3}, "truncated_normal(stddev=0.3)"),
    "truncated_normal, other bounds": (
        {"stddev": 0.3, "lower": -1.0, "upper": 3.0},
        "trunc_normal(stddev=0.3, low=-1*0.3, high=3*0.3)",
    ),
    **{
        f"{rule}_{values}": ({}, f"{rule}_{values}")
        for rule in ("glorot", "he", "lecun")
        for values in ("normal", "uniform")
    },
    "variance_scaling": (
        {"scale": 0.5, "mode": "fan_out", "distribution": "normal"},
        "variance_scaling(0.5, fan_out, untruncated_normal)",
    ),
}


@pytest.mark.parametrize("shape", [(1000, 1100), (3, 3, 300, 500)], ids=str)
@pytest.mark.parametrize("name", JAX)
def test_values_are_those_of_jax(jax_initializers, name, shape):
    import jax

    options, spec = JAX[name]
    make = getattr(jax_initializers, name.partition(",")[0])
    initializer = make(**options) if options else make()
    alike(drawn(spec, shape), np.asarray(initializer(jax.random.key(1), shape)))


def test_the_comparison_sees_a_difference():
    values = drawn("kaiming", (1000, 1100))
    alike(values, -values)
    for other in (drawn("xavier", (1000, 1100)), 1.02 * values, drawn("he_normal", (1000, 1100))):
        with pytest.raises(AssertionError):
            alike(values, other)


@pytest.mark.parametrize("factor", [1 / math.sqrt(24), -0.5])
def test_scaled_is_a_product(jax_initializers, factor):
    import jax

    theirs = jax_initializers.normal(0.02)(jax.random.key(1), (1000, 1000)) * factor
    alike(drawn(f"scaled(random_normal(stddev=0.02), {factor})", (1000, 1000)), np.asarray(theirs))
