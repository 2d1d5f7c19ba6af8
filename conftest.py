"""Fixtures for the whole Python suite."""

from typing import Any

import pytest
from hypothesis import settings

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
