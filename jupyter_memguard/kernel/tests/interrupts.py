"""Interrupts a kernel at random moments of our work, and looks what is left after each.

`python -m jupyter_memguard.kernel.tests.interrupts` tries 1,000 interrupts in a kernel with us and
a fifth of that in one without us, and prints what came of them; `--count`, `--seed` and
`--most-ms` change that. An interrupt comes a random time after the request or the cell was sent:
often while it is handled, sometimes before or after.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from jupyter_memguard.kernel.tests.support import PATIENCE_S, running_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_memguard.kernel.tests.support import Comm, Kernel

MOST_MS = 60.0
# Results that take some milliseconds to weigh and to let go, and a look at all places that have
# them: `Out[5]`, `_5`, `_` and the hidden names, and the user's own variable.
SETUP = """
import gc, signal, sys, time, weakref
class Thing:
    def __init__(self, number):
        self.number = number
        self.rows = [[number] for _ in range(500)]
        made.append((number, weakref.ref(self)))
    def __repr__(self):
        return "Thing %d" % self.number
made, mine = [], {}
def keep(number):
    mine[number] = Thing(number)
    return mine[number]
def look():
    shell = get_ipython()
    user, hidden, hook = shell.user_ns, shell.user_ns_hidden, vars(shell.displayhook)
    places = {}
    for where, names in (("Out", user["_oh"]), ("user", user), ("hidden", hidden), ("hook", hook)):
        for name, value in list(names.items()):
            if type(value) is Thing:
                places.setdefault(value.number, []).append("%s %s" % (where, name))
    value = None
    gc.collect()
    ours = vars(shell).get("_jupyter_memguard")
    running = ours.cells._running if ours else []
    return {
        "alive": [number for number, thing in made if thing() is not None],
        "mine": {number: len(thing.rows) for number, thing in mine.items()},
        "places": places,
        "collects": gc.isenabled(),
        "handler": str(signal.getsignal(signal.SIGINT)),
        "running": len(running),
    }
class Echo:
    # Stands in our place in a kernel without us: it works for a while, and answers.
    def __init__(self, comm, message):
        self.comm = comm
        comm.on_msg(self.answer)
    def answer(self, message):
        end = time.perf_counter() + 0.03
        while time.perf_counter() < end: [[1] for _ in range(100)]
        data = message["content"]["data"]
        self.comm.send({"id": data["id"], "ok": True, "result": {}})
get_ipython().kernel.comm_manager.register_target("echo", Echo)
# Collections need not look at what is there by now: what we do takes less of each try.
gc.collect(); gc.freeze()
"""


class Interrupts:
    """Interrupts one kernel again and again, and keeps what came of it."""

    def __init__(self, kernel: Kernel, *, is_ours: bool, seed: int, most_ms: float) -> None:
        self.kernel = kernel
        self.is_ours = is_ours
        self.chance = random.Random(seed)  # noqa: S311 - the same moments again
        self.most_s = most_ms / 1000
        self.number = 0
        self.asked = 0
        self.mine: dict[str, int] = {}
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.mode = "off"
        self.pid: int = kernel.manager.provisioner.pid  # type: ignore[union-attr]
        kernel.run(SETUP)
        self.comm: Comm = kernel.comm() if is_ours else kernel.comm(target="echo")
        if is_ours:
            self.request("subscribe", cell_end=True)
        self.before = self.look()

    # What is done

    def new(self, code: str) -> int:
        """Run a cell that shows a new thing; return its number."""
        self.number += 1
        if "keep" in code:
            self.mine[str(self.number)] = 500
        self.kernel.run(code.format(self.number))
        return self.number

    def look(self) -> dict[str, Any]:
        if self.is_ours:
            # The frames of a cell that was interrupted keep what they held.
            self.request("release_tracebacks")
        found: dict[str, Any] = self.kernel.value("look()")
        return found

    def interrupt(self) -> None:
        """Interrupt the kernel at a random moment from now on."""
        time.sleep(self.chance.random() * self.most_s)
        os.kill(self.pid, signal.SIGINT)

    def answers(self, *requests: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Send requests, the first with an interrupt after it; return the replies by their ids.

        The last one is answered after the others, if those are answered at all. An interrupt that
        comes as a reply is sent has it sent again.
        """
        found: dict[str, dict[str, Any]] = {}
        for at, data in enumerate(requests):
            self.comm.post(data)
            if at < len(requests) - 1:
                self.interrupt()
        while requests[-1]["id"] not in found:
            message = self.comm.receive()
            if "event" not in message:
                found[message["id"]] = message
        return found

    def request(self, method: str, **params: Any) -> None:
        """Send a request that no interrupt is meant for; one that comes late breaks it off."""
        while True:
            self.asked += 1
            own = f"asked {self.asked}"
            found = self.answers({"id": own, "method": method, "params": params})[own]
            if found.get("error", {}).get("detail") != "KeyboardInterrupt":
                break
            self.outcomes["came late, to a later request"] += 1
        self.check("a later request", fine=found["ok"], found=found)

    def ask(self, method: str) -> dict[str, Any] | None:
        """Interrupt a request; return its reply, or None if there was none."""
        self.asked += 2
        first, after = f"asked {self.asked - 1}", f"asked {self.asked}"
        found = self.answers(
            {"id": first, "method": method, "params": {}},
            {"id": after, "method": "report", "params": {"limit": 0}},
        )
        return found.get(first)

    def cell(self, code: str) -> dict[str, Any]:
        """Interrupt a cell; return its reply."""
        message_id = self.kernel.client.execute(code)
        self.interrupt()
        return self.reply(message_id)

    def reply(self, message_id: str) -> dict[str, Any]:
        """Return the reply to a cell, or {} if there was none."""
        # This one is answered after the cell, if that is answered at all.
        after_id = self.kernel.client.kernel_info()
        found: dict[str, Any] = {}
        while True:
            reply = self.kernel.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == message_id:
                found = dict(reply["content"])
            if reply["parent_header"].get("msg_id") == after_id:
                return found

    def guard(self, mode: str, **settings: Any) -> None:
        if self.is_ours:
            self.mode = mode
            self.request("set_guard", mode=mode, **settings)

    # What is looked at afterwards

    def check(self, what: str, *, fine: bool, found: Any = None) -> None:
        if not fine:
            self.wrong.append(f"{what}: {found}")

    def check_sane(self) -> dict[str, Any]:
        """Check what no interrupt may change; return what is to be seen."""
        found = self.look()
        for what in ("collects", "handler", "running"):
            self.check(what, fine=found[what] == self.before[what], found=found[what])
        self.check("variables", fine=found["mine"] == self.mine, found=found["mine"])
        shown = self.kernel.shown("3 + 4")
        self.check("the next cell", fine=shown == "7", found=shown)
        last = self.kernel.value("type(_).__name__" if self.mode == "all" else "_")
        self.check("_", fine=last == ("Placeholder" if self.mode == "all" else 7), found=last)
        return found

    def check_whole(self, found: dict[str, Any], before: dict[str, Any], number: int) -> bool:
        """Check that a thing is where it was, or nowhere; return whether it is there."""
        places, known = (seen["places"].get(str(number), []) for seen in (found, before))
        # Results that came later have moved it on from `_` to `__`.
        numbered = [[place for place in some if place[-1] != "_"] for some in (places, known)]
        self.check("partly released", fine=not places or numbered[0] == numbered[1], found=places)
        is_alive = bool(places) or str(number) in self.mine
        self.check("alive", fine=(number in found["alive"]) == is_alive, found=(number, places))
        return bool(places)

    def releases(self) -> None:
        """Interrupt a release of three results, one of which a variable has as well."""
        self.guard("off")
        numbers = [self.new("Thing({})"), self.new("keep({})"), self.new("Thing({})")]
        before = self.look()
        reply = self.ask("release")
        found = self.check_sane()
        kept = [self.check_whole(found, before, number) for number in numbers]
        self.check("some of a release", fine=len(set(kept)) == 1, found=kept)
        is_done = reply is not None and reply["ok"] and reply["result"]["released"] >= len(numbers)
        if reply is not None:
            self.check("what was told", fine=is_done != kept[0], found=reply)
        self.outcomes[
            "no reply" if reply is None else "all released" if is_done else "all retained"
        ] += 1

    def reports(self) -> None:
        """Interrupt a report."""
        self.guard("off")
        numbers = [self.new("Thing({})"), self.new("keep({})")]
        before = self.look()
        reply = self.ask("report")
        found = self.check_sane()
        kept = [self.check_whole(found, before, number) for number in numbers]
        self.check("retained after a report", fine=all(kept), found=kept)
        if reply is not None and not reply["ok"]:
            code = reply["error"]["code"]
            self.check("the error", fine=code == "internal", found=reply)
        self.outcomes["no reply" if reply is None else "told" if reply["ok"] else "broken off"] += 1

    def guarded(self) -> None:
        """Interrupt a cell whose result the guard decides about, and an older one's end."""
        mode = self.chance.choice(["large", "last", "all"])
        self.guard(mode, threshold_bytes=10**4, keep_last=1)
        older = self.new("keep({})")
        before = self.look()
        self.number += 1
        reply = self.cell(f"Thing({self.number})")
        found = self.check_sane()
        self.check_whole(found, before, older)
        places = found["places"].get(str(self.number), [])
        if mode != "last":
            self.check("withheld", fine=not places, found=places)
        self.check("alive", fine=bool(places) == (self.number in found["alive"]), found=places)
        self.note(reply)

    def ends(self) -> None:
        """Interrupt a cell, or what is done at its end for the pages."""
        self.guard("off")
        self.number += 1
        reply = self.cell(f"Thing({self.number})")
        self.check_sane()
        self.note(reply)

    def note(self, reply: dict[str, Any]) -> None:
        status = reply.get("status", "no reply")
        fine = status != "error" or reply["ename"] == "KeyboardInterrupt"
        self.check("the cell's end", fine=fine, found=reply)
        self.outcomes["ended by itself" if status == "ok" else status] += 1

    def running(self) -> None:
        """Interrupt a cell that shows a result and would run on: the interrupt is the cell's."""
        self.guard(self.chance.choice(["off", "large", "all"]), threshold_bytes=10**4)
        self.number += 1
        message_id = self.kernel.client.execute(
            f"sys.displayhook(Thing({self.number}))\n"
            "end = time.monotonic() + 20\n"
            "while time.monotonic() < end: pass\n"
            "print('swallowed')"
        )
        # From here on the kernel is in this cell.
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") == message_id:
                if message["msg_type"] == "execute_input":
                    break
            elif message["msg_type"] == "comm_msg":
                self.kernel.messages.append(message)
        self.interrupt()
        reply = self.reply(message_id)
        self.check("swallowed", fine=reply.get("status") != "ok", found=reply)
        self.check_sane()
        self.note(reply)

    def answered(self) -> None:
        """Interrupt a comm of the user's, in a kernel without us."""
        self.outcomes["no reply" if self.ask("echo") is None else "answered"] += 1
        self.check_sane()

    def tidy(self) -> None:
        """Let go what earlier tries have left, so that each takes as long as the first."""
        self.guard("off")
        self.mine.clear()
        self.kernel.run("mine.clear(); made.clear()")
        if self.is_ours:
            self.request("release")


def kinds(found: Interrupts) -> dict[str, Callable[[], None]]:
    """Return what is interrupted, by name."""
    cells = {"a cell that shows a result": found.ends, "a cell that runs on": found.running}
    if not found.is_ours:
        return {"a comm's answer": found.answered, **cells}
    requests = {"release()": found.releases, "report()": found.reports}
    return {**requests, "a guarded cell": found.guarded, **cells}


def interrupted(
    *, is_ours: bool, count: int, seed: int, most_ms: float = MOST_MS
) -> tuple[Counter[str], list[str]]:
    """Interrupt a kernel so many times; return what came of it, and what was wrong."""
    outcomes: Counter[str] = Counter()
    with running_kernel() as kernel:
        if is_ours:
            kernel.inject()
        found = Interrupts(kernel, is_ours=is_ours, seed=seed, most_ms=most_ms)
        all_kinds = kinds(found)
        for at in range(count):
            if at % 50 == 49:
                found.tidy()
            name = list(all_kinds)[at % len(all_kinds)]
            known = len(found.wrong)
            all_kinds[name]()
            found.wrong[known:] = [f"{at}, {name}: {wrong}" for wrong in found.wrong[known:]]
            outcomes.update({f"{name}: {what}": n for what, n in found.outcomes.items()})
            found.outcomes.clear()
        return outcomes, found.wrong


def main() -> int:
    """Interrupt a kernel with us and one without us, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-ms", type=float, default=MOST_MS)
    options = parser.parse_args()
    failed = 0
    for is_ours in (True, False):
        count = options.count if is_ours else options.count // 5
        outcomes, wrong = interrupted(
            is_ours=is_ours, count=count, seed=options.seed, most_ms=options.most_ms
        )
        sys.stdout.write(f"{'with us' if is_ours else 'without us'}: {count} interrupts\n")
        for what, times in sorted(outcomes.items()):
            sys.stdout.write(f"  {times:5} {what}\n")
        sys.stdout.write(f"  {len(wrong):5} wrong\n" + "".join(f"      {each}\n" for each in wrong))
        sys.stdout.flush()
        failed += len(wrong) if is_ours else 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
