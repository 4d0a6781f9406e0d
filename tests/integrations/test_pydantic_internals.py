"""Pydantic still has the private names that initreg uses."""

from typing import Annotated, Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetPydanticSchema, TypeAdapter
from pydantic.dataclasses import dataclass
from pydantic_core import core_schema

from initreg.integrations.pydantic_internals import field_of

places: list[Any] = []


def _schema(_: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    places.append(field_of(handler))
    return core_schema.any_schema()


Spy = Annotated[object, GetPydanticSchema(_schema)]


def test_a_type_knows_its_class_and_its_default():
    class Model(BaseModel):
        kernel: Spy = "ones"
        many: list[Spy] = ["zeros"]

    (owner, field), (of_list, many) = places[-2:]
    assert (owner, field.default) == (Model, "ones")
    assert (of_list, many.default) == (Model, ["zeros"])


def test_a_dataclass_does_too():
    @dataclass
    class Data:
        kernel: Spy = "ones"

    owner, field = places[-1]
    assert (owner, field.default) == (Data, "ones")


def test_outside_a_class_there_is_no_field():
    TypeAdapter(list[Spy])
    assert places[-1] is None


def test_without_the_private_names_there_is_no_field():
    class Handler:
        field_name = "kernel"

    assert field_of(Handler()) is None
