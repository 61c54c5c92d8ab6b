"""The vendors' dialects, as their plugins define them."""

from partwise_anthropic._schema import ENFORCED as ANTHROPIC
from partwise_google._schema import ENFORCED as GEMINI
from partwise_openai._schema import ENFORCED as OPENAI

__all__ = ["ANTHROPIC", "GEMINI", "OPENAI", "VENDORS"]

VENDORS = {"openai": OPENAI, "anthropic": ANTHROPIC, "google": GEMINI}
