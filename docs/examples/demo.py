"""Watch a streamed answer fill in.

    python docs/examples/demo.py                         a server on this machine plays the vendor
    python docs/examples/demo.py openai/gpt-4.1-mini     the vendor itself, with your key

The first form needs no key and no network: a loopback server speaks OpenAI's wire format at about
the speed of the real one, cut as its models cut, and the real openai SDK connects to it.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import openai  # noqa: F401  (it takes half a second to load, and that is not the answer's)
from pydantic import BaseModel
from rich.console import Console

import partwise
from partwise.rich import LiveView
from partwise_conformance import ReplayServer, chat_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwise import Usage

TEXT = """
In our recent online meeting, participants from various backgrounds joined to discuss the upcoming tech conference. The names and contact details of the participants were as follows:

- Name: John Doe, Email: johndoe@email.com, Twitter: @TechGuru44
- Name: Jane Smith, Email: janesmith@email.com, Twitter: @DigitalDiva88
- Name: Alex Johnson, Email: alexj@email.com, Twitter: @CodeMaster2023

During the meeting, we agreed on several key points. The conference will be held on March 15th, 2024, at the Grand Tech Arena located at 4521 Innovation Drive. Dr. Emily Johnson, a renowned AI researcher, will be our keynote speaker.

The budget for the event is set at $50,000, covering venue costs, speaker fees, and promotional activities. Each participant is expected to contribute an article to the conference blog by February 20th.

A follow-up meetingis scheduled for January 25th at 3 PM GMT to finalize the agenda and confirm the list of speakers.
"""  # noqa: E501


class User(BaseModel):
    """Someone who took part."""

    name: str
    email: str
    twitter: str


class MeetingInfo(BaseModel):
    """What was agreed."""

    users: list[User]
    date: str
    location: str
    budget: int
    deadline: str


ANSWER = MeetingInfo(
    users=[
        User(name="John Doe", email="johndoe@email.com", twitter="@TechGuru44"),
        User(name="Jane Smith", email="janesmith@email.com", twitter="@DigitalDiva88"),
        User(name="Alex Johnson", email="alexj@email.com", twitter="@CodeMaster2023"),
    ],
    date="2024-03-15",
    location="Grand Tech Arena located at 4521 Innovation Drive",
    budget=50000,
    deadline="2024-02-20",
)
"""What the loopback server says, written as OpenAI's models write it: without white space."""


@contextmanager
def connect(model: str | None, pace: float) -> Iterator[partwise.Client]:
    """A client of the vendor's, or of a server on this machine that plays it."""
    if model:
        yield partwise.from_provider(model)
        return
    with ReplayServer(chat_answer(ANSWER.model_dump_json(), pace=pace)) as server:
        yield partwise.from_provider(
            "openai/gpt-4.1-mini", base_url=f"{server.url}/v1", api_key="any will do"
        )


def show(client: partwise.Client, console: Console) -> None:
    """Ask, and show the answer as it comes."""
    start = time.monotonic()
    stream = client.create_partial(
        response_model=MeetingInfo,
        messages=[
            {
                "role": "user",
                "content": f"Get the information about the meeting and the users {TEXT}",
            },
        ],
    )
    deltas, first = 0, 0.0
    with stream, LiveView(stream, console=console) as view:
        for meeting in stream:
            view.update(meeting)
            deltas += 1
            if not first and meeting.model_fields_set:
                first = time.monotonic() - start
    console.print_json(stream.result().model_dump_json())
    console.print(summary(deltas, first, time.monotonic() - start, stream.usage), highlight=False)


def summary(deltas: int, first: float, total: float, usage: Usage | None) -> str:
    """What it took."""
    tokens = f"{usage.input_tokens} + {usage.output_tokens}" if usage else "unknown"
    return f"{deltas} deltas in {total:.2f} s, first field after {first:.2f} s, tokens: {tokens}"


def main() -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(description="Watch a streamed answer fill in.")
    parser.add_argument("model", nargs="?", help="such as openai/gpt-4.1-mini; needs its key")
    parser.add_argument("--pace", type=float, default=0.03, help="seconds a delta of the server's")
    arguments = parser.parse_args()
    try:
        with connect(arguments.model, arguments.pace) as client:
            show(client, Console())
    except partwise.PartwiseError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
