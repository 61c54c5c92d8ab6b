"""The answer of the demo, from a vendor or from a server on this machine that plays one."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

import partwise
from partwise_conformance import RecordedRequest, ReplayServer, Reply, chat_answer

sys.path.insert(0, str(Path(__file__).parents[1]))
from demo import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator


class User(BaseModel):
    """Someone who took part."""

    name: str
    email: str
    twitter: str


class Meeting(BaseModel):
    """What was agreed."""

    users: list[User]
    date: dt.date
    location: str
    budget: int
    deadline: dt.date
    summary: str


ANSWER = Meeting(
    users=[
        User(name="John Doe", email="johndoe@email.com", twitter="@TechGuru44"),
        User(name="Jane Smith", email="janesmith@email.com", twitter="@DigitalDiva88"),
        User(name="Alex Johnson", email="alexj@email.com", twitter="@CodeMaster2023"),
    ],
    date=dt.date(2024, 3, 15),
    location="Grand Tech Arena located at 4521 Innovation Drive",
    budget=50000,
    deadline=dt.date(2024, 2, 20),
    summary=(
        "Three people prepare a tech conference with Dr. Emily Johnson as its keynote speaker. "
        "Each writes an article for its blog before the deadline, and they meet again on January "
        "25th at 3 PM GMT to settle the agenda and the speakers."
    ),
).model_dump_json()
MISTAKEN = ANSWER[: ANSWER.index('"2024')] + '"on March 15th"}'
"""The first attempt: no date is written so, and the second attempt begins."""


class Vendor:
    """A server on this machine that speaks OpenAI's wire format: its odd attempts are mistaken."""

    def __init__(self, pace: float) -> None:
        self._answers = [chat_answer(text, pace=pace) for text in (MISTAKEN, ANSWER)]

    def __call__(self, request: RecordedRequest) -> Reply:
        """The answer, or the mistaken one if nothing was said of a mistake before."""
        is_told = len(request.json()["messages"]) > 1
        return self._answers[is_told](request)


@contextmanager
def playing(pace: float) -> Iterator[str]:
    """The address of a vendor on this machine."""
    with ReplayServer(Vendor(pace)) as server:
        yield f"{server.url}/v1"


def ask(model: str, base_url: str | None) -> Any:
    """A stream of the answer."""
    options: dict[str, Any] = {"base_url": base_url, "api_key": "any will do"} if base_url else {}
    client = partwise.from_provider(model, async_client=True, **options)
    prompt = f"Get the information about the meeting and the users {TEXT}"
    return client.create_partial(Meeting, [{"role": "user", "content": prompt}], max_retries=2)
