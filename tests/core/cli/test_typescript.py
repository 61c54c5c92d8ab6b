"""`partwise schema --typescript`: types that a page of TypeScript imports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from partwise._cli.typescript import typescript


class Person(BaseModel):
    """Someone who took part."""

    name: str
    role: Literal["host", "guest"] = "guest"
    friends: list[Person] = []


class Meeting(BaseModel):
    title: Annotated[str, Field(description="As it is announced */ there.")]
    people: list[Person]
    size: int | None
    notes: dict[str, list[float]]
    pair: tuple[int, str]
    odd_name: Annotated[bool, Field(alias="odd-name")]


def test_types() -> None:
    schema = TypeAdapter(Meeting).json_schema(mode="serialization")
    assert typescript(schema, "Meeting") == (
        "/** Someone who took part. */\n"
        "export interface Person {\n"
        "  name: string;\n"
        '  role: "host" | "guest";\n'
        "  friends: Array<Person>;\n"
        "}\n"
        "\n"
        "export interface Meeting {\n"
        "  /** As it is announced * / there. */\n"
        "  title: string;\n"
        "  people: Array<Person>;\n"
        "  size: number | null;\n"
        "  notes: Record<string, Array<number>>;\n"
        "  pair: [number, string];\n"
        '  "odd-name": boolean;\n'
        "}\n"
    )


def test_a_root_that_is_a_list() -> None:
    schema = TypeAdapter(list[int]).json_schema()
    assert typescript(schema, "list[int]") == "export type list_int = Array<number>;\n"
