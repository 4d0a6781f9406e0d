"""Draw values with NumPy: distributions, random streams, fans and seeds.

Knows no config and no Keras.
"""
