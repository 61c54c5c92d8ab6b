"""An answer in a Streamlit page, which fills in while the model writes it.

streamlit run docs/examples/streamlit_app.py
"""

from __future__ import annotations

from typing import TypeVar

import streamlit as st
from pydantic import BaseModel

import partwise

T = TypeVar("T")


class User(BaseModel):
    """Who the text is about."""

    name: str
    age: int


def show(stream: partwise.PartialStream[T]) -> T:
    """Read the stream to its end in one place of the page: the value."""
    place = st.empty()
    for _ in stream.snapshots(throttle=0.1):
        place.json(stream.envelope()["value"])
    return stream.result()


# In place of this: partwise.from_provider("openai/gpt-4.1-mini").create_partial(User, messages)
user = show(partwise.parse(User, ['{"name": "A', 'da", ', '"age": 36}']))
st.success(f"{user.name} is {user.age}")
