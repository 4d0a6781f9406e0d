"""Initializers in the interpolations of OmegaConf, and so of Hydra."""

from importlib.util import find_spec
from inspect import signature
from typing import Any

from initreg.errors import InitregError
from initreg.public import public
from initreg.registry.registry import default_registry


@public
def register_omegaconf_resolver(name: str = "init", *, replace: bool = False) -> None:
    """Register a resolver with OmegaConf, which turns ``${init:he_normal}`` into an initializer.

    >>> from omegaconf import OmegaConf
    >>> register_omegaconf_resolver(replace=True)
    >>> config = OmegaConf.create(
    ...     {"seed": 42, "kernel": "${init:'random_normal(stddev=0.02)',${seed}}"}
    ... )
    >>> config.kernel.get_config()
    {'seed': 42, 'mean': 0.0, 'stddev': 0.02}

    The arguments are a spec and optionally the seed for `resolve`. Quote a spec that has
    parentheses. `name` is the name of the resolver, the part before the colon. Each time the key is
    looked up, the value is a fresh Keras initializer. See the docs on Hydra and OmegaConf for the
    syntax, and for what to do with the config afterwards.

    Raises `ValueError` if the name is taken, unless `replace` is true, and `ModuleNotFoundError` if
    OmegaConf isn't installed. Looking up a key with an invalid spec raises OmegaConf's
    `InterpolationResolutionError` with the whole message.
    """
    if find_spec("omegaconf") is None:
        raise ModuleNotFoundError(
            "register_omegaconf_resolver() needs OmegaConf, which isn't installed. "
            "Run: pip install omegaconf (or hydra-core, which requires it).",
            name="omegaconf",
        )
    from omegaconf import OmegaConf, StringNode
    from omegaconf.errors import InterpolationResolutionError

    # OmegaConf passes the node that is looked up to a parameter with this name.
    def look_up(*arguments: Any, _node_: object) -> Any:
        if not 1 <= len(arguments) <= 2:
            raise InterpolationResolutionError(
                f"${{{name}:…}} takes a spec and a seed, not {len(arguments)} arguments. "
                f"Quote a spec that has commas: ${{{name}:'random_normal(0, 0.05)'}}."
            )
        if isinstance(_node_, StringNode):  # it would store the repr() of the initializer
            raise InterpolationResolutionError(
                f"${{{name}:…}} is an initializer, but this key is declared str. Declare it Any, "
                f"or write only the spec, without ${{{name}:…}}."
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

    # In OmegaConf 2.4, this is `register_resolver`, and the old name warns. In 2.3, it is
    # `register_new_resolver`, and `register_resolver` is a different function without `replace`.
    register: Any = OmegaConf.register_resolver
    if "replace" not in signature(register).parameters:
        register = OmegaConf.register_new_resolver
    register(name, look_up, replace=replace)
