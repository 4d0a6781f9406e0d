"""Train a model of models.yaml on data that is made here, save it, and load it again."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

import initreg
from schema import ModelConfig, explain, read_models


def make_data(
    shape: tuple[int, ...], classes: int, count: int, seed: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Make noisy copies of one pattern per class, with their labels: a task that can be learnt."""
    rng = np.random.default_rng(seed)
    patterns = rng.normal(size=(classes, *shape))
    labels = rng.integers(classes, size=count)
    inputs = patterns[labels] + rng.normal(scale=0.5, size=(count, *shape))
    return inputs.astype("float32"), labels


def train(config: ModelConfig, path: Path) -> tuple[float, float]:
    """Train the model, save it to `path`, and return the loss before and after."""
    import keras

    from build import build_model

    keras.utils.set_random_seed(config.seed)  # for the order of the batches
    model = build_model(config)
    model.compile("adam", "sparse_categorical_crossentropy")
    inputs, labels = make_data(config.input_shape, model.output_shape[-1], 512, config.seed)

    before = model.evaluate(inputs, labels, verbose=0)
    model.fit(inputs, labels, batch_size=32, epochs=5, verbose=0)
    after = model.evaluate(inputs, labels, verbose=0)

    model.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_allclose(
        loaded.predict(inputs, verbose=0), model.predict(inputs, verbose=0), atol=1e-6
    )
    return before, after


def main() -> None:
    """Read the config, then train the model that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    here = Path(__file__).parent
    parser.add_argument("config", nargs="?", type=Path, default=here / "models.yaml")
    parser.add_argument("--model", default="classifier", help="its name in the config")
    parser.add_argument("--save", type=Path, help="where to save it; NAME.keras without a word")
    args = parser.parse_args()

    # Keras takes seconds to import, so it waits until the whole file is right.
    try:
        models = read_models(args.config)
    except ValidationError as error:
        sys.exit(f"{args.config} is wrong:\n\n{explain(error)}")
    if args.model not in models:
        parser.error(f"{args.config} has no model {args.model!r}, but {', '.join(models)}")

    backend = initreg.choose_backend()
    path = args.save or Path(f"{args.model}.keras")
    before, after = train(models[args.model], path)
    print(f"{args.model} on {backend}: loss {before:.3f} before, {after:.3f} after")
    print(f"{path} loads with equal predictions")


if __name__ == "__main__":
    main()
