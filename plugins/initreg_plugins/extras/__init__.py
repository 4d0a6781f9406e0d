"""Initializers that Keras lacks, for who comes from PyTorch or JAX; plugins like all others."""
