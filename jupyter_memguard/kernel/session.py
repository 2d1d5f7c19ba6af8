"""The session: the state of one shell.

The shell object holds the session, so that an installed copy of this code and a copy from the
browser find the same one.

Each object in a session is imported and made when it is first needed, so that a kernel that nobody
looks at, with the guard off, compiles few modules.
"""

from __future__ import annotations

import sys
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable

from . import stages
from .channel import Channel
from .guard.hook import answers
from .handover import Handover
from .protocol import (
    DEFAULTS,
    GUARD,
    NO_ENGINE,
    NO_SHELL,
    VERSION,
    Refused,
    check_params,
)
from .requests import Requests
from .stages import importing

if TYPE_CHECKING:
    from .cells import Cells
    from .guard.guard import Guard
    from .messages import GuardState, Settings
    from .releases import Releases
    from .reports.reporter import Reporter
    from .retention.announced import Announced
    from .retention.keys import Keys
    from .retention.outputs import Outputs

ATTRIBUTE = "_jupyter_memguard"
MEASURING = ("report", "overview")  # requests whose measurement a page can go on with

if TYPE_CHECKING:
    part = cached_property
else:

    class part(cached_property):  # noqa: N801 - it is used as a decorator
        """A cached property with a lock; that of functools has none since Python 3.12."""

        def __get__(self, session: Session, owner: type) -> Any:
            """Make the object, once, whichever thread asks first."""
            with session.making:
                return super().__get__(session, owner)


class Session(Handover, Requests):
    """The state of one shell: its guard, its keys, its cells, its comms."""

    def __init__(self, shell: Any) -> None:
        """Take the InteractiveShell. Nothing in it changes yet."""
        self.shell = shell
        self.thread = threading.main_thread().ident
        self.making = threading.RLock()
        self.channel = Channel(shell, self._hello, self._answer, self._watch_cells)
        # The state from another copy of this code, for the objects that are not made yet.
        self.inherited: dict[str, Any] = {}
        # The guard's mode and settings while the guard itself is not made yet.
        self._guard_to_be: dict[str, Any] | None = None

    # The session's objects, each made when it is first needed

    @part
    def outputs(self) -> Outputs:
        """The outputs that IPython's history manager keeps."""
        with importing():
            from .retention.outputs import Outputs
        return Outputs(self.shell)

    @part
    def guard(self) -> Guard:
        """The guard; its first mode is `off`."""
        with importing():
            from .guard.guard import Guard
        guard = Guard(self.shell, self.outputs)
        if self._guard_to_be is not None:
            guard.set(**self._guard_to_be)
        return guard

    @part
    def keys(self) -> Keys:
        """The keys of the retained objects."""
        with importing():
            from .retention.keys import Keys
        return Keys(self.inherited.get("keys"))

    @part
    def announced(self) -> Announced:
        """The results that pages know of."""
        with importing():
            from .retention.announced import Announced
        return Announced(self.shell, self.inherited.get("told"))

    @part
    def cells(self) -> Cells:
        """When cells begin and end."""
        with importing():
            from .cells import Cells
        cells = Cells(self.shell, self._cell_begins, self._cell_ended)
        cells.known.update(self.inherited.get("cells") or {})
        return cells

    @property
    def reporter(self) -> Reporter:
        """What measures and reports: for another thread than the shell's, a reporter of its own.

        A measurement is one thread's. Raises `Refused("no_engine")` while the engine is missing.
        """
        return self.own_reporter if threading.get_ident() == self.thread else self._new_reporter()

    @part
    def own_reporter(self) -> Reporter:
        """The reporter of the shell's thread, which goes on with its measurements."""
        return self._new_reporter()

    def _new_reporter(self) -> Reporter:
        if not stages.has_engine():
            raise Refused(NO_ENGINE)
        with importing():
            from .reports.reporter import Reporter
        return Reporter(self.shell, self.keys, self.announced, self.outputs, self.cells, self.guard)

    @part
    def releases(self) -> Releases:
        """What releases results; raises as `reporter` does."""
        reporter = self.own_reporter
        with importing():
            from .releases import Releases
        return Releases(self.shell, reporter, self.outputs, self.channel.tell)

    def made(self, name: str) -> Any:
        """Return one of the session's objects by its name if it was made, else None."""
        return vars(self).get(name)

    def start(self, options: dict[str, Any]) -> None:
        """Open the channel, and set the guard from the options unless it was set before."""
        self.thread = threading.get_ident()
        self.channel.register()
        guard = options.get("guard")
        if guard is not None and not self.guard_state()["set"]:
            self.set_guard(**check_params(guard, GUARD, ("mode",)))

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        """Answer a checked request that came over a comm."""
        answer: Callable[..., Any] = getattr(self, method)
        if method in MEASURING:
            params["hold"] = threading.get_ident() == self.thread
        elif method not in ("refine", "subscribe") and self.made("own_reporter") is not None:
            self.reporter.drop()
        return answer(**params)

    def _hello(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "digest": stages.digest(),
            "engine": stages.has_engine(),
            "guard_state": self.guard_state(),
            "execution_count": int(self.shell.execution_count),
        }

    # The guard

    def put_guard(self, mode: str, settings: Settings) -> None:
        """Set the guard. In the mode `large`, IPython keeps all results until the engine comes."""
        if mode == "off" and self.made("guard") is None:
            self._guard_to_be = {"mode": mode, "settings": settings}
        else:
            self.guard.set(mode, settings)
        self._watch_cells()

    def guard_state(self) -> GuardState:
        """Return the guard's state as the protocol describes it, without making the guard."""
        guard: Guard | None = self.made("guard")
        if guard is not None:
            return guard.state()
        on_top, other = answers(self.shell.displayhook)
        to_be = self._guard_to_be or {"mode": "off", "settings": DEFAULTS}
        return {
            "mode": to_be["mode"],
            "settings": dict(to_be["settings"]),  # type: ignore[typeddict-item]
            "set": self._guard_to_be is not None,
            "since_execution": None,
            "on_top": on_top,
            "other": other,
            "withheld": 0,
            "withheld_bytes": 0,
            "withheld_exact": True,
        }

    # Cells

    def _watch_cells(self) -> None:
        """Watch the cells while the guard is on, or while a page wants an event at their ends."""
        guard = self.made("guard")
        wanted = (guard is not None and guard.mode != "off") or self.channel.has_subscribers()
        if wanted or self.made("cells") is not None:
            self.cells.watch(wanted=wanted)

    def _cell_begins(self, outermost: bool) -> None:  # noqa: FBT001 - as `Cells` calls it
        guard: Guard | None = self.made("guard")
        if guard is not None:
            guard.before_cell(outermost)

    def _cell_ended(self, number: int) -> None:
        guard: Guard | None = self.made("guard")
        if guard is not None and guard.after_cell():
            self.channel.tell("guard", guard.state())
        if self.cells.after_pause:
            self.channel.count_cell_end()
        if self.channel.has_subscribers() and stages.has_engine():
            event = self.own_reporter.cell_end(number)
            if event["results"] or event["withheld"] or event["gone"]:
                self.channel.tell("cell_end", event, subscribers=True)


def find_shell() -> Any:
    """Return the IPython shell that runs here, or None. It does not import IPython."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def current() -> Any:
    """Return the shell's session, which may be another copy's; make one if there is none.

    Raises `Refused("no_shell")` if no IPython shell runs here.
    """
    shell = find_shell()
    if shell is None:
        raise Refused(NO_SHELL)
    found = vars(shell).get(ATTRIBUTE)
    if found is None:
        found = vars(shell)[ATTRIBUTE] = Session(shell)
    return found


def start(options: dict[str, Any]) -> None:
    """Start this copy's session in the shell. It takes over the state of another copy's session.

    `options` may have the guard's mode and settings under "guard".
    """
    shell = find_shell()
    if shell is None:
        return
    found = vars(shell).get(ATTRIBUTE)
    if type(found) is not Session:
        session = Session(shell)
        if found is not None:
            session.take_over(found.hand_over())
        vars(shell)[ATTRIBUTE] = session
    vars(shell)[ATTRIBUTE].start(options)
