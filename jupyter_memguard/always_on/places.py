"""Where IPython looks for what it runs at its start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .drop_in import NAME

SCOPES = ("sys-prefix", "user", "system")
# For people: whose file it is.
WHOSE = {"sys-prefix": "this environment", "user": "this user", "system": "this system"}


def place(scope: str) -> Path:
    """Return where the file of a scope is."""
    if scope == "user":
        return user_folder() / "profile_default" / "startup" / NAME
    if scope == "system":
        return _system_folder() / "startup" / NAME
    return Path(sys.prefix) / "etc" / "ipython" / "startup" / NAME


def user_folder() -> Path:
    """Return the user's folder of IPython's."""
    named = os.environ.get("IPYTHONDIR")
    return Path(named).expanduser() if named else Path.home() / ".ipython"


def _system_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("PROGRAMDATA", "C:\\ProgramData")) / "ipython"
    return Path("/usr/local/etc/ipython")
