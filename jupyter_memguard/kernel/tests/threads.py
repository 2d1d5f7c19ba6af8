"""Reports, releases and guard changes beside threads that allocate, change, show and fork.

`python -m jupyter_memguard.kernel.tests.threads` goes on for ten minutes and prints what was done
and what was wrong; `--minutes` and `--seed` change that. A kernel that crashes or does not answer
any more ends it with an exception.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

MINUTES = 10.0
# Each thread does one thing again and again. What it has to find whole, it looks at itself.
SETUP = """
import faulthandler, gc, itertools, os, random, signal, sys, threading, time, traceback, weakref
from collections import Counter
import _jupyter_memguard as memguard

class Thing:
    def __init__(self):
        self.number = next(numbers)
        self.rows = [[self.number] for _ in range(100)]
        made[self.number] = weakref.ref(self)
    def __repr__(self):
        return "Thing %d" % self.number
    def is_whole(self):
        return len(self.rows) == 100 and all(row == [self.number] for row in self.rows)

class Shown:
    # IPython cannot write out a dict that changes meanwhile.
    def __init__(self, inside):
        self.inside = inside
    def __repr__(self):
        return "Shown"

numbers, made, mine, table = itertools.count(), {}, {}, {"inner": {}, "list": []}
errors = open(os.dup(2), "w")
stopped, showing = threading.Event(), threading.Lock()
done, wrong, children = Counter(), [], []

def allocates():
    [bytearray(2**20), [[at] for at in range(2000)], {at: str(at) for at in range(2000)}]

def mutates():
    at = random.randrange(500)
    table[at] = table["inner"][str(at)] = [at] * at
    table["list"].append({at: table["inner"]})
    table.pop(random.randrange(500), None)
    table["inner"].pop(str(random.randrange(500)), None)
    del table["list"][: random.randrange(4)]

def replaces():
    name = random.randrange(20)
    before = mine.get(name)
    if before is not None and not before.is_whole():
        wrong.append("a variable has changed: %r" % before)
    mine[name] = Thing()

def shows():
    # Of two threads that show at once, ipykernel loses one: IPython's hook has one message.
    with showing:
        thing = Thing()
        if thing.number % 2:
            mine[20 + thing.number % 20] = thing
        # Outside of cells `sys.displayhook` is another.
        get_ipython().displayhook(thing)
        get_ipython().displayhook(Shown(table))

def reports():
    memguard.report()

def in_child(may_release):
    sent = []
    for comm in vars(get_ipython())["_jupyter_memguard"].channel._comms.values():
        comm.send = lambda *args, **options: sent.append(args)
    gc.collect()
    memguard.report()
    if may_release:
        memguard.release()
    return not sent and all(thing.is_whole() for thing in list(mine.values()))

def forks(may_release=False):
    child = os.fork()
    if child == 0:
        # A child that hangs says where.
        faulthandler.dump_traceback_later(45, exit=True, file=errors)
        try:
            fine = in_child(may_release)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            fine = False
        os._exit(0 if fine else 1)
    end = time.monotonic() + 90
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    if status:
        wrong.append("a child ended with %d" % status)
    time.sleep(0.2)

def again(work):
    while not stopped.is_set():
        try:
            work()
            done[work.__name__] += 1
        except BaseException:
            wrong.append(traceback.format_exc())
        time.sleep(0.001)

def look():
    with showing:
        places = list(Out.values()) + list(vars(get_ipython().displayhook).values())
        seen = [thing for thing in places + list(mine.values()) if type(thing) is Thing]
        broken = [thing.number for thing in seen if not thing.is_whole()]
        lost = [thing.number for thing in mine.values() if made[thing.number]() is not thing]
        places = seen = thing = None
        user, hidden = get_ipython().user_ns, get_ipython().user_ns_hidden
        own = [name for name in ("_", "__", "___") if user.get(name) is not hidden.get(name)]
    return {"broken": broken, "lost": lost, "wrong": wrong, "own": own, "done": done}

def alive():
    gc.collect()
    return sorted(number for number, thing in list(made.items()) if thing() is not None)

table["fixed"] = Thing()
# A child that is forked in the middle of an import waits for ever for that module: all are there.
memguard.report(), memguard.release(), memguard.set_guard("large"), memguard.set_guard("off")
works = [allocates, mutates, mutates, replaces, shows, reports, forks]
threads = [threading.Thread(target=again, args=[work]) for work in works]
sys.setswitchinterval(0.0005)
"""
STOP = """
stopped.set()
for thread in threads: thread.join()
"""
MODES: list[dict[str, Any]] = [
    {"mode": "off"},
    {"mode": "all"},
    {"mode": "last", "keep_last": 2},
    {"mode": "large", "threshold_bytes": 1000},
    {"mode": "large", "threshold_bytes": 10**6, "total_bytes": 10**4},
]


class Beside:
    """Asks one kernel this and that while its threads work."""

    def __init__(self, kernel: Kernel, seed: int) -> None:
        self.kernel = kernel
        self.chance = random.Random(seed)  # noqa: S311 - the same requests again
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        kernel.run(SETUP)
        self.comm: Comm = kernel.comm()
        self.ask("subscribe", cell_end=True)
        # From the threads come many messages of results: nobody reads them.
        kernel.run("for thread in threads: thread.start()")

    def ask(self, method: str, **params: Any) -> None:
        """Send a request; its answer is the only one to it."""
        self.done[method] += 1
        own = f"asked {self.done.total()}"
        found = self.comm.reply({"id": own, "method": method, "params": params})
        if found["id"] != own or not found["ok"]:
            self.wrong.append(f"{method} {params}: {found}")

    def step(self) -> None:
        """Ask for one thing, or run a cell."""
        what = self.chance.randrange(10)
        if what < 3:
            self.ask("report", limit=50)
        elif what < 5:
            self.ask("release", **self.chance.choice([{}, {"min_bytes": 1000}]))
        elif what < 7:
            self.ask("set_guard", **self.chance.choice(MODES))
        elif what == 7:
            self.ask(self.chance.choice(["overview", "refine", "release_tracebacks"]))
        elif what == 8:
            self.done["cell"] += 1
            self.kernel.run("with showing: sys.displayhook(Thing())\nmine[40] = Thing()")
        else:
            self.done["cell that forks"] += 1
            self.kernel.run("with showing: forks(may_release=True)")
        self.comm.events.clear()
        self.kernel.messages.clear()

    def look(self) -> Counter[str]:
        """Look whether all is whole; return what the threads have done."""
        found = self.kernel.value("look()")
        for what in ("broken", "lost", "wrong", "own"):
            if found[what]:
                self.wrong.append(f"{what}: {found[what]}")
        return Counter(found["done"])

    def end(self) -> None:
        """Stop the threads; then nothing is alive but what the user's variables have."""
        self.kernel.run(STOP)
        self.ask("set_guard", mode="off")
        self.ask("release_tracebacks")
        self.ask("release")
        self.done += self.look()
        alive = self.kernel.value("alive()")
        expected = self.kernel.value("sorted({thing.number for thing in mine.values()} | {0})")
        if alive != expected:
            self.wrong.append(f"alive: {alive}, of variables: {expected}")
        shown = [self.kernel.shown(code) for code in ("3 + 4", "_")]
        if shown != ["7", "7"]:
            self.wrong.append(f"the next cells: {shown}")


def beside_threads(seconds: float, seed: int = 1) -> tuple[Counter[str], list[str]]:
    """Ask a kernel with threads for so long; return what was done, and what was wrong."""
    with running_kernel() as kernel:
        kernel.inject()
        found = Beside(kernel, seed)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not found.wrong:
            for _ in range(20):
                found.step()
            found.look()
        found.end()
        return found.done, found.wrong


def main() -> int:
    """Ask a kernel with threads for some minutes, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    done, wrong = beside_threads(options.minutes * 60, options.seed)
    for what, times in sorted(done.items()):
        sys.stdout.write(f"  {times:7} {what}\n")
    sys.stdout.write(f"  {len(wrong):7} wrong\n" + "".join(f"      {each}\n" for each in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
