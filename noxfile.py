"""All checks that people and CI run, each in its own environment."""

import tomllib
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "docs", "tests"]
nox.options.error_on_external_run = True

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]

# What to install for each backend of Keras: builds for the CPU, because the extras would download
# gigabytes of CUDA. Keras's numpy backend imports JAX.
BACKENDS = {
    "jax": [".[jax,test]"],
    "torch": ["torch==2.13.0", ".[torch,jax,test]"],  # JAX: to compare with both libraries
    "tensorflow": ["tensorflow-cpu", ".[test]"],
    "numpy": [".[jax,test]"],
}


# Two processes. Each takes whole files, so that the fixtures of a module are made once.
IN_TWO = ("-n", "2", "--dist", "loadfile")


@nox.session
@nox.parametrize("backend", list(BACKENDS), ids=list(BACKENDS))
def tests(session: nox.Session, backend: str) -> None:
    """Run the tests on one backend of Keras: all on JAX, those marked `keras` on the others."""
    for requirement in BACKENDS[backend]:
        session.install(requirement)
    selection = session.posargs or ([] if backend == "jax" else ["-m", "keras"])
    session.run("python", "-m", "pytest", *IN_TWO, *selection, env={"KERAS_BACKEND": backend})


@nox.session
def hub(session: nox.Session) -> None:
    """Test the roles of keras-hub's own layers. Not a default session: it needs TensorFlow."""
    session.install(".[jax,test]", "keras-hub==0.32.0")
    # keras-hub and TensorFlow warn while they are imported.
    lenient = ["-W", "default", "tests/models/roles/test_hub.py"]
    session.run("python", "-m", "pytest", *lenient, env={"KERAS_BACKEND": "jax"})


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests on JAX, and require 95 % of lines and branches."""
    session.install("-e", ".[jax,test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *IN_TWO, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml promises."""
    extras = PROJECT["optional-dependencies"]
    promised = [*PROJECT["dependencies"], *extras["jax"], *extras["plot"]]
    pinned = [requirement.replace(">=", "==") for requirement in promised]
    # An old matplotlib uses what a new pyparsing deprecates, also in the tests of plugins.
    session.install(*pinned, "pyparsing<3.3", ".[jax,test]")
    lenient = ["-W", "ignore::DeprecationWarning"]
    session.run("python", "-m", "pytest", *IN_TWO, *lenient, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*requirements("dev", "ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the sources, and those that a user's type checker sees."""
    session.install("-e", ".[test]", *requirements("dev", "mypy"), *requirements("dev", "pyright"))
    session.run("mypy")
    session.run("mypy", "--strict", "tests/typing")
    session.run("pyright", "tests/typing")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that each package imports only from those below it."""
    session.install("-e", ".", *requirements("dev", "import-linter"))
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the docs; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def editors(session: nox.Session) -> None:
    """Test the JSON Schema in yaml-language-server; needs Node.js."""
    folder = Path(session.create_tmp()).resolve()
    session.install(".[test]")
    session.run(
        "npm", "install", "--prefix", str(folder), "yaml-language-server@1.25.0", external=True
    )
    server = folder / "node_modules" / ".bin" / "yaml-language-server"
    session.run(
        "python",
        "-m",
        "pytest",
        "tests/editors",
        *session.posargs,
        env={"INITREG_YAML_LANGUAGE_SERVER": str(server)},
    )


@nox.session
def sarif(session: nox.Session) -> None:
    """Validate the SARIF of `initreg check` with its published schema, from npm."""
    folder = Path(session.create_tmp()).resolve()
    package = "@microsoft/jest-sarif"
    session.install(".[jax,test]")
    session.run(
        "npm",
        "install",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        f"{package}@1.0.0-beta.0",
        external=True,
    )
    schemas = folder / "node_modules" / package / "lib" / "schemas"
    session.run(
        "python",
        "-m",
        "pytest",
        "tests/cli/output/test_reports.py",
        *session.posargs,
        env={"INITREG_SARIF_SCHEMA": str(schemas / "sarif-2.1.0-rtm.5.json")},
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Print the benchmark table."""
    session.install(".[jax,bench]")
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


def requirements(extra: str, name: str) -> list[str]:
    """Return the requirements of an extra for one package."""
    return [line for line in PROJECT["optional-dependencies"][extra] if line.startswith(name)]
