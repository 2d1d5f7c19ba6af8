"""Runs histories of cells in an IPython shell, and says after each step what a person could see.

`python histories.py ours` runs them with this package, `python histories.py stock` without. Each
line of the input is a history as JSON, a list of steps; each line of the output has what was seen
after each step. A step is `["cell", code]`, or `["ask", method, params]`, which is nothing in a
stock shell. Each history has a process of its own, forked from one that has made the shell.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import json
import os
import re
import sys
import weakref
from pathlib import Path
from typing import Any

SETUP = """
class Thing:
    def __init__(self, number):
        self.number = number
        self.payload = [[number] for _ in range(20)]
        made.append((number, weakref.ref(self)))
    def __repr__(self):
        return f"Thing {self.number}"
def boom(number):
    local = Thing(number)
    raise ValueError(number)
"""
NAMES = ("a", "b", "c")
# Where an object is differs between two processes.
ADDRESS = re.compile(r"at 0x[0-9a-f]+")
LONGEST_S = 60  # a history takes a fraction of a second


class Watched:
    """One shell, and what is to be seen of it."""

    def __init__(self, *, is_ours: bool) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        self.shell: Any = InteractiveShell.instance(config=config, colors="nocolor")
        self.made: list[tuple[int, Any]] = []
        self.ours: Any = None
        if is_ours:
            sys.path.insert(0, str(Path(__file__).parents[3]))
            import jupyter_memguard.kernel as ours

            self.ours = ours
            ours.start({})
            ours.report()  # so that each history finds all modules there
        space = {"weakref": weakref, "made": self.made, "__name__": "things"}
        exec(SETUP, space)  # noqa: S102
        self.shell.user_ns.update(Thing=space["Thing"], boom=space["boom"])

    def run(self, steps: list[list[Any]]) -> list[dict[str, Any]]:
        """Run a history; return what is to be seen after each of its steps."""
        return [self._step(*step) for step in steps]

    def _step(self, kind: str, what: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        said = io.StringIO()
        answer = None
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            if kind == "cell":
                self.shell.run_cell(what, store_history=True)
            elif self.ours is not None:
                session = vars(self.shell)["_jupyter_memguard"]
                answer = getattr(session, what)(**(params or {}))
        answer = answer.get("released") if answer is not None else None
        gc.collect()
        return {"said": said.getvalue(), "answer": answer, **self._seen()}

    def _seen(self) -> dict[str, Any]:
        shell = self.shell
        user, hidden, hook = shell.user_ns, shell.user_ns_hidden, shell.displayhook
        manager = shell.history_manager
        out = {str(key): text_of(value) for key, value in manager.output_hist.items()}
        return {
            "alive": sorted(number for number, thing in self.made if thing() is not None),
            "named": sorted(number for name in NAMES for number in things_in(user.get(name))),
            "out": out,
            "is_out": user.get("Out") is manager.output_hist,
            "unders": [text_of(user.get(name)) for name in ("_", "__", "___")],
            "hook": [text_of(vars(hook).get(name)) for name in ("_", "__", "___")],
            "user": {
                name: text_of(value)
                for name, value in user.items()
                if name not in ("In", "Out", "_ih", "_oh", "_dh", "Thing", "boom")
            },
            "hidden": sorted(name for name in hidden if name in user or name[1:].isdigit()),
            "in": list(manager.input_hist_raw),
            "outputs": {
                str(number): [text_of(getattr(each, "bundle", None)) for each in each_output]
                for number, each_output in getattr(manager, "outputs", {}).items()
            },
            "reprs": dict(manager.output_hist_reprs),
            "last": [repr(getattr(sys, name, None)) for name in ("last_type", "last_value")],
            # Without a cache, a cell's value is no result that stays: the next cell lets go of it.
            "until_next_cell": []
            if hook.cache_size
            else things_in(getattr(shell.last_execution_result, "result", None)),
            "result": text_of(getattr(shell.last_execution_result, "result", None)),
            "count": shell.execution_count,
            "collects": gc.isenabled(),
        }


def text_of(value: Any) -> str:
    """Return what an object is, without an address."""
    if type(value).__name__ == "Placeholder":
        return "placeholder"
    if type(value) in (list, dict) and len(value) > 9:
        return f"{type(value).__name__} of {len(value)}"
    if type(value).__name__ in ("Thing", "list", "str", "int", "NoneType", "dict"):
        return repr(value)
    return type(value).__name__


def things_in(value: Any) -> list[int]:
    """Return the numbers of the things that a variable holds."""
    if type(value).__name__ == "Thing":
        return [value.number]
    return [number for item in value for number in things_in(item)] if type(value) is list else []


def main() -> None:
    """Run each history of the input in a process of its own."""
    watched = Watched(is_ours=sys.argv[1] == "ours")
    # What is there by now is in no history: collections need not look at it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            # A history that hangs says where, and ends.
            faulthandler.dump_traceback_later(LONGEST_S, exit=True)
            try:
                found: Any = watched.run(json.loads(line))
            except BaseException:  # noqa: BLE001 - the test shows it
                import traceback

                found = traceback.format_exc()
            with open(writer, "w") as pipe:  # noqa: PTH123 - a descriptor
                pipe.write(json.dumps(found))
            os._exit(0)
        os.close(writer)
        with open(reader) as pipe:  # noqa: PTH123 - a descriptor
            text = pipe.read()
        os.wait()
        sys.stdout.write(ADDRESS.sub("at 0x", text or "null") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
