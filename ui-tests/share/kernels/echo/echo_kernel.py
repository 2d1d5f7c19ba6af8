"""A kernel that is not Python: it prints what it is sent and logs every request's code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class EchoKernel(Kernel):  # type: ignore[misc]
    """Echoes, and logs to the file MEMGUARD_TEST_ECHO_LOG what it is sent.

    That is each message's type, with the code, or with the target of a comm.
    """

    implementation = "Echo"
    implementation_version = "1"
    banner = "Echo"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}  # noqa: RUF012

    async def dispatch_shell(self, msg: Any, *args: Any, **kwargs: Any) -> Any:
        """Log whatever arrives, before it is handled."""
        parts = self.session.feed_identities(msg, copy=False)[1]
        message = self.session.deserialize(parts, content=True, copy=False)
        content = message["content"]
        log(message["header"]["msg_type"], content.get("code") or content.get("target_name", ""))
        self.session.digest_history.clear()
        return await super().dispatch_shell(msg, *args, **kwargs)

    def do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002, FBT001
        """Print the code."""
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }


def log(kind: str, code: str) -> None:
    """Append one line to the log."""
    with Path(os.environ["MEMGUARD_TEST_ECHO_LOG"]).open("a") as file:
        file.write(f"{kind} {code!r}\n")


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=EchoKernel)
