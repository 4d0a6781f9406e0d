"""``initreg plan``: rules and models of every form, and what is printed."""

import json
import os
import sys
import textwrap
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import pytest

import initreg
from tests.support.processes import Result, interrupt, run

pytestmark = pytest.mark.keras

RULES = """\
seed: 1
rules:
  - {match: "kernel$", init: "truncated_normal(stddev=0.02)"}
  - {match: "^hidden/", init: keep}
"""
NET = """\
import keras

def build():
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(4, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(hidden))

model = build()
number = 3

def wide(width, depth=2): pass
def empty(): return None
def unbuilt(): return keras.Sequential([keras.layers.Dense(3)])
def fails(): return keras.layers.Dense(3, kernel_initializer="nope")
def deep(): build()(keras.ops.zeros((1, 9)))
def leaves(): raise SystemExit("so long")
def mute(): raise ValueError
def prints(): print("building"); return build()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory, with rules in it, and the user's own code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "net", raising=False)  # an example of the docs has that name
    before = set(sys.modules)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "net.py").write_text(NET)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("net", "parts", "broken", "syntax"):
            del sys.modules[name]


# What is printed ----------------------------------------------------------------------------------


def test_the_table_is_data_and_what_it_leaves_open_is_a_note(cli: Any, folder: Path) -> None:
    done = cli("plan", "rules.yaml", "net:build")
    assert done.status == 0
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    columns = ["path", "shape", "dtype", "initializer", "rule", "seed", "fan_in", "fan_out"]
    assert head == [*columns, "mean", "stddev"]
    assert [row[0] for row in rows] == ["hidden/kernel", "hidden/bias", "head/kernel", "head/bias"]
    assert rows[0][3:7] == ["truncated_normal(stddev=0.02)", "1", "(line", "3)"]
    assert done.stderr.startswith("\n2 of 4 weights are drawn, 40 values, from seed 1.\n")
    assert "No rule matches these, so they are unchanged: head/bias.\n" in done.stderr


def test_its_json_is_the_plans_own_and_goes_in_place_of_the_rules(cli: Any, folder: Path) -> None:
    made = cli("plan", "rules.yaml", "net:build", "--json", "--out", "plan.json")
    assert (made.status, made.stderr) == (0, "Wrote plan.json.\n")
    assert (folder / "plan.json").read_text() == made.stdout
    sys.modules["net"].model = sys.modules["net"].build()
    own = initreg.plan(sys.modules["net"].model, "rules.yaml")
    assert initreg.plan(sys.modules["net"].model, "plan.json") == initreg.plan(
        sys.modules["net"].model, own
    )
    again = cli("plan", "plan.json", "net:build", "--json")
    assert (again.status, again.json["weights"]) == (0, made.json["weights"])


def test_a_plan_has_its_own_seeds(cli: Any, folder: Path) -> None:
    cli("plan", "rules.yaml", "net:build", "--out", "plan.json")
    done = cli("plan", "plan.json", "net:build", "--seed", 7, "--json")
    assert done.json["seed"] == 1
    assert done.stderr == "--seed 7 has no effect: the plan has its own seeds.\n"


def test_the_fans_are_chosen(cli: Any, folder: Path) -> None:
    net = "import keras\n\ndef build():\n    layer = keras.layers.DepthwiseConv2D(3, name='d')\n"
    net += "    return keras.Sequential([keras.Input((8, 8, 64)), layer])\n"
    (folder / "net.py").write_text(net)
    (folder / "rules.yaml").write_text("rules: [{match: kernel$, init: lecun_normal}]\nseed: 1\n")

    def stddev(command: str, *options: object) -> float:
        done = cli(command, "rules.yaml", "net:build", "--json", *options)
        return float(done.json["weights"][0]["stddev"])

    for command in (("plan",), ("apply", "--out", folder / "m.keras", "--force")):
        assert stddev(*command) == pytest.approx(1 / 3)
        assert stddev(*command, "--fans", "true") == pytest.approx(1 / 3)
        assert stddev(*command, "--fans", "keras") == pytest.approx(1 / 24)
    done = cli("plan", "rules.yaml", "net:build", "--fans", "mine")
    assert (done.status, done.stdout) == (2, "")
    assert "'mine' is not one of 'true', 'keras'" in done.stderr
    cli("plan", "rules.yaml", "net:build", "--out", "plan.json")
    done = cli("plan", "plan.json", "net:build", "--fans", "keras")
    assert done.stderr.startswith("--fans keras has no effect: the plan has its own fans.\n")


@pytest.mark.slow
def test_a_plan_comes_through_a_pipe(initreg: str, folder: Path) -> None:
    script = f"{initreg} plan rules.yaml net:build --json | {initreg} plan - net:build --json"
    assert run("bash", "-c", script).json["seed"] == 1


def test_the_seed_goes_before_that_of_the_rules(cli: Any, folder: Path) -> None:
    assert cli("plan", "rules.yaml", "net:build", "--seed", 7, "--json").json["seed"] == 7
    done = cli("plan", "rules.yaml", "net:build", "--seed", -1)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == "seed must be a whole number, 0 … 4294967295, not -1.\n"


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_rule_that_is_never_applied_is_a_finding(
    cli: Any, folder: Path, form: tuple[str, ...]
) -> None:
    (folder / "rules.yaml").write_text(RULES + "  - {match: tail, init: zeros}\n")
    done = cli("plan", "rules.yaml", "net:build", *form)
    assert done.status == 1
    assert "Rule 3 (rules.yaml:5) is never applied: match 'tail'.\n" in done.stderr
    assert "UserWarning" not in done.stderr
    assert "hidden/kernel" in done.stdout


def test_a_count_that_matches_nothing_is_a_finding(cli: Any, folder: Path) -> None:
    rules = "let: {n: 'count(blk_(\\d+)/)', m: 1}\nrules: [{match: kernel, init: constant(n)}]\n"
    (folder / "rules.yaml").write_text(rules)
    done = cli("plan", "rules.yaml", "net:build")
    assert done.status == 1
    text = "n in let (rules.yaml:1) is 0, because its pattern matches no weight: 'blk_(\\d+)/'.\n"
    assert text in done.stderr
    assert "let has m, but no rule uses it.\n" in done.stderr
    (folder / "rules.yaml").write_text(rules.replace("blk_(\\d+)/", "kernel"))
    assert cli("plan", "rules.yaml", "net:build").status == 0
    assert cli("plan", "rules.yaml", "net:build", "--strict").status == 1


def test_a_weight_without_a_rule_is_one_only_with_strict(cli: Any, folder: Path) -> None:
    assert cli("plan", "rules.yaml", "net:build", "--json").status == 0
    done = cli("plan", "rules.yaml", "net:build", "--json", "--strict")
    assert (done.status, done.stderr) == (1, "No rule matches head/bias.\n")
    assert done.json["seed"] == 1


def test_strict_reports_every_weight(cli: Any, folder: Path) -> None:
    (folder / "rules.yaml").write_text("rules: []\n")
    done = cli("plan", "rules.yaml", "net:build", "--strict")
    assert done.status == 1
    for path in ("hidden/kernel", "hidden/bias", "head/kernel", "head/bias"):
        assert f"No rule matches {path}.\n" in done.stderr


def test_nothing_is_overwritten_without_force(cli: Any, folder: Path) -> None:
    (folder / "plan.json").write_text("mine")
    done = cli("plan", "rules.yaml", "net:build", "--out", "plan.json")
    assert (done.status, done.stdout) == (2, "")
    assert "plan.json exists." in done.stderr
    assert cli("plan", "rules.yaml", "net:build", "--out", "plan.json", "--force").status == 0
    assert json.loads((folder / "plan.json").read_text())["plan"] == 1
    done = cli("plan", "rules.yaml", "net:build", "--out", "plan.txt")
    assert "'plan.txt' must end in .json.\n" in done.stderr


# Terminals ----------------------------------------------------------------------------------------


def test_in_a_wide_terminal_it_is_a_table(terminal: Any, folder: Path) -> None:
    screen = terminal(200, "plan", "rules.yaml", "net:build")
    assert screen.status == 0
    (row,) = [line for line in screen.lines if line.startswith("hidden/kernel")]
    assert row.split()[1:4] == ["8×4", "float32", "truncated_normal(stddev=0.02)"]


def test_in_a_narrow_one_each_row_follows_below_its_path(terminal: Any, folder: Path) -> None:
    lines = terminal(80, "plan", "rules.yaml", "net:build").lines
    at = lines.index("hidden/kernel")
    assert lines[at + 1].startswith("  shape 8×4; dtype float32; initializer truncated_normal(")
    assert lines[at + 2].startswith("  ")
    assert lines[at + 3] == "hidden/bias"
    end = lines.index("")
    assert max(map(len, lines[:end])) <= 80


# Models -------------------------------------------------------------------------------------------


def test_a_model_comes_from_a_file_a_config_or_code(cli: Any, folder: Path) -> None:
    of_code = cli("plan", "rules.yaml", "net:build", "--json").json
    model = sys.modules["net"].build()
    model.save("model.keras")
    Path("model.json").write_text(model.to_json())
    Path("other.json").write_text(json.dumps(keras.saving.serialize_keras_object(model)))
    for given in ("model.keras", "model.json", "other.json", "net:model"):
        done = cli("plan", "rules.yaml", given, "--json")
        assert (done.status, done.json["weights"]) == (0, of_code["weights"]), given


def test_a_function_may_be_anywhere_in_a_module(cli: Any, folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts/__init__.py").touch()
    (folder / "parts/nets.py").write_text(f"{NET}\nclass Nets:\n    small = build\n")
    assert cli("plan", "rules.yaml", "parts.nets:Nets.small").status == 0


def test_what_the_code_prints_is_not_data(cli: Any, folder: Path) -> None:
    done = cli("plan", "rules.yaml", "net:prints", "--json")
    assert done.json["plan"] == 1
    assert done.stderr == "building\n"


def test_layers_that_are_left_unbuilt_are_not_reported(cli: Any, folder: Path) -> None:
    (folder / "net.py").write_text(f"{NET}\ndef more():\n    global kept\n")
    with (folder / "net.py").open("a") as file:
        file.write("    kept = keras.layers.Dense(3)\n    return build()\n")
    done = cli("plan", "rules.yaml", "net:more", "--json")
    assert (done.status, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "net:wide",
            "net:wide takes (width, depth=2), but it is called without arguments. Write a",
        ),
        ("net:empty", "net:empty returned NoneType, not a Keras model. Return the model, built."),
        (
            "net:number",
            "net:number is of type int, not a function. Name a function that returns the model.",
        ),
        ("net:bild", "net has no 'bild'. Did you mean 'build'?"),
        ("net:zzz", "net has no 'zzz'."),
        ("net:number.x", "net has no 'x'."),
        ("net:leaves", "net:leaves failed: SystemExit: so long\n    at {}/net.py:16\n"),
        ("net:mute", "net:mute failed: ValueError\n    at {}/net.py:17\n"),
        ("net:fails", "net:fails failed: ValueError: Could not interpret initializer identifier"),
        ("net:fails", "\n    at {}/net.py:14\nINITREG_DEBUG=1 shows the traceback.\n"),
        ("net:deep", "net:deep failed: ValueError: "),
        ("net:deep", "9)\n    at {}/net.py:15\n"),
        ("broken:build", "broken can't be imported: ModuleNotFoundError: No module named 'not_he"),
        ("broken:build", "\n    at {}/broken.py:1\n"),
        ("syntax:build", "syntax can't be imported: SyntaxError: "),
        ("nope:build", "there is no module nope in {}, nor is one installed. Change to the folder"),
        ("net.py:build", "'net.py:build' names a file. Name the module: net:build"),
        ("a/net.py", "'a/net.py' names a file. Name the module: a.net:function"),
        (
            "net.build",
            "'net.build' is not a model. Give a .keras file, a model's config in JSON, or ",
        ),
        ("", "'' is not a model. Give a .keras file"),
        ("model.h5", "initreg.load_model('model.h5').save('model.keras')"),
    ],
)
def test_what_is_wrong_with_a_model_is_reported(
    cli: Any, folder: Path, model: str, message: str
) -> None:
    (folder / "broken.py").write_text("import not_here_at_all\n")
    (folder / "syntax.py").write_text("def build(:\n")
    done = cli("plan", "rules.yaml", model)
    assert (done.status, done.stdout) == (2, "")
    assert "Invalid value for 'MODEL': " in done.stderr
    assert message.replace("{}", str(folder)) in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unbuilt_model_is_reported(cli: Any, folder: Path) -> None:
    done = cli("plan", "rules.yaml", "net:unbuilt")
    assert (done.status, done.stdout) == (2, "")
    assert "(Sequential) is not built, so it has no weights yet. First call it once" in done.stderr
    assert "Created in the scope" not in done.stderr


def test_weights_from_the_net_are_advised_against(
    cli: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "MobileNet", offline)
    done = cli("plan", "rules.yaml", "keras.applications:MobileNet")
    assert "keras.applications:MobileNet failed: Exception: URL fetch failure\n" in done.stderr
    assert "Write a function of your own that calls it with weights=None" in done.stderr


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nope.keras", "nope.keras: No such file or directory.\n"),
        ("nope.json", "nope.json: No such file or directory.\n"),
        ("plan.json", "plan.json: This is not a config that model.to_json() wrote.\n"),
        ("text.keras", "text.keras: It isn't a Keras archive: File is not a zip file.\n"),
    ],
)
def test_a_file_that_is_not_a_model_is_reported(
    cli: Any, folder: Path, model: str, message: str
) -> None:
    (folder / "plan.json").write_text('{"plan": 1}')
    (folder / "text.keras").write_text("a model")
    done = cli("plan", "rules.yaml", model)
    assert (done.status, done.stdout, done.stderr) == (2, "", message)


def test_what_keras_raises_while_it_loads_is_reported(cli: Any, folder: Path) -> None:
    config = {"module": "keras.layers", "class_name": "Dense", "config": {"units": -3}}
    (folder / "model.json").write_text(json.dumps({**config, "registered_name": None}))
    done = cli("plan", "rules.yaml", "model.json")
    assert (done.status, done.stdout) == (2, "")
    assert "Invalid value for 'MODEL': model.json can't be loaded: " in done.stderr


def test_a_file_imports_nothing_that_it_names(cli: Any, folder: Path) -> None:
    config = {"module": "net", "class_name": "build", "config": {}, "registered_name": None}
    (folder / "model.json").write_text(json.dumps(config))
    done = cli("plan", "rules.yaml", "model.json")
    assert done.status == 2
    assert (
        "Rejected: the file refers to classes or functions that aren't allowed:\n  net.build"
        in done.stderr
    )
    assert "net" not in sys.modules


def test_debug_shows_all_of_an_error(command: Any, folder: Path) -> None:
    done = command("plan", "rules.yaml", "net:mute", INITREG_DEBUG="1")
    assert "Traceback" in done.stderr
    assert 'net.py", line 17, in mute' in done.stderr


# Rules --------------------------------------------------------------------------------------------


def test_rules_are_read_before_the_model_and_their_faults_have_carets(
    cli: Any, folder: Path
) -> None:
    (folder / "rules.yaml").write_text("rules:\n- {match: a, init: he_norml}\n- {mtch: a}\n")
    done = cli("plan", "rules.yaml", "net:build")
    assert (done.status, done.stdout) == (2, "")
    assert "rules.yaml:2:20: There is no initializer 'he_norml'. Did you mean" in done.stderr
    assert "\n    - {match: a, init: he_norml}\n                       ^^^^^^^^\n" in done.stderr
    assert "rules.yaml:3:4: Unknown key 'mtch'." in done.stderr
    assert "net" not in sys.modules


def test_rules_that_are_not_there_are_reported(cli: Any, folder: Path) -> None:
    done = cli("plan", "nope.yaml", "net:build")
    assert (done.status, done.stderr) == (2, "nope.yaml: No such file or directory.\n")


@pytest.mark.parametrize(
    ("rules", "model", "argument", "message"),
    [
        ("net:build", "rules.yaml", "RULES", "net:build is a model."),
        ("model.keras", "rules.yaml", "RULES", "model.keras is a model."),
        ("model.json", "rules.yaml", "RULES", "model.json is a model's config."),
        ("rules.yaml", "rules.yaml", "MODEL", "rules.yaml is not a model."),
    ],
)
def test_rules_and_model_exchanged_are_reported(
    cli: Any, folder: Path, rules: str, model: str, argument: str, message: str
) -> None:
    (folder / "model.json").write_text('{"class_name": "Sequential", "config": {}}')
    done = cli("plan", rules, model if argument == "MODEL" else "net:build")
    assert (done.status, done.stdout) == (2, "")
    order = "The rules come first, then the model."
    assert f"Invalid value for '{argument}': {message} {order}\n" in done.stderr


def test_a_plan_for_another_model_is_reported(cli: Any, folder: Path) -> None:
    made = cli("plan", "rules.yaml", "net:build", "--json").json
    made["weights"][0]["shape"] = [8, 5]
    (folder / "plan.json").write_text(json.dumps(made))
    done = cli("plan", "plan.json", "net:build")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == (
        "plan.json was made for another model:\n  hidden/kernel has shape [8, 4], not [8, 5]\n"
    )


# The backend, and signals -------------------------------------------------------------------------


needs_jax = pytest.mark.skipif(not find_spec("jax"), reason="Keras's numpy backend imports JAX")


@needs_jax
def test_the_backend_is_chosen_before_the_code_is_imported(command: Any, folder: Path) -> None:
    (folder / "net.py").write_text(f"{NET}\nprint(keras.backend.backend())\n")
    done = command("plan", "rules.yaml", "net:build", "--backend", "numpy")
    assert (done.status, done.stderr.splitlines()[0]) == (0, "numpy")


@needs_jax
def test_code_that_chooses_another_backend_is_reported(command: Any, folder: Path) -> None:
    chosen = 'import os\nos.environ["KERAS_BACKEND"] = "numpy"\n'
    (folder / "net.py").write_text(chosen + NET)
    assert command("plan", "rules.yaml", "net:build").status == 0
    done = command("plan", "rules.yaml", "net:build", "--backend", "jax")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("Keras already runs on numpy in this process and can't change")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_is_quiet_and_130(initreg: str, folder: Path) -> None:
    slow = """
        import pathlib, time
        def build():
            pathlib.Path("marker").touch()
            time.sleep(60)
    """
    (folder / "net.py").write_text(textwrap.dedent(slow))
    command = [initreg, "plan", "rules.yaml", "net:build", "--out", "plan.json"]
    assert interrupt(*command, marker=folder / "marker") == Result(130, "", "")
    assert not (folder / "plan.json").exists()
