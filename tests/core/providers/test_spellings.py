"""A secret is found however it is spelled, and nothing beside it is taken away."""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwise._providers.spellings import SecretTexts

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "Qz7/Wm+Rk9=V&t'2\"é<L\\d😀x"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "every character escaped": lambda text: "".join(
        f"\\u{unit.hex()}" for unit in _pairs(text.encode("utf-16-be"))
    ),
    "URL": lambda text: quote(text, safe=""),
    "URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML by numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML by hexadecimal numbers": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "repr of bytes": lambda text: repr(text.encode() + b"'\"")[2:-4],
    "UTF-8 as Latin-1": lambda text: text.encode().decode("latin-1"),
}
ENCODED = {
    "alone": SECRET,
    "with a user": f"team:{SECRET}",
    "with a scheme": f"Bearer {SECRET}",
    "in the middle": f"x{SECRET}, and more",
}


def _pairs(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data), 2)]


@pytest.fixture
def texts() -> SecretTexts:
    return SecretTexts({SECRET})


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_is_replaced_and_what_is_beside_it_is_kept(spelling: str, texts: SecretTexts) -> None:
    written = SPELLINGS[spelling](SECRET)
    text = f"caf\\u00e9 %7E &amp; {written} &lt;end \\\\ {written}."
    assert texts.replaced(text, "***") == "caf\\u00e9 %7E &amp; *** &lt;end \\\\ ***."


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("place", ENCODED)
def test_so_it_is_in_base64(
    place: str, encode: Callable[[bytes], bytes], texts: SecretTexts
) -> None:
    written = encode(ENCODED[place].encode()).decode()
    assert texts.replaced(f"sent {written} here", "***") == "sent *** here"


@given(st.text(alphabet="aé%&\\u0x;#123\"'/+-_= ", max_size=60))
def test_other_texts_are_the_same_objects(text: str) -> None:
    assert SecretTexts({SECRET}).replaced(text, "***") is text
