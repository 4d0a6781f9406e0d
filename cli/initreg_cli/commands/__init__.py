"""The commands of initreg, one module each. No command imports another one."""
