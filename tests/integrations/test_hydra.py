"""The Hydra apps of the docs page do what it says, with the commands that it shows for bash."""

import re
import shutil
from pathlib import Path

import pytest

from initreg import ConfigError, describe, resolve
from tests.support.processes import run

pytest.importorskip("hydra")

import hydra
import hydra.utils
from hydra.errors import OverrideParseException
from omegaconf import OmegaConf

# Hydra 1.4 warns if `version_base` is set, and Hydra 1.3 if it isn't. Hydra 1.4 also warns about
# targets without a list of allowed ones.
pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore:The version_base parameter is deprecated"),
    pytest.mark.filterwarnings("ignore:hydra.utils.instantiate.. resolved _target_"),
]

MODEL = {"kernel": "he_normal", "bias": "zeros"}

# What the page shows to type, and the `model` that it gives.
TYPED = {
    "model.kernel=he_normal": MODEL,
    """'model.kernel="random_normal(mean=0, stddev=0.02)"'""": {
        **MODEL,
        "kernel": "random_normal(mean=0, stddev=0.02)",
    },
    """'model.kernel="variance_scaling(2, mode=fan_out)"'""": {
        **MODEL,
        "kernel": "variance_scaling(2, mode=fan_out)",
    },
    """'model.kernel="random_normal(stddev=0.02/sqrt(2*12))"'""": {
        **MODEL,
        "kernel": "random_normal(stddev=0.02/sqrt(2*12))",
    },
    """'model.kernel="constant([0, 0, 1])"'""": {**MODEL, "kernel": "constant([0, 0, 1])"},
    "'model.kernel={type: he_normal, seed: 1}'": {
        **MODEL,
        "kernel": {"type": "he_normal", "seed": 1},
    },
    """'model.kernel="acme_inits.residual_normal(blocks=12)"'""": {
        **MODEL,
        "kernel": "acme_inits.residual_normal(blocks=12)",
    },
    "'model.kernel=${model.bias}'": {**MODEL, "kernel": "zeros"},
    "+model.recurrent=orthogonal": {**MODEL, "recurrent": "orthogonal"},
    "'~model.bias'": {"kernel": "he_normal"},
}
SWEEP = """'model.kernel="he_normal(seed=1)","random_normal(0, 0.02)",zeros'"""


def split(*typed: str) -> list[str]:
    """Return the arguments that bash makes of the typed text."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash isn't installed")
    script = f"printf '%s\\0' {' '.join(typed)}"
    return run(bash, "-c", script).stdout.split("\0")[:-1]


@pytest.fixture(scope="module")
def conf(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("conf")
    (folder / "config.yaml").write_text("model: {kernel: he_normal, bias: zeros}\n")
    (folder / "dict.yaml").write_text("model: {kernel: {type: he_normal, seed: 1}, bias: zeros}\n")
    return folder


@pytest.fixture
def compose(conf):
    with hydra.initialize_config_dir(version_base=None, config_dir=str(conf)):
        yield lambda *overrides, name="config": OmegaConf.to_container(
            hydra.compose(name, overrides=list(overrides)).model, resolve=True
        )


@pytest.mark.slow
def test_hydra_reads_what_the_page_shows_to_type(compose, page):
    arguments = split(*TYPED)
    assert len(arguments) == len(TYPED)
    for (typed, model), argument in zip(TYPED.items(), arguments, strict=True):
        assert f"| `{typed}` |" in page
        assert compose(argument) == model


def test_each_row_of_the_page_is_tested(page):
    table = page.partition("| You type |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = re.findall(r"\| `(.*)` \|$", table, re.MULTILINE)
    assert rows == [*TYPED, f"--multirun {SWEEP}"]


def test_without_the_inner_quotes_hydra_looks_for_a_function(compose, page):
    with pytest.raises(OverrideParseException, match="Unknown function 'random_normal'") as caught:
        compose("model.kernel=random_normal(stddev=0.02)")
    assert "Unknown function 'random_normal'" in page
    assert "Unknown function 'random_normal'" in str(caught.value)


def test_a_dict_is_merged_and_text_replaces(compose):
    merged = compose("model.kernel={type: zeros}", name="dict")
    assert merged["kernel"] == {"type": "zeros", "seed": 1}
    assert compose("model.kernel=zeros", name="dict")["kernel"] == "zeros"


def test_resolve_accepts_dicts_from_hydra(conf):
    with hydra.initialize_config_dir(version_base=None, config_dir=str(conf)):
        config = hydra.compose("dict")
    assert describe(resolve(config.model.kernel)) == "he_normal(seed=1)"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"spec": "he_normal", "seed": 3}, "he_normal(seed=3)"),
        ({"spec": {"type": "random_normal", "stddev": 0.02}}, "random_normal(stddev=0.02)"),
        (
            {"spec": {"type": "constant", "value": [1, 2]}, "_convert_": "all"},
            "constant(value=[1, 2])",
        ),
    ],
)
def test_resolve_is_a_target(arguments, expected):
    config = OmegaConf.create({"_target_": "initreg.resolve", **arguments})
    assert describe(hydra.utils.instantiate(config)) == expected


def test_an_invalid_spec_of_a_target_is_reported():
    config = OmegaConf.create({"_target_": "initreg.resolve", "spec": "he_normal(sed=1)"})
    # Hydra 1.3 wraps our error in its own, Hydra 1.4 does not.
    with pytest.raises((hydra.errors.InstantiationException, ConfigError)) as caught:
        hydra.utils.instantiate(config)
    assert "he_normal has no parameter 'sed'. Did you mean 'seed'?" in str(caught.value)


def test_text_resolved_by_the_app(app):
    command = ["train.py", *split("""'model.kernel="random_normal(mean=0, stddev=0.02)"'""")]
    assert app.run(*command).stdout == "random_normal(stddev=0.02, seed=42) zeros\n"


def test_a_sweep_runs_once_for_each_spec(app):
    done = app.run("train.py", "--multirun", *split(SWEEP))
    printed = [line for line in done.stdout.splitlines() if not line.startswith("[")]
    assert printed == [
        "he_normal(seed=1) zeros",
        "random_normal(stddev=0.02, seed=42) zeros",
        "zeros zeros",
    ]


def test_an_invalid_spec_ends_the_run_with_our_message(app, page):
    done = app.run("train.py", *split("""'model.kernel="random_normal(mean=0, stdev=0.02)"'"""))
    text = (
        "initreg.ConfigError: random_normal has no parameter 'stdev'. "
        "Did you mean 'stddev'? It takes mean, stddev, seed.\n"
        "    random_normal(mean=0, stdev=0.02)\n"
        "                          ^^^^^\n"
    )
    assert done.status == 1
    assert text in done.stderr
    assert text in page


def test_a_dict_is_rejected_by_a_field_of_type_str(app):
    done = app.run("train.py", "model.bias={type: zeros}")
    assert done.status == 1
    assert "model.bias" in done.stderr


def test_layers_made_by_instantiate(app, page):
    typed = """'dense.kernel_initializer=${init:"he_normal(seed=1)"}'"""
    assert f"$ python layers.py {typed}\nhe_normal(seed=1) constant(value=0.1)\n" in page
    done = app.run("layers.py", *split(typed))
    assert done.stdout == "he_normal(seed=1) constant(value=0.1)\n", done.stderr


def test_the_config_file_of_the_page(app):
    done = app.run("layers.py", "hydra.run.dir=shown")
    assert done.stdout == "random_normal(stddev=0.02, seed=42) constant(value=0.1)\n", done.stderr
    copy = (app.folder / "shown" / ".hydra" / "config.yaml").read_text("utf-8")
    assert "${init:'random_normal(mean=0, stddev=0.02)',${seed}}" in copy


def test_an_invalid_spec_in_an_interpolation_keeps_its_caret(app):
    done = app.run("layers.py", "dense.kernel_initializer=${init:'random_normal(stdev=0.02)'}")
    assert done.status == 1
    assert "\n    random_normal(stdev=0.02)\n                  ^^^^^\n" in done.stderr
