"""``initreg verify``: which initializers are checked, what is printed, and the exit status."""

import os
from pathlib import Path
from typing import Any

import pytest

from initreg.testing import CHECKS

pytestmark = [pytest.mark.keras, pytest.mark.slow]

PLUGIN = """
    from initreg import Distribution, InitializerConfig, Normal, Number, Seed, hookimpl
    print("hello from the plugin")
    class Planted(InitializerConfig, name="planted", examples=("planted",)):
        '''Draw from a normal distribution.'''
        mean: Number = 0.0
        seed: Seed = None
        def distribution(self, shape, fans):
            return Normal(self.mean)
    class Sound(
        InitializerConfig, name="sound_ones", builds="keras.initializers:Ones",
        examples=("sound_ones",),
    ):
        '''Set every value to 1.'''
    @hookimpl
    def initreg_initializers():
        return [Planted, Sound]
"""


def test_a_name_is_checked_with_all_that_it_takes(cli: Any) -> None:
    done = cli("verify", "zeros")
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "zeros"
    assert lines[1].split() == ["check", "result", "seconds", "reason"]
    statuses = dict(line.split(maxsplit=2)[:2] for line in lines[2 : 2 + len(CHECKS)])
    assert list(statuses) == list(CHECKS)
    assert statuses["spread"] == "skipped"
    assert lines[-1] == "19 passed, 1 skipped, 0 failed."


def test_a_failure_is_reported_with_advice(cli: Any) -> None:
    done = cli("verify", "orthogonal(0.5)")
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.startswith("orthogonal(gain=0.5)\n")
    advice = done.stdout.partition("What to do\n")[2].splitlines()
    assert advice[0].split("  ")[0] == "check"
    assert advice[1].startswith("dtypes  orthogonal(gain=0.5)  It can't draw ")
    assert "Draw in float32, and cast to " in advice[1]
    assert advice[-1].endswith(" failed.")


def test_json(cli: Any) -> None:
    done = cli("verify", "ones", "--json")
    assert (done.status, done.stderr) == (0, "")
    assert [result["check"] for result in done.json] == list(CHECKS)
    assert done.json[0].keys() == {"check", "spec", "status", "message", "advice", "seconds"}
    assert {result["spec"] for result in done.json} == {"ones"}


def test_a_plugin_by_its_name(cli: Any) -> None:
    done = cli("verify", "--plugin", "random_uniform")
    assert done.status == 0
    assert done.stdout.startswith("random_uniform\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing_like_it"], "There is no initializer 'nothing_like_it'."),
        (["random_normal(stdev=1)"], "Did you mean 'stddev'?"),
        (["zeros("], "'(' was never closed"),
        (["zeros", "--plugin", "initreg"], "give either NAME or --plugin, not both."),
        (["--plugin", "nope"], "no plugin 'nope' is installed. There are "),
        (["zeros", "--backend", "nope"], "Keras"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse(cli: Any, arguments: list[str], says: str) -> None:
    done = cli("verify", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr


def test_without_a_plugin_there_is_nothing_to_check(command: Any) -> None:
    done = command("verify", INITREG_BLOCK="", PYTHONPATH="")
    assert done.status == 0
    assert done.stdout == ""
    assert "No installed plugin adds an initializer." in done.stderr
    assert "`initreg verify --plugin initreg` checks the built-in ones." in done.stderr


def test_the_initializers_of_a_plugin(command: Any, installed: Any) -> None:
    backend = os.environ["KERAS_BACKEND"]
    environment = installed("acme-inits", acme=PLUGIN, other="raise OSError('a lamp is out')")
    done = command("verify", "--backend", backend, **environment)
    assert done.status == 1
    head, planted, sound, *rest = done.stdout.splitlines()
    assert head.split() == ["initializer", "passed", "skipped", "failed", "seconds"]
    assert planted.split()[:4] == ["planted", "19", "0", "1"]
    assert sound.split()[:4] == ["sound_ones", "15", "5", "0"]
    assert any(
        line.startswith("docs ") and "No description of mean, seed." in line for line in rest
    )
    assert "hello from the plugin\n" in done.stderr
    assert "The plugin other failed: OSError: a lamp is out" in done.stderr
    assert "2 of 2: sound_ones\n" in done.stderr
    done = command("verify", "--plugin", "acme", "--json", **environment)
    assert done.status == 1
    assert [r["check"] for r in done.json if r["status"] == "failed"] == ["docs"]
    assert {result["spec"] for result in done.json} == {"planted", "sound_ones"}


def test_the_classes_of_a_plugin_that_has_roles_alone(command: Any, installed: Any) -> None:
    names = "verified_layers:Bank", "verified_layers:Bnak"
    roles = f"""
        from initreg import hookimpl
        @hookimpl
        def initreg_roles():
            return dict.fromkeys({names}, print)
    """
    environment = installed("acme-layers", acme=roles)
    folder = Path(environment["PYTHONPATH"])
    (folder / "verified_layers.py").write_text("class Bank: pass\n")
    done = command("verify", "--plugin", "acme", "--json", **environment)
    assert done.status == 1
    assert done.stderr == ""
    assert [(r["spec"], r["status"], r["message"]) for r in done.json] == [
        (names[0], "passed", ""),
        (names[1], "failed", "verified_layers has no Bnak. Did you mean 'Bank'?"),
    ]
    done = command("verify", **environment)
    assert done.status == 1
    assert "1 passed, 0 skipped, 1 failed." in done.stdout


def test_a_plugin_that_imports_keras_is_reported_on_any_backend(
    command: Any, installed: Any
) -> None:
    backend = os.environ["KERAS_BACKEND"]
    site = installed("heavy", heavy="    import keras\n" + PLUGIN)
    done = command("verify", "planted", "--backend", backend, KERAS_BACKEND="", **site)
    assert done.status == 1
    rows = [line for line in done.stdout.splitlines() if line.startswith("light_import")]
    assert "failed" in rows[0]
    assert "keras" in rows[1]
