"""A plugin's command exists as long as its wheel is installed."""

HELLO = """
import typer
from initreg import hookimpl
@hookimpl
def initreg_commands(app):
    @app.command()
    def hello(name: str = "world"):
        typer.echo(f"hello {name}")
"""


def test_a_command_comes_and_goes_with_its_distribution(environment, build, good):
    wheel = build("hello-inits", {"hello_inits.py": HELLO}, {"greet": "hello_inits"})
    one = environment(good, wheel)
    done = one.initreg("hello", "--name", "you")
    assert (done.status, done.stdout, done.stderr) == (0, "hello you\n", "")
    (row,) = [row for row in one.initreg("plugins").stdout.splitlines() if "greet" in row]
    assert "  hello-inits 1.0  " in row
    assert str(one.folder) in row
    assert row.endswith("  the command hello")
    # Built-in names and commands do not import it.
    run = one.run("answer = str(initreg.validate('he_normal'))")
    assert run.imported == []

    one.uninstall("hello-inits")
    done = one.initreg("hello")
    assert done.status == 2
    assert "No such command 'hello'." in done.stderr
