"""The requests that a session answers; docs/protocol.md describes each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from . import stages
from .protocol import DEFAULTS, GUARD, NO_ENGINE, WRONG_THREAD, Refused, check_params
from .stages import importing

if TYPE_CHECKING:
    from .channel import Channel
    from .messages import Explained, GuardState, Joint, Overview, Released, Report, Rest, Settings
    from .releases import Releases
    from .reports.reporter import Reporter
    from .retention.keys import Keys
    from .retention.outputs import Outputs


class Requests:
    """One method for each request; `Session` adds the objects that these methods use."""

    if TYPE_CHECKING:
        shell: Any
        thread: int | None
        channel: Channel

        @property
        def keys(self) -> Keys: ...  # noqa: D102
        @property
        def reporter(self) -> Reporter: ...  # noqa: D102
        @property
        def outputs(self) -> Outputs: ...  # noqa: D102
        @property
        def releases(self) -> Releases: ...  # noqa: D102
        def made(self, name: str) -> Any: ...  # noqa: D102
        def guard_state(self) -> GuardState: ...  # noqa: D102
        def put_guard(self, mode: str, settings: Settings) -> None: ...  # noqa: D102

    def report(self, *args: Any, **params: Any) -> Report:
        """Return what IPython retains; see `Reporter.report`."""
        return self.reporter.report(*args, **params)

    def joint(self, keys: list[str], **params: Any) -> Joint:
        """Return what results free together; see `Reporter.joint`."""
        return self.reporter.joint(keys, **params)

    def overview(self, **params: Any) -> Overview:
        """Return where the memory is; see `Reporter.overview`."""
        return self.reporter.overview(**params)

    def rest(self, **params: Any) -> Rest:
        """Return who holds the rest; see `rest.answer`."""
        self.reporter.drop()
        found: Rest = stages.module("rest.answer").rest(
            self.shell, self.outputs.total()[0], **params
        )
        return found

    def refine(self, **params: Any) -> dict[str, bool]:
        """Go on with a measurement; see `Reporter.refine`."""
        return self.reporter.refine(**params)

    def explain(self, key: str, **params: Any) -> Explained:
        """Return who refers to a retained object; see `Reporter.explain`."""
        return self.reporter.explain(key, **params)

    def explain_variable(self, name: str, **params: Any) -> Explained:
        """Return who refers to a variable's object; see `Reporter.explain_variable`."""
        return self.reporter.explain_variable(name, **params)

    def release(self, *args: Any, **params: Any) -> Released:
        """Release results; see `Releases.release`."""
        self._check_thread()
        return self.releases.release(*args, **params)

    def release_shown(self) -> Released:
        """Release kept outputs; see `Releases.release_outputs`."""
        self._check_thread()
        return self.releases.release_outputs()

    def release_tracebacks(self) -> Released:
        """Release kept exceptions; see `Releases.release_tracebacks`."""
        self._check_thread()
        return self.releases.release_tracebacks()

    def done(self, *, forget: bool) -> Released | None:
        """Return what a release has done that an interrupt broke off; see `Releases.done`."""
        releases = self.made("releases")
        return None if releases is None else releases.done(forget=forget)

    def rescue(self, key: str, name: str) -> dict[str, str]:
        """Bind a retained object to a new variable; see `retention.rescue`."""
        self._check_thread()
        with importing():
            from .retention.rescue import rescue
        return rescue(self.shell, self.keys, key, name)

    def set_guard(self, mode: str, **settings: Any) -> GuardState:
        """Set the guard's mode and settings, sizes in bytes, and return its state.

        A setting that is not named gets its default. Raises `Refused` with `bad_params`,
        `wrong_thread` or `no_engine`.
        """
        self._check_thread()
        check_params({"mode": mode, **settings}, GUARD, ("mode",))
        if mode == "large" and not stages.has_engine():
            raise Refused(NO_ENGINE)
        self.put_guard(mode, cast("Settings", {**DEFAULTS, **settings}))
        state = self.guard_state()
        self.channel.tell("guard", state)
        return state

    def subscribe(self, *, cell_end: bool) -> dict[str, Any]:
        """Tell subscribers what is retained already; the channel keeps the list of them."""
        if cell_end and stages.has_engine():
            event = self.reporter.standing()
            if event["results"]:
                self.channel.tell("cell_end", event, subscribers=True)
        return {}

    def load_engine(self, digest: str, text: str) -> dict[str, bool]:
        """Add the engine to this copy; see `stages.load_engine`."""
        there = stages.load_engine(digest, text)
        guard = self.made("guard")
        if guard is not None:
            guard.weigh_missed()
        return {"engine": there}

    def _check_thread(self) -> None:
        if threading.get_ident() != self.thread:
            raise Refused(WRONG_THREAD)
