"""Initializers in interpolations of OmegaConf, and so in Hydra's configs."""

from importlib.util import find_spec
from inspect import signature
from typing import Any

from initreg.errors import InitregError
from initreg.public import public
from initreg.registry.registry import default_registry


@public
def register_omegaconf_resolver(name: str = "init", *, replace: bool = False) -> None:
    """Register a resolver with OmegaConf, so that ``${init:he_normal}`` is an initializer.

    >>> from omegaconf import OmegaConf
    >>> register_omegaconf_resolver(replace=True)
    >>> config = OmegaConf.create(
    ...     {"seed": 42, "kernel": "${init:'random_normal(stddev=0.02)',${seed}}"}
    ... )
    >>> config.kernel.get_config()
    {'seed': 42, 'mean': 0.0, 'stddev': 0.02}

    The first argument is a spec, in quotes if it has parentheses. The second one, which may be left
    out, is the seed of `resolve`. The value is what `resolve` returns: a fresh Keras initializer
    each time the key is looked up. docs/hydra.md shows what to quote, and where to write the
    interpolation.

    `name` is the word before the colon. Raises `ValueError` if the name is taken and `replace` is
    false, and `ModuleNotFoundError` if OmegaConf isn't installed. When a key is looked up, an
    invalid spec is an `InterpolationResolutionError` of OmegaConf with the message of our error.
    """
    if find_spec("omegaconf") is None:
        raise ModuleNotFoundError(
            "register_omegaconf_resolver() needs OmegaConf, which isn't installed. "
            "Run: pip install omegaconf (or hydra-core, which depends on it).",
            name="omegaconf",
        )
    from omegaconf import OmegaConf, StringNode
    from omegaconf.errors import InterpolationResolutionError

    # OmegaConf passes the node that is looked up to a parameter of this name.
    def look_up(*arguments: Any, _node_: object) -> Any:
        if not 1 <= len(arguments) <= 2:
            raise InterpolationResolutionError(
                f"${{{name}:…}} takes a spec and a seed or none, not {len(arguments)} arguments. "
                f"Quote a spec that has commas: ${{{name}:'random_normal(0, 0.05)'}}."
            )
        if isinstance(_node_, StringNode):  # it would store the repr() of the initializer
            raise InterpolationResolutionError(
                f"${{{name}:…}} is an initializer, and this key is declared str. Declare it Any, "
                f"or write the spec itself, without ${{{name}:…}}."
            )
        plain: list[Any] = [
            OmegaConf.to_container(argument, resolve=True)
            if OmegaConf.is_config(argument)
            else argument
            for argument in arguments
        ]
        try:
            return default_registry().resolve(*plain)
        except InitregError as error:
            raise InterpolationResolutionError(str(error)) from error

    # OmegaConf 2.4 renames the function and deprecates the old name. In 2.3, the new name is a
    # different function.
    register: Any = OmegaConf.register_resolver
    if "replace" not in signature(register).parameters:
        register = OmegaConf.register_new_resolver
    register(name, look_up, replace=replace)
