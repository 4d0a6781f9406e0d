"""Pydantic still has the private name that tells which field a type is used in."""

from typing import Annotated

from pydantic import BaseModel, GetPydanticSchema

from initreg.integrations.pydantic_internals import field_of


def test_pydantic_tells_the_class_and_the_field():
    seen = []

    def look(_, handler):
        seen.append(field_of(handler))
        return handler(int)

    class Owner(BaseModel):
        units: Annotated[int, GetPydanticSchema(look)] = 3

    ((owner, info),) = seen
    assert owner is Owner
    assert info.default == 3


def test_a_handler_without_it_gives_none():
    assert field_of(object()) is None
