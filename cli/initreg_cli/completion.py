"""Shell completion of initializer names."""


def complete_name(incomplete: str) -> list[str]:
    """Complete the name of a built-in initializer. Third-party plugins and Keras aren't loaded.

    Descriptions are left out, because Typer wraps them and fish would offer each line.
    """
    from initreg import default_registry
    from initreg_cli.stdio import clean_stdout

    with clean_stdout():
        entries = default_registry().builtin_entries()
    names = [name for e in entries for name in (e.name, *e.config_class.initializer_aliases)]
    return [name for name in names if name.startswith(incomplete)]
