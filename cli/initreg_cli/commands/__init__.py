"""The commands of initreg, one module each."""
