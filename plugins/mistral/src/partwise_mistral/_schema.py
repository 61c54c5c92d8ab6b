"""The dialects of JSON schema that Mistral takes: the enforced one, and a tool's."""

from __future__ import annotations

from typing import Final

from partwise.provider import SchemaProfile

# As the SDK's own helper makes a model's schema strict.
ENFORCED: Final = SchemaProfile(name="Mistral strict", closed=True)

TOOL: Final = SchemaProfile(name="a Mistral tool", strict=False)
