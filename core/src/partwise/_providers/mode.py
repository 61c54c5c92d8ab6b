"""How an answer's structure is asked for, and where in the stream it then arrives."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """A way to make a model answer with structure.

    A provider's `Capabilities` name those that a model takes.
    """

    TOOLS = "tools"
    """A forced call of one tool, whose parameters are the schema."""
    JSON_SCHEMA = "json_schema"
    """The vendor constrains the visible answer to the schema."""
    JSON = "json"
    """The vendor promises some JSON object; the schema is in the prompt."""
    MD_JSON = "md_json"
    """No help from the vendor: the schema is in the prompt, and the answer may be in a fence."""
    RESPONSES = "responses"
    """As `JSON_SCHEMA`, by the vendor's second API, if it has two."""
    RESPONSES_TOOLS = "responses_tools"
    """As `TOOLS`, by the vendor's second API."""

    @property
    def uses_tool(self) -> bool:
        """Whether the answer is a tool call's arguments, and not the visible text."""
        return self in (Mode.TOOLS, Mode.RESPONSES_TOOLS)

    @property
    def prompts_schema(self) -> bool:
        """Whether the schema must be in the prompt, since the vendor does not receive it."""
        return self in (Mode.JSON, Mode.MD_JSON)


class Granularity(StrEnum):
    """How finely a provider streams an answer in one mode."""

    TOKEN = "token"
    """A few characters at a time."""
    PARAMETER = "parameter"
    """A top-level field at a time."""
    WHOLE = "whole"
    """The answer at once, at its end."""
