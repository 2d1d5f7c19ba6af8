"""Hand a session's state from one copy of this code in a kernel to the next.

The next copy may come from a newer page, or be an installed one. The state has builtin types
only, because the classes of two copies differ.
"""

from __future__ import annotations

from typing import Any

from .protocol import DEFAULTS


def hand_over(session: Any) -> dict[str, Any]:
    """Remove a `Session`'s callbacks from the shell, and return the state for the next copy."""
    cells, keys, announced, guard = map(session.made, ("cells", "keys", "announced", "guard"))
    if cells is not None:
        cells.watch(wanted=False)
    session.channel.close()
    state = session.guard_state()
    if guard is not None:
        guard.mode = "off"
        guard.remove()
    inherited = session.inherited
    return {
        "keys": inherited.get("keys") if keys is None else keys.state,
        "cells": (inherited.get("cells") or {}) if cells is None else cells.known,
        "told": inherited.get("told") if announced is None else announced.known,
        "guard": state if state["set"] else None,
    }


def take_over(session: Any, state: dict[str, Any]) -> None:
    """Continue, in a new `Session`, with the state that another copy's `hand_over` returned."""
    session.inherited = state
    guard = state["guard"]
    if guard is not None:
        settings: Any = {**DEFAULTS, **guard["settings"]}
        session.put_guard(guard["mode"], settings)
        if guard["since_execution"] is not None or guard["withheld"]:
            session.guard.since = guard["since_execution"]
            session.guard.withheld = guard["withheld"]
