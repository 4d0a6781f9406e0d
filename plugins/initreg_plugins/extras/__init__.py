"""Initializers that PyTorch or JAX have and Keras lacks. Registered like any plugin."""
