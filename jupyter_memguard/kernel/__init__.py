"""What IPython retains of the results that cells show, and letting it go.

Works in a kernel that runs IPython's shell, with the standard library alone;
nothing here imports from the rest of the package. The browser puts these files
into kernels that do not have the package (see bootstrap.py); an installed copy
and such an injected one share their state.
"""

from __future__ import annotations

from contextlib import suppress as _suppress
from typing import Any

from . import session as _session
from . import stages as _stages
from .protocol import VERSION as PROTOCOL_VERSION
from .protocol import Refused

__all__ = [
    "PROTOCOL_VERSION",
    "Refused",
    "load_engine",
    "release",
    "release_shown",
    "release_tracebacks",
    "report",
    "set_guard",
    "start",
]

with _suppress(ImportError):  # a source tree that was never built, or a copy that came as text
    from ._digest import DIGEST as DIGEST

start = _session.start
load_engine = _stages.load_engine


def _ask(method: str, *args: Any, **params: Any) -> dict[str, Any]:
    """Ask the shell's session; an interrupt comes when all that is asked for it is dropped."""
    try:
        result: dict[str, Any] = getattr(_session.current(), method)(*args, **params)
    except KeyboardInterrupt:
        pass
    else:
        return result
    # Anew: the traceback's frames would keep the results alive.
    raise KeyboardInterrupt


def report(
    numbers: list[int] | None = None,
    budget_ms: float = 100,
    limit: int | None = None,
    sort: str = "freed_bytes",
) -> dict[str, Any]:
    """Return what IPython retains, and what letting it go would free.

    `numbers` restricts it to these n of `Out[n]`; `budget_ms` is the time for
    measuring, `limit` the most rows, `sort` is "freed_bytes" or "number".
    docs/protocol.md tells the keys. Raises `Refused` where no IPython shell runs.
    """
    return _ask("report", numbers, budget_ms, limit, sort)


def release(
    keys: list[str] | None = None, numbers: list[int] | None = None, min_bytes: int = 0
) -> dict[str, Any]:
    """Let results go and return what came back: all, or those with these keys or numbers.

    Results that free less than `min_bytes` stay. Raises `Refused`: `unknown_key`,
    `wrong_thread` off the main thread, `no_shell` where no IPython shell runs.
    """
    return _ask("release", keys, numbers, min_bytes)


def release_shown() -> dict[str, Any]:
    """Let go what IPython keeps of the outputs that were shown; returns and raises as `release`."""
    return _ask("release_shown")


def release_tracebacks() -> dict[str, Any]:
    """Let the kept exceptions and their frames go; returns and raises as `release`."""
    return _ask("release_tracebacks")


def set_guard(mode: str, **settings: Any) -> dict[str, Any]:
    """Set what happens to results from now on, and return the guard's state.

    `mode` is "off", "large" (what keeps `threshold_bytes` alive is not kept, and
    the oldest go when all together keep `total_bytes` alive), "last" (the newest
    `keep_last` are kept) or "all" (none is). What was shown is kept within
    `shown_bytes`; `tracebacks` lets frames of exceptions go. Raises `Refused`.
    """
    return _ask("set_guard", mode, **settings)
