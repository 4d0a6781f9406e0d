"""Find, check and rewrite the initializers in config files."""
