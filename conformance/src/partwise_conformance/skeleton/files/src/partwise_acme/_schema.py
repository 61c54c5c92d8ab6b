"""The dialect of JSON Schema that Acme takes."""

from __future__ import annotations

from typing import Final

from partwise.provider import SchemaProfile

# The toy takes all of JSON Schema. For a vendor that takes a part of it, list that part here:
# the rest is put into the descriptions.
ENFORCED: Final = SchemaProfile(name="Acme", strict=False)
