"""Rules that decide which weight of a model gets which initializer. Needs no Keras."""
