"""A pytest plugin: runs IPython's own tests in a shell that has the guard.

The guard is in the environment variable MEMGUARD_GUARD, as JSON; the number of
results that our hook handled goes to the file that MEMGUARD_COUNT names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

handled = 0


def pytest_collection_finish() -> None:
    """Start when IPython's conftest has made the shell that its tests use."""
    from IPython import get_ipython

    from jupyter_memguard.kernel import start

    guard = json.loads(os.environ["MEMGUARD_GUARD"])
    start({"guard": guard})
    session = vars(get_ipython())["_jupyter_memguard"]
    hook = session.guard._hook
    forward = hook.forward

    def counting(result: Any) -> Any:
        global handled  # noqa: PLW0603
        handled += 1
        return forward(result)

    hook.forward = counting


def pytest_sessionfinish() -> None:
    Path(os.environ["MEMGUARD_COUNT"]).write_text(str(handled))
