"""Fixtures for the tests of what adapters of libraries say."""

from __future__ import annotations

import pytest

from jupyter_memguard.kernel.sizing.libraries import native


@pytest.fixture(autouse=True)
def _time_enough(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let looks at objects come to their ends, but in tests of how long these take.

    A machine may stand still for longer than one look may take.
    """
    if "takes_no_longer" not in request.node.name:
        monkeypatch.setattr(native, "thread_time", float)
