"""The suite's class for the right plugin and for each broken one: for `test_broken`.

By hand:

pytest tests/conformance/broken/suites.py -k adds-usage-up
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from partwise_conformance import ProviderConformance

from .fault import FAULTS, RECORDINGS
from .plain import PlainProvider
from .plugin import __name__ as plugin
from .wire import AcmeWire, PlainWire


class TestRight(ProviderConformance):
    provider = "right/any"
    plugin = plugin
    wire = AcmeWire()
    client_options: ClassVar = {}
    recordings: ClassVar[Path | None] = RECORDINGS


def class_name(fault: str) -> str:
    """The name of the class that tries this broken plugin."""
    return "Test" + fault.title().replace("-", "")


for _name, _fault in FAULTS.items():
    _attributes: dict[str, Any] = {"provider": f"{_name}/any", "recordings": None, **_fault.suite}
    globals()[class_name(_name)] = type(class_name(_name), (TestRight,), _attributes)


class TestPlain(TestRight):
    provider = "plain/any"
    plugin = PlainProvider.__module__
    wire = PlainWire()
    recordings = None
