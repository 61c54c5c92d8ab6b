"""The plugin passes the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from partwise_conformance import ProviderConformance
from wire import AcmeWire


class TestAcme(ProviderConformance):
    provider = "acme/test-model"
    wire = AcmeWire()
    # The toy SDK never tries again by itself. Yours may: {"max_retries": 0}, say.
    client_options: ClassVar[Mapping[str, Any]] = {}
    # Tests that the vendor can't pass: {"test_refusal": "Acme's models have no word for it"}
    xfail: ClassVar[Mapping[str, str]] = {}
