"""Fixtures for the whole Python suite."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples in every run: a run that finds something new is asked for by
# `pytest --hypothesis-profile=random`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("same")

pytest_plugins = ("pytest_jupyter.jupyter_server",)


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """A server with the extension, which wants a token on every endpoint."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_memguard": True},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def jp_runtime_dir() -> Iterator[Path]:
    """A folder for the kernels' Unix sockets, whose paths have to be short."""
    with tempfile.TemporaryDirectory(prefix="runtime-") as folder:
        yield Path(folder)
