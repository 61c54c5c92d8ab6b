"""Facts with the quotes that they are taken from."""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationInfo, model_validator


class CitationMixin(BaseModel):
    """Keeps those of `substring_quotes` that are in `context["context"]` of the call.

    A mixin for a response model: `class Fact(CitationMixin, BaseModel)`.
    """

    substring_quotes: list[str] = Field(
        default_factory=list, description="Exact quotes of the text that the answer rests on."
    )

    @model_validator(mode="after")
    def _keep_quotes(self, info: ValidationInfo) -> CitationMixin:
        text = (info.context or {}).get("context")
        if text is not None:
            found = [each for each in self.substring_quotes for _ in range(text.count(each))]
            vars(self)["substring_quotes"] = found
        return self
