"""Dicts as Keras writes them for initializers."""


def of_keras(class_name, **config):
    return {
        "module": "keras.initializers",
        "class_name": class_name,
        "config": config,
        "registered_name": None,
    }


HE = of_keras("HeNormal", seed=1, input_axes=None, output_axes=None)
ZEROS = of_keras("Zeros")
UNIFORM = of_keras("RandomUniform", minval=-1.0, maxval=1e-05, seed=None)
