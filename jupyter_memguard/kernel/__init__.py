"""Report and release the results that IPython retains, and guard against new ones.

The package works in a kernel that runs IPython's shell. It needs the standard library alone,
and imports nothing from the rest of `jupyter_memguard`. The browser puts these files into
kernels whose environment does not have them (see bootstrap.py). An installed copy and a copy
from the browser share their state.
"""

from __future__ import annotations

import threading as _threading
from typing import Any

from . import session as _session
from . import stages as _stages
from .protocol import NO_ENGINE as _NO_ENGINE
from .protocol import VERSION as PROTOCOL_VERSION
from .protocol import Refused

__all__ = [
    "PROTOCOL_VERSION",
    "Refused",
    "load_engine",
    "overview",
    "release",
    "release_shown",
    "release_tracebacks",
    "report",
    "set_guard",
    "start",
]

DIGEST = _stages.read_digest()

start = _session.start
load_engine = _stages.load_engine


def _ask(method: str, *args: Any, **params: Any) -> dict[str, Any]:
    """Call a method of the shell's session. An interrupt leaves no reference to a result behind."""
    try:
        return _asked(method, args, params)
    except KeyboardInterrupt:
        pass
    # A new exception: the frames of the first one's traceback hold the results.
    raise KeyboardInterrupt


def _asked(method: str, args: tuple[Any, ...], params: dict[str, Any]) -> dict[str, Any]:
    """Call the method; where another copy's session has no engine, this copy takes over first.

    Only the session's own thread may take over.
    """
    session = _session.current()
    found: dict[str, Any]
    try:
        found = getattr(session, method)(*args, **params)
    except Exception as error:
        # By the code: another copy has an exception class of its own.
        lacks_engine = getattr(error, "code", None) == _NO_ENGINE and _stages.has_engine()
        if not lacks_engine or _threading.get_ident() != session.thread:
            raise
    else:
        return found
    start({})
    found = getattr(_session.current(), method)(*args, **params)
    return found


def report(
    numbers: list[int] | None = None,
    budget_ms: float = 100,
    limit: int | None = None,
    sort: str = "freed_bytes",
    *,
    rest: bool = True,
) -> dict[str, Any]:
    """Return what IPython retains, what releasing it would free, and who holds the rest.

    Args:
        numbers: restricts the report to these n of `Out[n]`.
        budget_ms: the time for the report, in milliseconds. Sizes that cannot be proven in
            this time are lower bounds.
        limit: the most rows; None for all.
        sort: "freed_bytes" (largest first) or "number" (oldest first).
        rest: whether the report has "rest": who holds what is neither a result nor a variable.
            That costs up to a second of processor time more, as docs/rest-of-memory.md says.

    Returns:
        The report as docs/protocol.md describes it; all sizes in bytes. Its "rest" is the answer
        to the request `rest`; without it, None.

    Raises:
        Refused: `no_shell` if no IPython shell runs here, `no_engine` if neither this copy nor
            the one that a page put into the kernel can measure.

    """
    found = _ask("report", numbers, budget_ms, limit, sort)
    # Another copy, of an earlier build, does not know.
    knows = rest and hasattr(_session.current(), "rest")
    found["rest"] = _ask("rest") if knows else None
    return found


def overview(budget_ms: float = 100, variables: int = 10) -> dict[str, Any]:
    """Return where the process's memory is, and its largest variables.

    Args:
        budget_ms: the time for it, in milliseconds.
        variables: the most variables to list.

    Returns:
        The overview as docs/protocol.md describes it; all sizes in bytes.

    Raises:
        Refused: `no_shell` and `no_engine` as for `report`.

    """
    return _ask("overview", budget_ms=budget_ms, variables=variables)


def release(
    keys: list[str] | None = None, numbers: list[int] | None = None, min_bytes: int = 0
) -> dict[str, Any]:
    """Release results: all of them, or those with one of the keys or numbers.

    Args:
        keys: the keys of rows of a report.
        numbers: n of `Out[n]`.
        min_bytes: results that free less than this stay.

    Returns:
        How many results went, the process's memory before and after in bytes, and who still
        holds results that are alive. docs/protocol.md describes the keys.

    Raises:
        Refused: `unknown_key` if no retained object has one of the keys, `wrong_thread` if
            this is not the main thread, `no_shell` if no IPython shell runs here, `no_engine`
            as for `report`.

    """
    return _ask("release", keys, numbers, min_bytes)


def release_shown() -> dict[str, Any]:
    """Release the outputs of cells that IPython keeps; returns and raises as `release`."""
    return _ask("release_shown")


def release_tracebacks() -> dict[str, Any]:
    """Release the kept exceptions and their frames; returns and raises as `release`."""
    return _ask("release_tracebacks")


def set_guard(mode: str, **settings: Any) -> dict[str, Any]:
    """Set which results IPython keeps from now on.

    Args:
        mode: "off" (IPython keeps all), "large" (it does not keep a result that keeps
            `threshold_bytes` alive, and lets the oldest go when all results together keep more
            than `total_bytes` alive), "last" (it keeps the newest `keep_last`), or "all" (the
            guard withholds all).
        settings: `threshold_bytes`, `total_bytes`, `keep_last`; `shown_bytes`, up to which the
            outputs of cells are kept; `tracebacks`, True to release the frames of exceptions
            after each cell. A setting that is not named gets its default.

    Returns:
        The guard's state as docs/protocol.md describes it.

    Raises:
        Refused: `bad_params` with the name of a wrong setting, `wrong_thread`, `no_engine` for
            the mode "large" without the engine, `no_shell`.

    """
    return _ask("set_guard", mode, **settings)
