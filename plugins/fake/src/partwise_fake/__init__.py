"""partwise's provider without a model behind it: a random answer that fits the schema.

    from_provider("fake/ada")                           the same answer for the same word and type
    from_provider("fake/ada", pace=0.05, delta=8)       streamed: 8 characters every 50 ms

It is for building and testing code that shows an answer, with no key and no network.
"""

from collections.abc import Callable

from partwise.provider import ProviderFactory, hookimpl

from ._nodes import UnsatisfiableError
from ._provider import FakeProvider

__all__ = ["FakeProvider", "UnsatisfiableError", "register_providers"]


@hookimpl
def register_providers(register: Callable[[str, ProviderFactory], None]) -> None:
    """Answer to the name `fake`."""
    register("fake", FakeProvider)
