"""Samples: one weight's values, drawn through Keras, with their statistics."""
