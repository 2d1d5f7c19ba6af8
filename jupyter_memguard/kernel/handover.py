"""Hands the state from one copy of this code to the next in the same kernel.

What is handed over is of builtin types, because the copies' classes differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .protocol import DEFAULTS

if TYPE_CHECKING:
    from .channel import Channel
    from .guard.guard import Guard
    from .messages import GuardState, Settings


class Handover:
    """What a session gives to another copy's session, and takes from it."""

    inherited: dict[str, Any]

    if TYPE_CHECKING:
        channel: Channel

        @property
        def guard(self) -> Guard: ...  # noqa: D102
        def made(self, name: str) -> Any: ...  # noqa: D102
        def guard_state(self) -> GuardState: ...  # noqa: D102
        def put_guard(self, mode: str, settings: Settings) -> None: ...  # noqa: D102

    def hand_over(self) -> dict[str, Any]:
        """Remove this copy from the shell, and return the state for the next in builtin types.

        Nothing is imported here: the next copy's modules have this copy's names by now.
        """
        cells, keys, announced, guard = map(self.made, ("cells", "keys", "announced", "guard"))
        if cells is not None:
            cells.watch(wanted=False)
        reporter = self.made("own_reporter")
        if reporter is not None:
            reporter.drop()
        self.channel.close()
        state = self.guard_state()
        if guard is not None:
            guard.mode = "off"
            guard.remove()
        inherited = self.inherited
        return {
            "keys": inherited.get("keys") if keys is None else keys.state,
            "cells": (inherited.get("cells") or {}) if cells is None else cells.known,
            "told": inherited.get("told") if announced is None else announced.known,
            "guard": state if state["set"] else None,
        }

    def take_over(self, state: dict[str, Any]) -> None:
        """Continue with the state that another copy's `hand_over` returned."""
        self.inherited = state
        guard = state["guard"]
        if guard is not None:
            self.put_guard(guard["mode"], cast("Settings", {**DEFAULTS, **guard["settings"]}))
            if guard["since_execution"] is not None or guard["withheld"]:
                self.guard.since = guard["since_execution"]
                self.guard.withheld = guard["withheld"]
                self.guard.withheld_bytes = guard.get("withheld_bytes", 0)
