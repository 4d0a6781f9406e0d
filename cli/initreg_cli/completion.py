"""Names for the shell to complete."""


def complete_name(incomplete: str) -> list[str]:
    """Complete the name of a built-in initializer; loads no other plugin, and no Keras.

    Names alone: Typer wraps a description into lines, and fish would offer each line.
    """
    from initreg import default_registry
    from initreg_cli.stdout import clean_stdout

    with clean_stdout():
        entries = default_registry().builtin_entries()
    names = [(e.name, *e.config_class.initializer_aliases) for e in entries]
    return [name for spellings in names for name in spellings if name.startswith(incomplete)]
