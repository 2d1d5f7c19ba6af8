"""A kernel without IPython that answers the panel itself, in as few lines as can be.

docs/protocol.md has the messages. It runs Python, and keeps the value of each cell's last
expression, as IPython does. A kernel of another language does the same: it names the feature in its
kernel_info_reply, greets on a comm of the target, and answers each request with the whole shape of
its reply.
"""

from __future__ import annotations

import ast
import sys
import time
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

VERSION = 3
SETTINGS = {"threshold_bytes": 10 * 2**20, "total_bytes": 100 * 2**20, "keep_last": 3,
            "shown_bytes": 10 * 2**20, "tracebacks": False}  # fmt: skip
NOTHING = {"bytes": 0, "count": 0, "exact": True}


_Base: Any = Kernel  # its methods' types say less than they take


class ReferenceKernel(_Base):  # type: ignore[misc]
    """Runs Python, and answers what it keeps of results."""

    implementation = "reference"
    implementation_version = banner = "1"
    language_info = {"name": "reference", "mimetype": "text/plain", "file_extension": ".txt"}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        """Begin without results, and take comms."""
        super().__init__(**options)
        self.names: dict[str, Any] = {}
        self.results: dict[int, tuple[Any, str, float]] = {}
        for kind in ("comm_open", "comm_msg", "comm_close"):
            self.shell_handlers[kind] = getattr(self, kind)

    @property
    def kernel_info(self) -> dict[str, Any]:
        """Say that requests are answered here."""
        return {**super().kernel_info, "supported_features": ["memguard"]}

    def do_execute(self, code: str, silent: bool, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: FBT001
        """Run a cell, and keep the value of its last expression."""
        body = ast.parse(code).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), self.names)  # noqa: S102 - a kernel does
        value = None if last is None else eval(ast.unparse(last), self.names)  # noqa: S307 - it does
        if value is not None and not silent:
            self.results[self.execution_count] = value, code.splitlines()[-1][:200], time.time()
        return {"status": "ok", "execution_count": self.execution_count, "payload": [],
                "user_expressions": {}}  # fmt: skip

    # The comm

    def _tell(self, parent: dict[str, Any], data: dict[str, Any]) -> None:
        content = {"comm_id": parent["content"]["comm_id"], "data": data}
        self.session.send(self.iopub_socket, "comm_msg", content, parent=parent)

    def comm_open(self, _stream: Any, _ident: Any, parent: dict[str, Any]) -> None:
        """Greet."""
        data = {"version": VERSION, "digest": "", "engine": True, "guard_state": self._guard(),
                "execution_count": self.execution_count}  # fmt: skip
        self._tell(parent, {"event": "hello", "data": data})

    def comm_msg(self, _stream: Any, _ident: Any, parent: dict[str, Any]) -> None:
        """Answer a request; what this kernel cannot do is an unknown method."""
        request = parent["content"]["data"]
        answer = getattr(self, "answer_" + request["method"], None)
        reply: dict[str, Any] = {"id": request["id"], "ok": answer is not None}
        if answer is None:
            reply["error"] = {"code": "unknown_method"}
        else:
            reply["result"] = answer(**request.get("params", {}))
        self._tell(parent, reply)

    def comm_close(self, _stream: Any, _ident: Any, _parent: dict[str, Any]) -> None:
        """Keep nothing of a comm."""

    # The answers

    def answer_subscribe(self, **_: Any) -> dict[str, Any]:
        """Take note of nothing: this kernel tells no events."""
        return {}

    def answer_report(self, **_: Any) -> dict[str, Any]:
        """Tell each result; its size is that of the object alone, so it is a lower bound."""
        rows = [self._row(number) for number in self.results]
        total = sum(row["freed_bytes"] for row in rows)
        return {"results": sorted(rows, key=lambda row: -row["freed_bytes"]), "groups": [],
                "count": len(rows), "freed_bytes_all": total, "exact_all": not rows,
                "notes_all": ["opaque"] if rows else [], "estimate_bytes_all": None,
                "seen_bytes_all": None, "final": True,
                "rss_bytes": None, "guard": "off", "guard_state": self._guard(), "shown": NOTHING,
                "tracebacks": NOTHING, "execution_count": self.execution_count,
                "elapsed_ms": 0.0}  # fmt: skip

    def answer_overview(self, **_: Any) -> dict[str, Any]:
        """Tell the one part that is known: the results."""
        parts = ("shared", "variables", "shown", "tracebacks", "free", "mapped", "rest")
        total = sum(self._row(number)["freed_bytes"] for number in self.results)
        return {**{name: {"bytes": 0, "exact": True, "estimate_bytes": None} for name in parts},
                "results": {"bytes": total, "exact": not total, "estimate_bytes": None},
                "rss_bytes": None, "largest": [], "final": True, "elapsed_ms": 0.0}  # fmt: skip

    def answer_release(
        self, keys: list[str] | None = None, numbers: list[int] | None = None, min_bytes: int = 0
    ) -> dict[str, Any]:
        """Let results go: all that are large enough, or those with one of the keys or numbers."""
        everything = keys is None and numbers is None
        named = {*(keys or ()), *map(str, numbers or ())}
        gone = [number for number in self.results
                if (everything or str(number) in named)
                and self._row(number)["freed_bytes"] >= min_bytes]  # fmt: skip
        for number in gone:
            del self.results[number]
        return {"before_rss_bytes": None, "after_rss_bytes": None, "released": len(gone),
                "trimmed_bytes": 0, "let_go_bytes": None, "still_alive": [],
                "elapsed_ms": 0.0}  # fmt: skip

    def _row(self, number: int) -> dict[str, Any]:
        value, source, shown = self.results[number]
        size = sys.getsizeof(value)
        return {"key": str(number), "numbers": [number], "type": type(value).__name__,
                "summary": "", "freed_bytes": size, "exact": False, "notes": ["opaque"],
                "estimate_bytes": None, "device_bytes": None, "size_bytes": size,
                "seen_bytes": None,
                "shared_variables": [], "view": False, "as_of": None,
                "holders": [f"Out[{number}]"], "variables": [], "shared_with": [],
                "cell_id": None, "execution": number, "time": shown, "source": source}  # fmt: skip

    def _guard(self) -> dict[str, Any]:
        return {"mode": "off", "settings": SETTINGS, "set": True, "since_execution": None,
                "on_top": "nobody", "other": None, "withheld": 0, "withheld_bytes": 0,
                "withheld_exact": True}  # fmt: skip


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=ReferenceKernel)
