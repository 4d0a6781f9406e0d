"""The plugin in docs/examples/initreg-example: a stranger's, from installation to removal."""

import ast
import re
import shutil
import sys
import textwrap
from pathlib import Path

import pytest

import initreg
import initreg.testing
from tests.support.paths import DOCS
from tests.support.processes import run

EXAMPLE = DOCS / "examples" / "initreg-example"

pytestmark = pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the docs")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "initreg-example"
    ignored = shutil.ignore_patterns(".*_cache", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, folder, ignore=ignored))


@pytest.fixture(scope="module")
def installed(environment, project):
    environment.install(project)
    return environment


def test_it_uses_what_is_documented_alone() -> None:
    """From initreg it imports public names alone, and Keras for its layer alone."""
    public = {"initreg": initreg.__all__, "initreg.testing": initreg.testing.__all__}
    for file in EXAMPLE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules = {name.name.partition(".")[0] for name in node.names}
                assert "initreg" not in modules
                assert "keras" not in modules or file.name == "experts.py"
            elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "initreg":
                assert {name.name for name in node.names} <= {*public[node.module]}, file.name


def test_it_is_listed_and_sampled(installed) -> None:
    listed = installed.initreg("list", "--plugin", "initreg-example")
    assert [line.split()[0] for line in listed.splitlines()] == ["name", "low_rank", "siren"]
    shown = installed.initreg("sample", "siren(first=True)", "--shape", "4,100", "--seed", "1")
    assert "spec     siren(first=True)" in shown
    assert re.search(r"^stddev +0\.14\d+ +0\.144338$", shown, re.MULTILINE)  # 0.25 / sqrt(3)
    rejection = installed.initreg("sample", "low_rank(rank=0)", status=2)
    assert rejection == (
        "rank must be 1 or more, not 0.\n    low_rank(rank=0)\n                  ^\n"
    )


def test_it_is_verified(installed) -> None:
    verified = installed.initreg("verify", "--plugin", "initreg-example")
    assert " 0 failed." in verified
    assert "low_rank(rank=4)" in verified


def test_its_command_runs(installed) -> None:
    values = installed.initreg("spectrum", "low_rank(rank=2)", "--columns", "3").splitlines()
    assert [float(value) > 0 for value in values] == [True, True, False]
    assert "Print the singular values" in installed.initreg("spectrum", "--help")
    assert "the command spectrum" in installed.initreg("plugins")


def test_an_old_name_is_warned_of(installed) -> None:
    printed = installed.run("-c", "import initreg; print(initreg.validate('siren(w0=20)'))")
    assert "siren(omega=20)" in printed
    assert "InitregWarning" in printed


def test_its_own_tests_pass(installed, project) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-W", "error"]
    assert " passed" in installed.run("-m", "pytest", *options, cwd=project)


def test_it_is_typed_and_tidy(installed, project, tmp_path) -> None:
    printed = installed.run("-m", "mypy", "--cache-dir", tmp_path, cwd=project)
    assert printed.startswith("Success")
    for options in (["check"], ["format", "--check"]):
        run(sys.executable, "-m", "ruff", *options, "--no-cache", ".", cwd=project)


TRAIN = """
    import keras, numpy, sys
    import initreg

    with initreg.scope(seed=42):
        model = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(
                    64, keras.ops.sin, kernel_initializer=initreg.resolve("siren(first=True)")
                ),
                keras.layers.Dense(64, kernel_initializer=initreg.resolve("low_rank(rank=2)")),
                keras.layers.Dense(1, kernel_initializer=initreg.resolve("siren(omega=30)")),
            ]
        )
    assert numpy.linalg.matrix_rank(model.layers[1].get_weights()[0]) == 2
    inputs = numpy.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    model.compile("adam", "mse")
    model.fit(inputs, inputs[:, :1], epochs=2, verbose=0)
    model.save(sys.argv[1])
    numpy.savez(sys.argv[1] + ".npz", inputs=inputs, outputs=model.predict(inputs, verbose=0))
"""
LOAD = """
    import keras, numpy, sys
    import initreg

    model = initreg.load_model(sys.argv[1], custom_objects={"sin": keras.ops.sin})
    found = [initreg.describe(layer.kernel_initializer) for layer in model.layers]
    assert [text.partition("(")[0] for text in found] == ["siren", "low_rank", "siren"], found
    with numpy.load(sys.argv[1] + ".npz") as kept:
        outputs = model.predict(kept["inputs"], verbose=0)
        numpy.testing.assert_allclose(outputs, kept["outputs"], atol=1e-5)
"""


def test_a_model_is_trained_saved_and_loaded(installed, tmp_path) -> None:
    saved = tmp_path / "model.keras"
    installed.run("-c", textwrap.dedent(TRAIN), saved)
    installed.run("-c", textwrap.dedent(LOAD), saved)


def test_once_removed_it_is_gone(environment, project) -> None:
    environment.install(project)
    environment.uninstall("initreg-example")
    assert "siren" not in environment.initreg("list")
    assert "siren" not in environment.initreg("plugins")
    rejection = environment.initreg("show", "siren", status=2)
    assert rejection.startswith("There is no initializer 'siren'.")
    rejection = environment.initreg("spectrum", "siren", status=2)
    assert "No such command 'spectrum'." in rejection
    environment.install(project)
