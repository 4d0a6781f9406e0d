"""Check and rewrite the initializers in config files."""
