"""The command line of initreg; it uses only the library's public names."""
