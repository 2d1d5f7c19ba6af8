"""What fails is left out, nothing of the user's is run, and nothing is imported or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_memguard.kernel.tests.rest.conftest import LONG_MS

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.rest.conftest import Asked

MODULE = "sys.modules['_jupyter_memguard']._stages.module('rest.hoarders.{}')"


@pytest.mark.parametrize("error", ["RuntimeError", "type('PanicException', (BaseException,), {})"])
def test_a_hoarder_that_raises_is_left_out_alone(asked: Asked, error: str) -> None:
    asked.kernel.run(
        "import functools, sys\n"
        "@functools.lru_cache\ndef load(n): return bytearray(n)\nload(10_000_000);\n"
        f"broken = {MODULE.format('modules')}\n"
        "find = broken.find\n"
        f"def fails(look):\n    raise {error}\n    yield\n"
        "broken.find = fails"
    )
    rest = asked.comm.request("rest", budget_ms=LONG_MS)
    asked.kernel.run("broken.find = find; del find, broken, fails")
    [left_out] = rest["left_out"]
    assert left_out == {"kind": "modules", "error": left_out["error"]}
    assert left_out["error"] in {"RuntimeError", "PanicException"}
    assert "load" in [hoard["name"] for hoard in rest["hoards"]]
    asked.kernel.run("load.cache_clear()")
    asked.rest()


def test_without_time_the_answer_comes_all_the_same(asked: Asked) -> None:
    rest = asked.comm.request("rest", budget_ms=0)
    assert {"kind": "cycles", "error": "TimeoutError"} in rest["left_out"]
    assert rest["rest_bytes"] is not None
    inside = sum(hoard["bytes"] for hoard in rest["hoards"] if hoard["part"] == "rest")
    assert inside + rest["remainder_bytes"] == rest["rest_bytes"]


def test_nothing_of_the_users_runs_and_nothing_is_imported(asked: Asked) -> None:
    asked.kernel.run(
        """
        import functools, sys, types, weakref
        ran = []
        def note(*args, **named): ran.append(args); raise ValueError
        class Meta(type):
            __hash__ = __eq__ = __instancecheck__ = __getattribute__ = note
        class Odd(dict, metaclass=Meta):
            __repr__ = __len__ = __eq__ = __hash__ = __bool__ = __iter__ = __sizeof__ = note
            __getattribute__ = __getattr__ = note
            __class__ = property(note)
        class Error(Exception):
            __getattribute__ = __repr__ = note
        class Holds: it = [dict.__new__(Odd)]
        module = types.ModuleType('odd_module'); module.__getattr__ = note
        module.__file__ = '/home/odd_module.py'
        module.thing = dict.__new__(Odd)
        sys.modules['odd_module'] = module
        class Fake: __getattr__ = note
        sys.modules['matplotlib.pyplot'] = Fake()
        @functools.lru_cache
        def cached(n): return dict.__new__(Odd)
        cached(1)
        del module
        before = set(sys.modules)
        """.replace("\n        ", "\n")
    )
    asked.rest()
    assert asked.kernel.value("len(ran)") == 0
    new = "[name for name in set(sys.modules) - before if 'jupyter_memguard' not in name]"
    assert asked.kernel.value(new) == []
    asked.kernel.run("del sys.modules['matplotlib.pyplot'], sys.modules['odd_module']")


def test_a_lock_that_is_held_is_not_waited_for(asked: Asked) -> None:
    asked.kernel.run(
        "import logging, threading; logging._lock.acquire(); lock = threading._active_limbo_lock"
    )
    asked.kernel.run("lock.acquire();")
    asked.rest()
    asked.kernel.run("lock.release(); logging._lock.release()")


def test_nothing_is_kept_alive(asked: Asked) -> None:
    asked.kernel.run(
        "import functools, weakref\n"
        "class Big: pass\n"
        "@functools.lru_cache\ndef make(): return Big()\n"
        "seen = weakref.ref(make());"
    )
    asked.rest()
    asked.kernel.run("make.cache_clear()")
    assert asked.kernel.value("seen() is None")


def test_a_thread_keeps_what_it_took_of_its_variables(asked: Asked) -> None:
    asked.kernel.run(
        "import threading\n"
        "stands, goes, seen = threading.Event(), threading.Event(), []\n"
        "def work(size):\n"
        "    given = locals()\n"
        "    stands.set(); goes.wait()\n"
        "    seen.append(given['size'])\n"
        "thread = threading.Thread(target=work, args=(3,)); thread.start(); stands.wait();"
    )
    asked.rest()
    asked.kernel.run("goes.set(); thread.join()")
    assert asked.kernel.value("seen") == [3]


def test_a_thread_that_stands_in_a_debugger_keeps_its_variables(asked: Asked) -> None:
    asked.kernel.run(
        "import sys, threading\n"
        "stands, goes, seen = threading.Event(), threading.Event(), []\n"
        "def work():\n"
        "    mine = [1]\n"
        "    seen.append(mine)\n"
        "def stop(frame, event, _):\n"
        "    if event == 'line' and frame.f_lineno == work.__code__.co_firstlineno + 2:\n"
        "        stands.set(); goes.wait()\n"
        "    return stop\n"
        "def debugged():\n"
        "    ours = work.__code__\n"
        "    sys.settrace(lambda frame, *_: stop if frame.f_code is ours else None)\n"
        "    work()\n"
        "thread = threading.Thread(target=debugged); thread.start(); stands.wait();"
    )
    asked.rest()
    asked.kernel.run("goes.set(); thread.join()")
    assert asked.kernel.value("seen") == [[1]]


def test_a_thread_keeps_what_it_has_put_among_its_variables(asked: Asked) -> None:
    asked.kernel.run(
        "import threading\n"
        "stands, goes, seen = threading.Event(), threading.Event(), []\n"
        "def work():\n"
        "    exec('config = 3')\n"
        "    stands.set(); goes.wait()\n"
        "    seen.append(eval('locals().get(\"config\")'))\n"
        "thread = threading.Thread(target=work); thread.start(); stands.wait();"
    )
    expected = asked.kernel.value("3 if __import__('sys').version_info < (3, 13) else None")
    asked.rest()
    asked.kernel.run("goes.set(); thread.join()")
    assert asked.kernel.value("seen") == [expected]
