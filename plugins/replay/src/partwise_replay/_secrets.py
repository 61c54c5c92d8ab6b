"""Keys kept out of recordings: those that the process knows, and text that looks like one."""

from __future__ import annotations

import os
import re
from typing import Any, Final

SCRUBBED: Final = "[scrubbed]"

_SHORTEST: Final = 8
_variable = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_looks = re.compile(
    r"""
      \b (?: sk | rk | pk | xai | gsk | csk | pplx | hf | fw | nvapi | tgp ) [-_] [\w-]{16,}
    | \b AIza [\w-]{30,}                       # Google
    | \b (?: AKIA | ASIA ) [A-Z0-9]{16} \b     # Amazon
    | \b ya29 \. [\w.-]{20,}                   # Google's access tokens
    | \b eyJ [\w-]{10,} \. eyJ [\w.-]{10,}     # a JSON web token
    | (?<= Bearer\ ) [\w.~+/=-]{8,}
    """,
    re.VERBOSE,
)


class Secrets:
    """The user's keys, and any text that has the form of one."""

    def __init__(self, *known: str | None) -> None:
        given = [value for value in known if value]
        named = [value for name, value in os.environ.items() if _variable.search(name)]
        # The longest first: one may be a part of another.
        values = sorted({v for v in [*given, *named] if len(v) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, values))) if values else None

    def scrub(self, value: Any) -> Any:
        """The same value with every key in its texts replaced."""
        match value:
            case str():
                known = self._known.sub(SCRUBBED, value) if self._known else value
                return _looks.sub(SCRUBBED, known)
            case dict():
                return {self.scrub(key): self.scrub(item) for key, item in value.items()}
            case list():
                return [self.scrub(item) for item in value]
        return value

    def are_in(self, text: str) -> bool:
        """Whether there is one in the text."""
        return bool(self.scrub(text) != text)
