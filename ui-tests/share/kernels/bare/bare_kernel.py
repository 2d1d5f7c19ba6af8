"""A kernel that runs Python in a plain namespace, without an IPython shell."""

from __future__ import annotations

from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class BareKernel(Kernel):  # type: ignore[misc]
    """Runs what it is sent, and evaluates what is asked with it."""

    implementation = "Bare"
    implementation_version = "1"
    banner = "Bare"
    language_info = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}  # noqa: RUF012

    def do_execute(
        self,
        code: str,
        silent: bool,  # noqa: ARG002, FBT001 - the protocol's
        store_history: bool = True,  # noqa: ARG002, FBT001, FBT002 - the protocol's
        user_expressions: dict[str, str] | None = None,
        **_others: Any,
    ) -> dict[str, Any]:
        """Run the code; a kernel that cannot would end here."""
        names: dict[str, Any] = {}
        exec(code, names)  # noqa: S102 - it is what a kernel does
        answers = {
            name: {
                "status": "ok",
                "data": {"text/plain": repr(eval(asked, names))},  # noqa: S307 - the same
                "metadata": {},
            }
            for name, asked in (user_expressions or {}).items()
        }
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": answers,
        }


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=BareKernel)
