"""Two initializers and a command: an example of a plugin of initreg."""
