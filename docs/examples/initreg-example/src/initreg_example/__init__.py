"""Two initializers and a command: an example of a plugin for initreg."""
