"""The names of Keras that are not public and that we rely on, all in one place.

Each says what it is needed for, what happens if Keras drops it, and the test that notices.
docs/design.md has the same as a table.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

# Sets the first value of a variable. Scopes replace it on JAX. Without it, each weight is placed
# on its devices by a function that JAX compiles first.
# Test: sharding, test_a_scope_compiles_nothing_for_a_weight_that_is_spread.
FILL = "_initialize_with_initializer"

# Names in saved models that mark values, and the one class of Keras that models contain and
# that is not public. Without them, `load_model` rejects such files.
# Test: vetting, test_all_that_keras_itself_writes_loads.
VALUES_IN_FILES = (
    *("__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__"),
    *("__tuple__", "TensorShape", "Functional"),
)

# Names in saved models that run code from the file. Keras's safe mode rejects them too, unless
# someone called `keras.config.enable_unsafe_deserialization`. A new class of this kind has to be
# added here, or `load_model` accepts it as far as Keras does.
# Test: vetting, test_code_in_a_file_is_not_run_whatever_the_process_allows.
RUNS_CODE = ("__lambda__", "TFSMLayer", "TorchModuleWrapper")


def layers_of(model: Any) -> list[Any]:
    """List a model and all layers in it, from the outside in.

    Needed for the owner of each weight. Without it, `plan` and `apply` fail with an
    `AttributeError`. Test: planning, test_a_plan_changes_nothing.
    """
    return list(model._flatten_layers())


def layers_held_by(layer: Any) -> list[Any]:
    """List the layers that a layer holds directly.

    Needed for the whole path of a weight in a cloned or loaded model. Without it, `plan` and
    `apply` fail with an `AttributeError`.
    Test: paths, test_a_copy_has_the_paths_of_its_model.
    """
    return list(layer._layers)


def is_functional(layer: Any) -> bool:
    """Return True for a functional model, whose layers are built before it.

    Needed for the whole path of a weight in a cloned or loaded model. If the class gets another
    name, the path of a weight in a nested model becomes longer.
    Test: paths, test_a_copy_has_the_paths_of_its_model.
    """
    return any(base.__name__ == "Functional" for base in type(layer).__mro__)


def name_scopes(layer: Any) -> tuple[str, list[Any]]:
    """Return the path that a weight created by `layer` now gets, and what opened each part of it.

    Needed for the seed of each weight in a scope. Without it, scopes fail with an `ImportError` or
    `AttributeError`; if it returns another path than Keras uses, with a `PlanError`.
    Test: scoping, test_one_seed_gives_the_same_weights_whatever_numbers_keras_gives_names.
    """
    names, state = _name_scope_modules()
    with names.name_scope(layer.name, caller=layer):
        scopes = state.get_global_attribute("name_scope_stack")
        return names.current_path(), [scope.caller for scope in scopes]


@cache
def _name_scope_modules() -> tuple[Any, Any]:
    return (
        importlib.import_module("keras.src.backend.common.name_scope"),
        importlib.import_module("keras.src.backend.common.global_state"),
    )


def class_that_fills(variable_class: type) -> type | None:
    """Return the base of a variable's class that defines `FILL`, or None if there is none."""
    return next((base for base in variable_class.__mro__ if FILL in vars(base)), None)


def fill_with_layout(variable: Any, initializer: Callable[..., Any]) -> bool:
    """Give a new variable on JAX its first value; return False if it has no layout.

    Needed so that each device gets its shard as it is drawn. Without these attributes, scopes
    fail with an `AttributeError` on JAX. Test: sharding.
    """
    variable._initialize_layout()
    layout = getattr(variable._layout, "backend_layout", variable._layout)
    if layout is None:
        return False
    variable._value = initializer(variable._shape, dtype=variable._dtype, layout=layout)
    return True
