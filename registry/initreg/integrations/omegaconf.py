"""Initializers in the interpolations of OmegaConf, and so of Hydra."""

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

    Quote a spec that has parentheses, as above: OmegaConf does not read them otherwise. A bare name
    needs no quotes, ``${init:he_normal}``, nor does a dict without spaces,
    ``${init:{type:he_normal,seed:1}}``, nor another key, ``${init:${model.init}}``. The second
    argument, if there is one, is the seed of `resolve`.

    The value is what `resolve` returns, a fresh Keras initializer each time the key is looked up:
    Keras takes it as it is, also where `hydra.utils.instantiate` makes the layer. Write
    ``${init:…}`` at each key that needs one, and not ``${kernel}``, which OmegaConf 2.4 may make
    the very same initializer.

    An initializer is no text. ``OmegaConf.to_yaml(config)`` keeps the interpolation, but
    ``OmegaConf.resolve(config)``, which would store the value, is an error, and a field that is
    declared `str` is refused. Where a key has to stay text, write the spec itself, and call
    `resolve` where the layer is made.

    A wrong spec is an `InterpolationResolutionError` of OmegaConf's that holds our whole text.
    `name` is what stands before the colon. A name that is taken is a `ValueError`, unless `replace`
    is true. Without OmegaConf, this is a `ModuleNotFoundError`.
    """
    if find_spec("omegaconf") is None:
        raise ModuleNotFoundError(
            "register_omegaconf_resolver() needs OmegaConf, which is not installed. "
            "Run: pip install omegaconf (or hydra-core, which brings it).",
            name="omegaconf",
        )
    from omegaconf import OmegaConf, StringNode
    from omegaconf.errors import InterpolationResolutionError

    # OmegaConf passes the key that is looked up to a parameter of this name.
    def look_up(*arguments: Any, _node_: object) -> Any:
        if not 1 <= len(arguments) <= 2:
            raise InterpolationResolutionError(
                f"${{{name}:…}} takes a spec and perhaps a seed, not {len(arguments)} arguments. "
                f"Quote a spec that has commas: ${{{name}:'random_normal(0, 0.05)'}}."
            )
        if isinstance(_node_, StringNode):  # which would hold the initializer's repr()
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

    # OmegaConf 2.4 warns of the name that 2.3 has for it; the new name is another function there.
    register: Any = OmegaConf.register_resolver
    if "replace" not in signature(register).parameters:
        register = OmegaConf.register_new_resolver
    register(name, look_up, replace=replace)
