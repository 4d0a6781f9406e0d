"""``initreg sample``: the values, and what is printed about them."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

import initreg
from initreg_cli.commands.sample import read_shape

pytestmark = pytest.mark.keras

BACKEND = os.environ["KERAS_BACKEND"]


# Shapes: no Keras needed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("64,32", (64, 32)),
        ("64x32", (64, 32)),
        ("64 × 32", (64, 32)),
        ("64 32", (64, 32)),
        ("(64, 32)", (64, 32)),
        ("[64, 32]", (64, 32)),
        ("(64,)", (64,)),
        ("64", (64,)),
        ("0,3", (0, 3)),
        ("", ()),
        ("()", ()),
        (" ( ) ", ()),
    ],
)
def test_shapes_are_written_in_many_ways(text: str, sizes: tuple[int, ...]) -> None:
    assert read_shape(text) == sizes


@pytest.mark.parametrize(
    "text", ["a,3", "3,,4", "x", ",", "-1,3", "3.5", "1e3", "(3", "3]", "(3]", "٣", "1_0", "9" * 99]
)
def test_what_is_not_a_shape_is_reported(cli: Any, text: str) -> None:
    done = cli("sample", "zeros", f"--shape={text}")
    assert (done.status, done.stdout) == (2, "")
    assert f"Invalid value for '--shape': {text!r} is not a valid shape." in done.stderr
    assert "Write whole numbers with commas: 64,32" in done.stderr


def test_a_shape_too_large_is_rejected_with_its_size(cli: Any) -> None:
    done = cli("sample", "zeros", "--shape", "10000000,10000000")
    assert (done.status, done.stdout) == (2, "")
    assert "100,000,000,000,000 values of float32 are 363.8 TiB" in done.stderr


# What is drawn ------------------------------------------------------------------------------------


def test_it_shows_all_that_repeats_the_draw(cli: Any) -> None:
    done = cli("sample", "random_normal(mean=0,stddev=0.02)", "--seed", 7)
    assert (done.status, done.stderr) == (0, "")
    head = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[:4])
    assert head["spec"] == "random_normal(stddev=0.02)"
    assert head["seed"] == "7"
    assert head["shape"] == "64 × 32, 2,048 values of float32"
    assert head["backend"].startswith(f"{BACKEND} (initreg {initreg.__version__}, keras ")
    assert done.stdout.rstrip().endswith("expected")
    assert len(done.stdout.splitlines()) > 35


def test_the_statistics_are_shown_beside_theory(cli: Any) -> None:
    data = cli("sample", "random_normal(mean=1, stddev=0.5)", "--seed", 7, "--json").json
    drawn, expected = data["statistics"], data["expected"]
    assert list(drawn) == list(expected)
    assert drawn["mean"] == pytest.approx(1, abs=0.06)  # five standard errors
    assert drawn["stddev"] == pytest.approx(0.5, abs=0.04)
    assert (expected["mean"], expected["stddev"], expected["50%"]) == (1, 0.5, 1)
    assert expected["5%"] == pytest.approx(1 - 0.5 * 1.6448536)
    assert drawn["min"] < drawn["1%"] < drawn["25%"] < drawn["75%"] < drawn["99%"] < drawn["max"]


def test_the_data_of_the_histogram_is_whole(cli: Any) -> None:
    data = cli("sample", "random_normal", "--seed", 7, "--json").json
    edges, counts = data["histogram"]["edges"], data["histogram"]["counts"]
    assert sum(counts) == data["count"] == data["finite"] == 2048
    assert len(edges) == len(counts) + 1
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (data["statistics"]["min"], data["statistics"]["max"])


def test_the_seed_that_is_shown_repeats_the_draw(cli: Any) -> None:
    first = cli("sample", "he_normal", "--shape", "2,3").stdout
    (line,) = [line for line in first.splitlines() if line.startswith("seed ")]
    seed = line.split()[1]
    assert line == f"seed     {seed} (random; --seed {seed} repeats the draw)"
    again = cli("sample", "he_normal", "--shape", "2,3", "--seed", seed).stdout
    assert again == first.replace(f" (random; --seed {seed} repeats the draw)", "")


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_reported(cli: Any, seed: int) -> None:
    done = cli("sample", "random_normal", "--seed", seed)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == f"seed must be a whole number, 0 … 4294967295, not {seed}.\n"


@pytest.mark.parametrize(
    ("spec", "kept", "note"),
    [
        (
            "random_normal(seed=5)",
            5,
            "--seed 1 has no effect on random_normal(seed=5): it has its own, 5.\n",
        ),
        ("zeros", None, "--seed 1 has no effect on zeros: its values are not random.\n"),
    ],
)
def test_a_seed_without_effect_is_noted(cli: Any, spec: str, kept: int | None, note: str) -> None:
    done = cli("sample", spec, "--seed", 1, "--shape", 4, "--json")
    assert (done.status, done.json["seed"], done.stderr) == (0, kept, note)


@pytest.mark.parametrize(
    ("spec", "shape", "text", "stddev"),
    [
        ("random_normal(mean=1, stddev=0)", "4", "[1. 1. 1. 1.]", 0),
        ("zeros", "4", "[0. 0. 0. 0.]", 0),
        ("constant(0.5)", "4", "[0.5 0.5 0.5 0.5]", 0),
        ("constant([0, 2])", "2,2", "[[0. 2.]\n [0. 2.]]", 1),
        ("identity(gain=2)", "2,2", "[[2. 0.]\n [0. 2.]]", 1),
        ("ones", "", "1.0", 0),
        ("constant(1e20)", "30", "[1.e+20 1.e+20", 0),
    ],
)
def test_values_without_chance(cli: Any, spec: str, shape: str, text: str, stddev: float) -> None:
    done = cli("sample", spec, "--shape", shape)
    assert (done.status, done.stderr) == (0, "")
    assert text in done.stdout
    data = cli("sample", spec, "--shape", shape, "--json").json
    assert data["statistics"]["stddev"] == stddev


@pytest.mark.parametrize("shape", ["0,3", "0", "3,0"])
def test_no_values_have_no_statistics(cli: Any, shape: str) -> None:
    done = cli("sample", "random_normal", "--shape", shape, "--seed", 1)
    assert (done.status, done.stderr) == (0, "")
    assert "0 values of float32" in done.stdout
    data = cli("sample", "random_normal", "--shape", shape, "--json").json
    assert (data["statistics"], data["histogram"]) == ({}, {"edges": [], "counts": []})


def test_few_values_are_shown_without_a_histogram(cli: Any) -> None:
    assert "┃" not in cli("sample", "random_normal", "--shape", "24").stdout
    assert "┃" in cli("sample", "random_normal", "--shape", "25").stdout
    assert "scalar, 1 value of" in cli("sample", "random_normal", "--shape", "").stdout


def test_an_unknown_distribution_has_only_a_histogram(cli: Any) -> None:
    done = cli("sample", "orthogonal", "--seed", 1)
    assert "expected" not in done.stdout
    assert "█" in done.stdout


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_each_dtype(cli: Any, dtype: str) -> None:
    data = cli("sample", "random_normal", "--dtype", dtype, "--seed", 1, "--json").json
    assert (data["dtype"], data["seed"]) == (dtype, 1)
    assert data["statistics"]["stddev"] == pytest.approx(0.05, rel=0.1)


@pytest.mark.parametrize("dtype", ["int8", "Float32", ""])
def test_another_dtype_is_rejected(cli: Any, dtype: str) -> None:
    done = cli("sample", "random_normal", "--dtype", dtype)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == (
        f"dtype must be one of float16, bfloat16, float32, float64, not {dtype!r}.\n"
    )


@pytest.mark.parametrize("spec", ["random_normal(stddev=1e9)", "constant(1e9)"])
def test_values_that_overflow_are_counted(cli: Any, spec: str) -> None:
    done = cli("sample", spec, "--dtype", "float16", "--shape", 100, "--seed", 1, "--json")
    assert (done.json["finite"], done.json["statistics"]) == (0, {})
    message = cli("sample", spec, "--dtype", "float16", "--shape", 100).stderr
    assert message == "100 of 100 values are not finite in float16.\n"


def test_values_that_overflow_in_part(cli: Any) -> None:
    done = cli(
        *("sample", "random_normal(stddev=30000)", "--dtype", "float16", "--seed", 1, "--json")
    )
    assert 0 < done.json["finite"] < done.json["count"]
    assert None not in done.json["statistics"].values()


def test_values_far_from_zero_are_distinguished(cli: Any) -> None:
    done = cli("sample", "random_normal(mean=1e6, stddev=1)", "--seed", 1)
    rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if "%" in line)
    assert len({row.split()[0] for row in rows.values()}) == len(rows)
    labels = [line.split()[0] for line in done.stdout.splitlines() if "█" in line]
    assert len(labels) == len(set(labels)) > 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["identity", "--shape", "3"], "identity can't draw the shape [3] in float32 on "),
        (["stft", "--shape", "3,3"], "stft can't draw the shape [3, 3] in float32 on "),
        (["orthogonal", "--shape", "3"], "orthogonal can't draw the shape [3] in float32 on "),
        (["constant([1, 2])", "--shape", "3"], "constant(value=[1, 2]) can't draw the shape [3]"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_shape_that_does_not_fit_is_reported_with_advice(
    cli: Any, arguments: list[str], message: str
) -> None:
    done = cli("sample", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    name = arguments[0].partition("(")[0]
    assert f"\n`initreg show {name}` says which shapes and dtypes it takes.\n" in done.stderr


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow factorizes float16, too")
def test_a_dtype_that_does_not_fit_is_reported_with_advice(cli: Any) -> None:
    done = cli("sample", "orthogonal", "--dtype", "float16")
    assert (done.status, done.stdout) == (2, "")
    assert "orthogonal can't draw the shape [64, 32] in float16 on " in done.stderr
    assert "`initreg show orthogonal` says" in done.stderr
    assert "float32 or float64" in cli("show", "orthogonal").stdout


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("random_normal(stdev=1)", "\n    random_normal(stdev=1)\n                  ^^^^^\n"),
        ("random_norml", "\n    random_norml\n    ^^^^^^^^^^^^\n"),
        ("random_normal(", "^\n"),
        ("", "The spec is empty."),
    ],
)
def test_a_wrong_spec_is_pointed_at(cli: Any, spec: str, message: str) -> None:
    done = cli("sample", spec)
    assert (done.status, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_backend_that_cant_be_changed_to_is_reported(cli: Any) -> None:
    initreg.resolve("zeros")  # Keras runs, in this process
    other = "torch" if BACKEND != "torch" else "jax"
    done = cli("sample", "zeros", "--backend", other)
    assert done.status == 2
    assert f"Keras already runs on {BACKEND} in this process" in done.stderr


# Backends, in new processes: rejected before Keras starts -----------------------------------------


def test_an_unknown_backend_is_reported(command: Any) -> None:
    done = command("sample", "zeros", "--backend", "jaxx")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == (
        "Keras has no backend 'jaxx' (from --backend). It has jax, torch, tensorflow, numpy.\n"
    )


def test_a_missing_backend_says_what_to_install(command: Any, without: Any) -> None:
    missing = "torch" if BACKEND != "torch" else "tensorflow"
    environment = without(missing)
    chosen = command("sample", "zeros", "--backend", missing, **environment)
    assert chosen.status == 2
    assert f"Keras's backend '{missing}' (from --backend) isn't installed.\n" in chosen.stderr
    assert f"Install it: pip install 'initreg[{missing}]'" in chosen.stderr
    set_ = command("sample", "zeros", **environment | {"KERAS_BACKEND": missing})
    assert f"Keras's backend '{missing}' (from KERAS_BACKEND) isn't installed.\n" in set_.stderr


def test_no_backend_at_all_is_reported(command: Any, without: Any) -> None:
    environment = without("jax", "torch", "tensorflow") | {"KERAS_BACKEND": ""}
    done = command("sample", "zeros", **environment)
    assert done.status == 2
    assert done.stderr == (
        "No backend of Keras is installed.\nInstall it: pip install 'initreg[jax]'\n"
    )


def test_the_backend_of_kerass_own_file_is_taken(command: Any, tmp_path: Path) -> None:
    # The last one, because without the file it would be the first.
    last = initreg.installed_backends()[-1]
    (tmp_path / "keras.json").write_text(json.dumps({"backend": last}))
    done = command("sample", "zeros", "--json", KERAS_HOME=str(tmp_path), KERAS_BACKEND="")
    assert (done.status, done.stderr) == (0, "")
    assert done.json["backend"] == last


# A new process, for what must be set before Keras starts ------------------------------------------


def test_float64_and_a_plugin_that_prints(
    batch: Any, installed: Any, good_plugin: str, tmp_path: Path
) -> None:
    draw = ["sample", "--dtype", "float64", "--seed", "1", "--shape", "100"]
    plain, close, wide, stretched, csv = batch(
        [*draw, "random_normal", "--json"],
        [*draw, "random_normal(mean=1, stddev=1e-16)"],
        [*draw, "random_normal(stddev=1e308)", "--json"],
        [*draw, "stretched(2)", "--json"],
        [*draw, "random_normal", "--out", str(tmp_path / "values.csv"), "--json"],
        **installed("acme", good=good_plugin),
    )
    # Repeating the draw needs the same setting of JAX.
    message = "JAX draws float64 only if JAX_ENABLE_X64=1 is set, as it is here.\n"
    message = message if BACKEND == "jax" else ""
    assert (plain.status, plain.stderr, plain.json["dtype"]) == (0, message, "float64")
    # Numbers too close together for any histogram, and too far apart.
    assert (close.status, close.stderr) == (0, message)
    assert "┃" not in close.stdout
    assert wide.json["histogram"] == {"edges": [], "counts": []}
    assert wide.json["expected"]["max"] is None
    assert stretched.stderr == (
        "hello from the plugin\n--seed 1 has no effect on stretched(value=2): "
        f"its values are not random.\n{message}"
    )
    assert stretched.json["statistics"]["mean"] == 2
    numbers = [float(n) for n in (tmp_path / "values.csv").read_text().split("\n")[6:-1]]
    assert min(numbers) == csv.json["statistics"]["min"]
    assert max(numbers) == csv.json["statistics"]["max"]


def test_in_a_narrow_terminal_nothing_overflows(terminal: Any) -> None:
    shown = terminal(40, "sample", "random_normal", "--seed", "1")
    assert shown.status == 0
    assert max(map(len, shown.lines)) <= 40
    assert "┃ expected" in shown.raw


def test_a_plot_without_matplotlib_is_rejected_before_anything_is_drawn(
    command: Any, without: Any, tmp_path: Path
) -> None:
    assert importlib.util.find_spec("matplotlib")
    target = tmp_path / "plot.png"
    done = command("sample", "zeros", "--plot", target, **without("matplotlib", "keras"))
    assert (done.status, done.stdout) == (2, "")
    assert "Invalid value for '--plot': plots need matplotlib." in done.stderr
    assert "pip install 'initreg[plot]'" in done.stderr
    assert not target.exists()


def test_a_seed_inside_another_initializer_is_shown(cli: Any) -> None:
    spec = "scaled(he_normal(seed=5), 2)"
    done = cli("sample", spec, "--shape", "2,3")
    assert (done.status, done.stderr) == (0, "")
    assert "\nseed     5\n" in done.stdout
    done = cli("sample", spec, "--shape", "2,3", "--seed", 1)
    assert done.stderr.startswith("--seed 1 has no effect on scaled(")
    assert "\nseed     5\n" in done.stdout
