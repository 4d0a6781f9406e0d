"""Files of ``initreg sample``: exact values, atomic, and without overwriting files."""

import errno
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import initreg
from initreg_cli import files
from initreg_cli.output import plot

DRAW = ("sample", "random_normal(mean=0.1)", "--seed", 7, "--shape", "5,3")


def drawn(dtype: str = "float32", shape: tuple[int, ...] = (5, 3)) -> initreg.Sample:
    return initreg.sample("random_normal(mean=0.1)", shape, seed=7, dtype=dtype)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Read back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("ending", ["npy", "npz", "csv", "NPY"])
def test_values_are_read_back_exactly(cli: Any, tmp_path: Path, ending: str, dtype: str) -> None:
    path = tmp_path / f"values.{ending}"
    done = cli(*DRAW, "--dtype", dtype, "--out", path)
    assert (done.status, done.stderr) == (0, f"Wrote 15 values to {path}.\n")
    expected = drawn(dtype).values
    if ending == "csv":
        read = np.loadtxt(path, delimiter=",", dtype=expected.dtype)
    else:
        read = np.load(path, allow_pickle=False)
        read = read["values"] if ending == "npz" else read
    assert read.dtype == expected.dtype
    np.testing.assert_array_equal(read, expected)
    assert names(tmp_path) == [path.name]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(), (4,), (0,), (0, 3), (3, 0), (2, 3, 4), (1, 1)])
@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_any_shape_can_be_written(tmp_path: Path, ending: str, shape: tuple[int, ...]) -> None:
    path, sample = tmp_path / f"values.{ending}", drawn(shape=shape)
    files.write_values(sample, path, force=False)
    if ending == "npy":
        assert np.load(path).shape == shape
    elif ending == "npz":
        assert np.load(path)["values"].shape == shape
    else:
        rows = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        written = [np.float32(n) for row in rows for n in row.split(",") if n]
        assert written == list(sample.values.ravel())


def test_npz_and_csv_say_how_to_draw_again(tmp_path: Path) -> None:
    sample = drawn()
    files.write_values(sample, tmp_path / "values.npz", force=False)
    files.write_values(sample, tmp_path / "values.csv", force=False)
    with np.load(tmp_path / "values.npz", allow_pickle=False) as stored:
        about = {name: str(stored[name]) for name in stored.files if name != "values"}
    assert about["spec"] == "random_normal(mean=0.1)"
    assert (about["seed"], about["shape"], about["dtype"]) == ("7", "5,3", "float32")
    assert about["backend"] == sample.backend
    assert f"numpy {np.__version__}" in about["versions"]
    head = [line for line in (tmp_path / "values.csv").read_text().splitlines() if line[0] == "#"]
    assert head == [f"# {name}: {text}" for name, text in about.items()]


def test_values_that_are_not_finite_are_read_back_too(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    cli("sample", "constant(1e9)", "--dtype", "float16", "--shape", 3, "--out", path)
    assert np.isinf(np.loadtxt(path)).all()


# Errors before anything is drawn ------------------------------------------------------------------


@pytest.fixture
def never_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_: object) -> None:
        raise AssertionError("drawn")

    monkeypatch.setattr("initreg.sample", draw)


@pytest.mark.usefixtures("never_drawn")
@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--out", "values.txt", "values.txt' must end in .npy, .npz or .csv."),
        ("--out", "values", "values' must end in .npy, .npz or .csv."),
        ("--out", "plot.png", "plot.png' must end in .npy, .npz or .csv."),
        ("--plot", "plot.gif", "plot.gif' must end in .png or .svg."),
        ("--out", "no/values.npy", "there is no folder "),
        ("--plot", "no/plot.svg", "for plot.svg. Create it first."),
        ("--out", "folder.npy", "folder.npy is a folder. Name a file in it."),
        ("--out", "there.npy", "exists. Choose another name, or overwrite it with --force."),
        ("--plot", "there.png", "exists. Choose another name, or overwrite it with --force."),
        ("--out", "link.npy", "exists. Choose another name, or overwrite it with --force."),
    ],
)
def test_a_target_that_cant_be_written_is_rejected(
    cli: Any, tmp_path: Path, option: str, name: str, message: str
) -> None:
    (tmp_path / "folder.npy").mkdir()
    for there in ("there.npy", "there.png"):
        (tmp_path / there).write_text("precious")
    (tmp_path / "link.npy").symlink_to("nowhere")
    before = names(tmp_path)
    done = cli(*DRAW, option, tmp_path / name)
    assert (done.status, done.stdout) == (2, "")
    assert f"Invalid value for '{option}': " in done.stderr
    assert message in done.stderr
    assert names(tmp_path) == before
    assert (tmp_path / "there.npy").read_text() == "precious"


@pytest.mark.usefixtures("never_drawn")
def test_a_folder_without_permission_is_rejected(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, so only the answer to the question is changed.
    monkeypatch.setattr(os, "access", lambda *_: False)
    done = cli(*DRAW, "--out", tmp_path / "values.npy")
    assert done.status == 2
    assert f"the folder {tmp_path} is not writable. Choose another." in done.stderr


def test_force_overwrites(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "values.npy"
    path.write_text("old")
    assert cli(*DRAW, "--out", path, "--force").status == 0
    np.testing.assert_array_equal(np.load(path), drawn().values)
    assert names(tmp_path) == [path.name]


# All or nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True], ids=["new", "force"])
@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device."),
        (OSError("15 requested and 3 written"), 2, "15 requested and 3 written."),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=["full", "short", "interrupt"],
)
def test_a_failure_half_way_leaves_no_file(
    cli: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    message: str,
    force: bool,
) -> None:
    path = tmp_path / "values.npy"
    if force:
        path.write_text("old")

    def fail(file: Any, *_: object, **__: object) -> None:
        file.write(b"half")
        raise error

    monkeypatch.setattr(np, "save", fail)
    done = cli(*DRAW, "--out", path, *(["--force"] if force else []))
    assert (done.status, done.stdout) == (status, "")
    assert done.stderr == (f"{path}: {message}\n" if message else "")
    assert names(tmp_path) == (["values.npy"] if force else [])
    assert not force or path.read_text() == "old"


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, save = tmp_path / "values.npy", np.save

    def overtaken(*arguments: Any, **options: Any) -> None:
        save(*arguments, **options)
        path.write_text("precious")

    monkeypatch.setattr(np, "save", overtaken)
    done = cli(*DRAW, "--out", path)
    assert done.status == 2
    assert f"{path} exists. Choose another name" in done.stderr
    assert path.read_text() == "precious"
    assert names(tmp_path) == ["values.npy"]


@pytest.mark.parametrize("there", [False, True], ids=["new", "taken"])
def test_a_file_system_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    path = tmp_path / "values.npy"
    if there:
        path.write_text("precious")

    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    if there:
        with pytest.raises(Exception, match="exists"):
            files.write_values(drawn(), path, force=False)
        assert path.read_text() == "precious"
    else:
        files.write_values(drawn(), path, force=False)
        assert np.load(path).shape == (5, 3)
    assert names(tmp_path) == ["values.npy"]


# Plots --------------------------------------------------------------------------------------------


def test_png_and_svg_are_what_they_are_called(cli: Any, tmp_path: Path) -> None:
    done = cli(*DRAW, "--plot", tmp_path / "plot.png", "--out", tmp_path / "values.npy")
    assert done.status == 0
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert f"Wrote the histogram to {tmp_path / 'plot.png'}.\n" in done.stderr
    cli(*DRAW, "--plot", tmp_path / "plot.svg")
    text = " ".join(ElementTree.parse(tmp_path / "plot.svg").getroot().itertext())
    for label in ("random_normal(mean=0.1)", "seed 7", "value", "density", "drawn", "expected"):
        assert label in text
    assert names(tmp_path) == ["plot.png", "plot.svg", "values.npy"]


def test_the_same_values_give_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        files.write_plot(drawn(), tmp_path / name, force=False, bins=20)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.slow
def test_the_picture_holds_the_histogram_and_the_density() -> None:
    sample = initreg.sample("random_normal", (100, 100), seed=1)
    (axes,) = plot.draw(sample, 60).axes
    (stairs,) = axes.patches
    data = stairs.get_data()
    edges, counts = sample.histogram(60)
    assert data.edges.tolist() == edges
    np.testing.assert_allclose(data.values * np.diff(edges), np.array(counts) / 10_000)
    (line,) = axes.lines
    x, y = line.get_data()
    np.testing.assert_allclose(y, [initreg.Normal(0.0, 0.05).pdf(value) for value in x])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "lines"), [("orthogonal", 0), ("zeros", 0), ("random_normal(stddev=0)", 0)]
)
def test_without_a_density_there_is_no_curve(spec: str, lines: int) -> None:
    (axes,) = plot.draw(initreg.sample(spec, (4, 4), seed=1), 60).axes
    assert len(axes.lines) == lines
    assert axes.patches


@pytest.mark.parametrize("spec", ["random_normal", "constant(1e20)"], ids=["empty", "too_close"])
def test_a_picture_of_nothing_says_so(tmp_path: Path, spec: str) -> None:
    sample = initreg.sample(spec, (0,) if spec == "random_normal" else (4,), seed=1)
    files.write_plot(sample, tmp_path / "plot.svg", force=False, bins=60)
    assert "nothing to show" in (tmp_path / "plot.svg").read_text()


def test_dollar_signs_in_a_spec_are_not_formulas(tmp_path: Path) -> None:
    class Text(initreg.InitializerConfig, name="text"):
        value: str

    sample = replace(drawn(), config=Text(value="$x_$" + ", more" * 40))
    files.write_plot(sample, tmp_path / "plot.svg", force=False, bins=9)
    assert "$x_$" in (tmp_path / "plot.svg").read_text()


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
def test_what_is_overwritten_keeps_its_mode_and_its_link(cli, tmp_path):
    config, link = tmp_path / "config.yaml", tmp_path / "link.yaml"
    config.write_text("init: he_normal")
    config.chmod(0o600)
    link.symlink_to(config)
    assert cli("expand", link, "--out", link, "--force").status == 0
    assert link.is_symlink()
    assert "HeNormal" in config.read_text()
    assert config.stat().st_mode & 0o777 == 0o600
