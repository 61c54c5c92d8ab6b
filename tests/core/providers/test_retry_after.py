"""What a response's headers say of the time to wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from partwise.provider import retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct"}, None),
    ],
)
def test_a_number(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date() -> None:
    later, earlier = (formatdate(time.time() + off, usegmt=True) for off in (60, -60))

    assert retry_after({"retry-after": later}) == pytest.approx(60, abs=3)
    assert retry_after({"retry-after": earlier}) == 0
