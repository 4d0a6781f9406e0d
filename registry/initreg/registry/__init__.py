"""Map names to config classes, validate specs, and build Keras initializers."""
