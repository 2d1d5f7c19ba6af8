"""Fixtures for the whole Python suite."""

from typing import Any

import pytest

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
