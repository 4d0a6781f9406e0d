"""`InitializerField` is a type hint that jsonargparse reads, checks and writes."""

import re
import shlex
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from initreg import InitializerConfig, InitializerField, validate

jsonargparse = pytest.importorskip("jsonargparse")

SPEC = "random_normal(stddev=0.02)"
WRONG = "random_normal(mean=0, stdev=0.02)"


def fit(kernel: InitializerField = "he_normal", units: int = 10):
    return kernel, units


@dataclass
class Layer:
    kernel: InitializerField = "he_normal"


class Model(BaseModel):
    kernel: InitializerField = "he_normal"


class Trainer:
    def __init__(self, kernel: InitializerField = "he_normal"):
        self.kernel = kernel

    def fit(self):
        return self.kernel


def of_dataclass(layer: Layer):
    return layer.kernel


def of_model(layer: Model):
    return layer.kernel


def optional(kernel: InitializerField | None = None):
    return kernel


def several(kernels: list[InitializerField]):
    return kernels


def named(kernels: dict[str, InitializerField]):
    return kernels


def run(component, *arguments):
    return jsonargparse.auto_cli(component, args=list(arguments))


def printed(capsys, component, *arguments) -> str:
    with pytest.raises(SystemExit) as caught:
        run(component, *arguments, "--print_config")
    assert not caught.value.code
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "written",
    [SPEC, "RandomNormal(0, 2e-2)", "{type: random_normal, stddev: 0.02}"],
)
def test_text_and_dicts_are_configs(written):
    assert run(fit, "--kernel", written) == (validate(SPEC), 10)


def test_a_default_is_a_config_too():
    assert run(fit) == (validate("he_normal"), 10)


@pytest.mark.parametrize("written", [SPEC, "{type: random_normal, stddev: 2e-2}"])
def test_a_file_holds_text_or_a_dict(written, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(f"kernel: {written}\nunits: 3\n")
    assert run(fit, "--config", str(file)) == (validate(SPEC), 3)


@pytest.mark.parametrize(
    ("component", "arguments", "value"),
    [
        (Trainer, ["--kernel", SPEC, "fit"], validate(SPEC)),
        (of_dataclass, ["--layer.kernel", SPEC], validate(SPEC)),
        (of_dataclass, [], validate("he_normal")),
        (of_model, ["--layer.kernel", SPEC], validate(SPEC)),
        (of_model, [], validate("he_normal")),
        (optional, ["--kernel", SPEC], validate(SPEC)),
        (optional, ["--kernel", "null"], None),
        (several, [f'["{SPEC}", "zeros"]'], [validate(SPEC), validate("zeros")]),
        (named, [f'{{"a": "{SPEC}"}}'], {"a": validate(SPEC)}),
    ],
)
def test_it_works_wherever_a_type_hint_does(component, arguments, value):
    assert run(component, *arguments) == value


def test_it_is_a_type_of_a_plain_parser():
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--kernel", type=InitializerField)
    parsed = parser.parse_args(["--kernel", SPEC])
    assert isinstance(parsed.kernel, InitializerConfig)
    assert parser.dump(parsed).strip() == f"kernel: {SPEC}"


@pytest.mark.parametrize(
    ("component", "arguments"),
    [
        (fit, []),
        (fit, ["--kernel", "RandomNormal(0, 2e-2)"]),
        (fit, ["--kernel", "{type: random_normal, stddev: 0.02}"]),
        (optional, ["--kernel", SPEC]),
        (several, [f'["{SPEC}", "zeros"]']),
        (named, [f'{{"a": "{SPEC}"}}']),
        (of_dataclass, ["--layer.kernel", SPEC]),
        (of_model, ["--layer.kernel", "{type: random_normal, stddev: 0.02}"]),
    ],
)
def test_a_printed_config_is_read_back(component, arguments, capsys, tmp_path):
    text = printed(capsys, component, *arguments)
    assert "type:" not in text
    file = tmp_path / "config.yaml"
    file.write_text(text)
    assert run(component, "--config", str(file)) == run(component, *arguments)


@pytest.mark.parametrize(
    ("component", "arguments"),
    [
        (fit, ["--kernel"]),
        (optional, ["--kernel"]),
        (of_dataclass, ["--layer.kernel"]),
        (of_model, ["--layer.kernel"]),
    ],
)
def test_an_invalid_spec_ends_the_program_and_keeps_its_caret(component, arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        run(component, *arguments, WRONG)
    assert caught.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    place = next(index for index, line in enumerate(lines) if line.strip() == WRONG)
    indent = " " * lines[place].index(WRONG)
    assert lines[place + 1].startswith(f"{indent}                      ^^^^^")
    assert "random_normal has no parameter 'stdev'. Did you mean 'stddev'?" in lines[place - 1]


def test_a_mistake_in_a_dict_is_reported_with_its_path(capsys):
    with pytest.raises(SystemExit):
        run(fit, "--kernel", "{type: he_normal, sed: 1}")
    assert (
        "$.sed: he_normal has no parameter 'sed'. Did you mean 'seed'?" in capsys.readouterr().err
    )


def test_a_part_of_a_spec_is_rejected():
    with pytest.raises(SystemExit):
        run(fit, "--kernel.seed", "1")


def test_the_commands_of_the_page(app, page):
    shown = re.findall(r"^\$ python (fit\.py .*)\n((?:[^$`].*\n)+)", page, re.MULTILINE)
    assert len(shown) == 3
    for command, expected in shown:
        assert app.run(*shlex.split(command)).stdout == expected


def test_the_error_of_the_page(app, page):
    errors = app.run("fit.py", "--kernel", "random_normal(stdev=0.02)").stderr
    text = page.partition("the message shows the mistake:\n\n```text\n")[2].partition("\n```")[0]
    assert text
    assert text in errors
