"""Nasty models: for each vendor one that meets every rule of its dialect."""

# No `from __future__ import annotations`: pydantic reads these annotations.

import datetime as dt
import enum
import uuid
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, SecretStr


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Card(BaseModel):
    """A payment by card."""

    kind: Literal["card"]
    number: SecretStr = Field(min_length=12, max_length=19)
    expires: tuple[int, int]


class Transfer(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")

    kind: Literal["transfer"] = "transfer"
    iban: str = Field(pattern=r"^(?!XX)[A-Z]{2}\d+$", description="The account.")


class Line(BaseModel):
    """A line of an invoice, or a group of them."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^\S")
    amount: float = Field(gt=0, le=1e6, multiple_of=0.01)
    parts: list["Line"] = []
    part_of: "Line | None" = None
    color: Color = Field(default=Color.RED, description="As printed.")


class Invoice(BaseModel):
    """An invoice as it was received."""

    id: uuid.UUID
    due: dt.date | None = None
    payment: Annotated[Card | Transfer, Field(discriminator="kind")]
    lines: list[Line] = Field(min_length=1, max_length=500)
    first: Line = Field(description="The first line.")
    tags: set[str] = Field(default_factory=set, max_length=5)
    level: Literal["low", 1] | None = None
    size: tuple[float, str]
    link: AnyUrl | None = Field(default=None, examples=["https://example.com/1"])
    paid: bool = Field(default=False, deprecated=True)
    number: int = Field(default=7, title="Invoice number", ge=1, lt=10_000)


class Stop(BaseModel):
    """Where a trip stops."""

    city: str = Field(min_length=2)
    nights: int = Field(default=1, ge=0, le=30)
    hotel: AnyUrl | None = None
    guests: list[str] = Field(min_length=1)


class Flight(BaseModel):
    kind: Literal["flight"] = "flight"
    carrier: str = Field(pattern="^[A-Z]{2}$")
    seats: tuple[int, str] = Field(description="Row and letter.")


class Train(BaseModel):
    kind: Literal["train"] = "train"
    operator: Annotated[str, Field(max_length=40)]


class Itinerary(BaseModel):
    """A trip from its first stop to its last."""

    start: dt.datetime
    length: dt.timedelta
    stops: list[Stop] = Field(min_length=2, max_length=20)
    home: Stop = Field(description="Where it starts.")
    legs: list[Annotated[Flight | Train, Field(discriminator="kind")]] = []
    budget: float = Field(gt=0)
    currency: Literal["EUR", "USD"] | None = "EUR"
    rounded: Literal[True] = True
    contact: str = Field(json_schema_extra={"format": "idn-email"})
    codes: set[int] = Field(default_factory=set, min_length=0)


class Person(BaseModel):
    """Somebody, with all who descend from them."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^\S")
    alive: Literal[True] | None = None
    born: int = Field(gt=-5000, le=2100)
    children: list["Person"]
    partner: "Person | None"
    godchildren: list["Person"] = []
    place: "Place" = Field(description="Where they live.")


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: tuple[float, float]
    kind: Literal["town"] = "town"


class Genealogy(BaseModel):
    """The people of a family, by their names."""

    founder: Person
    by_name: dict[str, Person]
    heights: dict[Annotated[str, Field(pattern="^p")], float] = Field(min_length=1)
    extra: Any = None
    level: Literal["low", 1, False] | None = None
    living: list[Person] = Field(max_length=9)


class Catalogue(BaseModel):
    """What no strict mode takes: maps, and values of any type."""

    prices: dict[str, float]
    note: Any = None
    lines: list[Line]


class Tree(BaseModel):
    """A recursive model at the root."""

    name: str
    children: list["Tree"] = []
