"""The class that a plugin's author subclasses, and the attributes to set in the subclass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .checks.chunks import ChunkChecks
from .checks.connections import ConnectionChecks
from .checks.declared import DeclaredChecks
from .checks.endings import EndingChecks
from .checks.faults import FaultChecks
from .checks.recordings import RecordingChecks
from .checks.requests import RequestChecks
from .checks.robustness import RobustnessChecks
from .checks.snapshots import SnapshotChecks

if TYPE_CHECKING:
    from partwise.provider import Mode

    from .wire import Wire


class ProviderConformance(
    DeclaredChecks,
    RequestChecks,
    ChunkChecks,
    EndingChecks,
    FaultChecks,
    ConnectionChecks,
    SnapshotChecks,
    RobustnessChecks,
    RecordingChecks,
):
    """Proves one provider right.

        class TestAcme(ProviderConformance):
            provider = "acme/test-model"
            wire = AcmeWire()
            xfail = {"test_refusal": "Acme's models have no word for a refusal"}

    A test that the vendor can't pass is named in `xfail`, with the reason, as `"test_refusal"` or,
    for some of its cases, `"test_refusal[tools]"`. If it passes nevertheless, that is a failure.
    Tests can't be overridden, except by a stub under `@pytest.mark.xfail(reason=…)`, which says the
    same: the suite's own test is run, and expected to fail.

    Attributes:
        provider: the name and a model, as in `from_provider`.
        wire: how the vendor writes its answers.
        xfail: the tests that can't pass, each with the reason.
        recordings: a folder of real streams, searched for `.sse`, `.ndjson`, `.jsonl` and
            `.eventstream`. A relative path begins at the class's module. A `meta.json`
            beside a stream may tell its `structured_text`.
        plugin: the plugin's module, if it is not installed with an entry point.
        modes: the modes that the vendor has with this model: the plugin must declare these and no
            other. If None, the suite takes the declared ones. Either way each
            declared mode is tried.
        client_options: further keywords for `from_provider`. SDKs should not retry here.
        options: keywords of a call that must reach the vendor, with values found nowhere else.
        needs_key: whether the vendor wants an API key.
        light_imports: modules that the plugin may import before it opens a stream.
        mutations: answers of odd shapes, and damaged ones, that are tried in each mode.
        at_once: seconds that the plugin has for anything it must do at once. The default is more
            than any machine needs; raise it if yours is slower.
    """

    provider: ClassVar[str]
    wire: ClassVar[Wire]
    xfail: ClassVar[Mapping[str, str]] = {}
    recordings: ClassVar[Path | None] = None
    plugin: ClassVar[str | None] = None
    modes: ClassVar[tuple[Mode, ...] | None] = None
    client_options: ClassVar[Mapping[str, Any]] = {"max_retries": 0}
    options: ClassVar[Mapping[str, Any]] = {"temperature": 0.375}
    needs_key: ClassVar[bool] = True
    light_imports: ClassVar[frozenset[str]] = frozenset()
    mutations: ClassVar[int] = 25
    at_once: ClassVar[float] = 5.0

    @classmethod
    def recording_mode(cls, recording: Path) -> Mode | None:  # noqa: ARG003 - for those who override
        """The mode in which that stream was asked for; None for the provider's default."""
        return None

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.xfail = {**cls.xfail, **_stubs(cls)}
        tests = check_texts()
        for name in tests:
            if getattr(cls, name) is not getattr(ProviderConformance, name):
                raise TypeError(
                    f"{cls.__name__} overrides {name}: a test that can't pass is named in "
                    f'`xfail = {{"{name}": "the reason"}}`'
                )
        for key, reason in cls.xfail.items():
            if key.partition("[")[0] not in tests:
                raise TypeError(f"{cls.__name__}.xfail: the suite has no test {key!r}")
            if not reason.strip():
                raise TypeError(f"{cls.__name__}.xfail: {key} needs a reason")


def _stubs(cls: type) -> dict[str, str]:
    """The tests that the class marks as `xfail`, with the reasons. Takes the stubs away."""
    reasons = {
        name: str(mark.kwargs.get("reason", ""))
        for name in check_texts()
        for mark in getattr(vars(cls).get(name), "pytestmark", ())
        if mark.name == "xfail" and not mark.args
    }
    for name in reasons:
        delattr(cls, name)
    return reasons


def check_texts() -> dict[str, str]:
    """The first line of each check's docstring, by the test's name, in the suite's order."""
    return {
        name: (test.__doc__ or name).strip().partition("\n")[0]
        for checks in ProviderConformance.__bases__
        for name, test in vars(checks).items()
        if name.startswith("test_")
    }
