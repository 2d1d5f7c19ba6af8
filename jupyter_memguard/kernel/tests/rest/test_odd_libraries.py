"""What looks like a library and is none is left out; nothing of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests.rest.conftest import LONG_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.rest.conftest import Asked

# The hoarder, the module that it looks into, and what it looks for there.
LIBRARIES = {
    "matplotlib": ("matplotlib._pylab_helpers", ["Gcf"]),
    "ipywidgets": ("ipywidgets.widgets.widget", ["_instances", "Widget"]),
    "bokeh": ("bokeh.io.state", ["_STATE"]),
    "pyarrow": ("pyarrow.lib", ["default_memory_pool"]),
    "torch": ("torch.cuda", ["_initialized"]),
    "distributed": ("distributed.worker", ["Worker"]),
}
ODD = """
import sys, types
ran = []
def note(*args, **named): ran.append(args); raise ValueError
class Meta(type):
    __hash__ = __eq__ = __instancecheck__ = __getattribute__ = note
class Odd(dict, metaclass=Meta):
    __repr__ = __len__ = __eq__ = __hash__ = __bool__ = __iter__ = __sizeof__ = note
    __getattribute__ = __getattr__ = __call__ = __get__ = note
    __class__ = property(note)
    __dict__ = property(note)
def odd(): return dict.__new__(Odd)
made = []
def put(name, what):
    made.append(name)
    sys.modules[name] = what
def module(name, **names):
    found = types.ModuleType(name)
    vars(found).update(names, __getattr__=note)
    put(name, found)
"""


@pytest.fixture(scope="module")
def with_odd_types(asked: Asked) -> None:
    asked.kernel.run(ODD)


@pytest.fixture(autouse=True)
def without_libraries(asked: Asked, with_odd_types: None) -> Iterator[None]:  # noqa: ARG001
    """Take away what a test has put in the place of libraries."""
    yield
    asked.kernel.run("for each in made: sys.modules.pop(each, None)\nmade.clear(); ran.clear()")


def rest(asked: Asked) -> dict[str, Any]:
    """Ask, and check that nothing ran."""
    answer: dict[str, Any] = asked.comm.request("rest", budget_ms=LONG_MS)
    assert asked.kernel.value("list(map(len, ran))") == []
    assert answer["rest_bytes"] > 0
    return answer


def test_objects_in_the_place_of_modules_are_none(asked: Asked) -> None:
    for name, _ in LIBRARIES.values():
        asked.kernel.run(f"put({name!r}, odd())")
    assert rest(asked)["left_out"] == []


@pytest.mark.parametrize(
    "value", ["odd()", "Odd", "note", "lambda *_: ran.append(1)", "{}", "True"]
)
def test_modules_with_other_things_in_them_are_left_out(asked: Asked, value: str) -> None:
    for name, attributes in LIBRARIES.values():
        named = ", ".join(f"{attribute}={value}" for attribute in attributes)
        asked.kernel.run(f"module({name!r}, {named})")
    # Without an initialised CUDA there is nothing to tell.
    without = set() if value == "True" else {"torch"}
    assert {each["kind"] for each in rest(asked)["left_out"]} == LIBRARIES.keys() - without


def test_modules_that_are_only_begun_are_left_out(asked: Asked) -> None:
    for name, _ in LIBRARIES.values():
        asked.kernel.run(f"module({name!r})")
    assert {each["kind"] for each in rest(asked)["left_out"]} == LIBRARIES.keys()


def test_torch_is_asked_for_counters_only_once_cuda_is_initialised(asked: Asked) -> None:
    asked.kernel.run("module('torch.cuda', _initialized=False); module('torch._C')")
    assert rest(asked)["left_out"] == []
    asked.kernel.run("sys.modules['torch.cuda']._initialized = True")
    asked.kernel.run(
        "vars(sys.modules['torch._C']).update(_cuda_getDeviceCount=note, _cuda_memoryStats=note)"
    )
    assert [each["kind"] for each in rest(asked)["left_out"]] == ["torch"]


def test_torchs_counters_say_what_each_gpu_has_unused(asked: Asked) -> None:
    asked.kernel.run(
        "def counters(*figures):\n"
        "    names = 'reserved_bytes', 'active_bytes', 'inactive_split_bytes'\n"
        "    return {name: {'all': {'current': n}} for name, n in zip(names, figures)}\n"
        "devices = {0: counters(700_000_000, 200_000_000, 100_000_000), 1: counters(5, 5, 0)}\n"
        "module('torch.cuda', _initialized=True)\n"
        "module('torch._C', _cuda_getDeviceCount=iter(devices).__length_hint__,\n"
        "       _cuda_memoryStats=devices.get)\n"
        "module('torch')"
    )
    [hoard] = [each for each in rest(asked)["hoards"] if each["kind"] == "torch"]
    assert (hoard["name"], hoard["part"], hoard["exact"]) == ("cuda:0", "device", True)
    assert hoard["bytes"] == 400_000_000
    assert hoard["remedy"] == "import torch; torch.cuda.empty_cache()"


def test_odd_objects_in_registries_are_not_asked(asked: Asked) -> None:
    asked.kernel.run(
        "import matplotlib.pyplot as plt, ipywidgets\n"
        "from matplotlib._pylab_helpers import Gcf\n"
        "plt.switch_backend('agg'); plt.figure()\n"
        "image = ipywidgets.Image(value=b'1' * 10_000_000); del image\n"
        "class OddImage(ipywidgets.Image):\n"
        "    value = layout = property(note)\n"
        "Gcf.figs['odd'] = odd()\n"
        "ipywidgets.widgets.widget._instances['odd'] = odd()\n"
        "ipywidgets.widgets.widget._instances['new'] = OddImage.__new__(OddImage)\n"
        "ran.clear()"
    )
    answer = rest(asked)
    assert answer["left_out"] == []
    [hoard] = [each for each in answer["hoards"] if each["kind"] == "widgets"]
    assert hoard["bytes"] == pytest.approx(10_000_000, rel=0.1)
    asked.kernel.run("Gcf.figs.pop('odd'); ipywidgets.widgets.widget._instances.clear()")
