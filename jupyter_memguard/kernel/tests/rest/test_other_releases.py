"""Where another release of a library or of the system has things elsewhere, nothing is made up."""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from jupyter_memguard.kernel.rest import widgets
from jupyter_memguard.kernel.rest.hoarders import (
    bokeh,
    distributed,
    ipywidgets,
    matplotlib,
    pyarrow,
    system,
)
from jupyter_memguard.kernel.retention import dask


def look(**libraries: Any) -> Any:
    """Return what a hoarder looks with; a library's dots are underscores in the names here."""
    return SimpleNamespace(
        library=lambda name: libraries.get(name.replace(".", "_")),
        alias=lambda module: (module, f"import {module}; "),
        check_time=lambda: None,
    )


@pytest.mark.parametrize("hoarder", [bokeh, distributed, ipywidgets, matplotlib])
def test_a_library_that_is_not_there_keeps_nothing(hoarder: Any) -> None:
    assert list(hoarder.find(look())) == []


def test_a_document_of_bokeh_with_other_parts_is_not_read() -> None:
    state = SimpleNamespace(_document=SimpleNamespace(_roots=()))
    with pytest.raises(LookupError):
        list(bokeh.find(look(bokeh_io_state=SimpleNamespace(_STATE=state))))


# dask


class State:
    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data


class Instance:
    def __init__(self, **names: Any) -> None:
        vars(self).update(names)


@pytest.fixture
def kept_by(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Return what finds the hoards of a worker's state, a client's counts, a scheduler's tasks."""

    def found(state: Any, refcount: Any = None, tasks: Any = None, kept_as: type = set) -> Any:
        alive = {
            "Worker": Instance(state=state),
            "Client": Instance(refcount=refcount or {}),
            "Scheduler": Instance(tasks=tasks or {}),
        }

        def library(module: str) -> Any:
            name = module.partition(".")[2].capitalize()
            known = SimpleNamespace(data=kept_as({weakref.ref(alive[name]), 5}))
            return SimpleNamespace(**{name: type(name, (), {"_instances": known})})

        monkeypatch.setattr(dask, "library", library)
        return list(distributed.find(look(distributed_worker=True)))

    return found


def test_results_that_a_worker_may_spill_are_those_that_it_has_in_memory(kept_by: Any) -> None:
    quick = {"a": [1], "b": [2]}
    spilled = SimpleNamespace(fast=SimpleNamespace(d=quick))
    for data in (quick, spilled):
        [hoard] = kept_by(State(data))
        assert hoard.count == 2
        assert [root.obj for root in hoard.roots] == [[1], [2]]
    assert kept_by(State({})) == []


def test_what_a_future_alone_stands_for_is_not_the_workers(kept_by: Any) -> None:
    nested = (("b", 0), 1)
    state = State({"a": [1], nested: [2], "c": [3], "d": [4]})
    wanted = {
        nested: SimpleNamespace(who_wants={"client"}, waiters=set()),
        "c": SimpleNamespace(who_wants={"client", "queue"}, waiters=set()),
        "d": SimpleNamespace(who_wants={"client"}, waiters={"a task"}),
    }
    [hoard] = kept_by(state, {nested: 1, "c": 1, "d": 1}, wanted)
    assert [root.obj for root in hoard.roots] == [[1], [3], [4]]


@pytest.mark.parametrize(
    "state",
    [
        SimpleNamespace(results={}),
        object.__new__(State),
        State(SimpleNamespace(fast=SimpleNamespace(d=[1]))),
    ],
    ids=["elsewhere", "not yet", "in a list"],
)
def test_a_worker_that_has_its_results_elsewhere_is_not_read(kept_by: Any, state: Any) -> None:
    with pytest.raises(LookupError):
        kept_by(state)


def test_workers_that_are_kept_in_another_way_are_not_read(kept_by: Any) -> None:
    with pytest.raises(LookupError):
        kept_by(State({}), kept_as=list)


# Arrow's pool


def pool_of(monkeypatch: pytest.MonkeyPatch, backend: str, present: int) -> list[Any]:
    """Return what is found of a pool with 1,000 bytes in use."""

    names = SimpleNamespace(
        default_memory_pool=object,
        MemoryPool=SimpleNamespace(
            backend_name=SimpleNamespace(__get__=lambda _pool: backend),
            bytes_allocated=lambda _pool: 1000,
        ),
    )
    monkeypatch.setattr(pyarrow, "native_function", lambda function: function)
    monkeypatch.setattr(pyarrow, "_present", lambda _names: present)
    return list(pyarrow.find(look(pyarrow_lib=names)))


def test_an_arrow_pool_gives_back_what_is_present_and_not_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [hoard] = pool_of(monkeypatch, "mimalloc", 5000)
    assert (hoard.bytes, hoard.exact) == (4000, False)
    assert pool_of(monkeypatch, "mimalloc", 1000) == []
    assert pool_of(monkeypatch, "system", 5000) == []
    with pytest.raises(LookupError):
        pool_of(monkeypatch, "jemalloc", 5000)


def test_an_arrow_buffer_in_no_stretch_of_the_pools_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = SimpleNamespace(
        allocate_buffer=lambda size: size,
        Buffer=SimpleNamespace(address=SimpleNamespace(__get__=lambda _buffer: 1)),
    )
    monkeypatch.setattr(pyarrow, "native_function", lambda function: function)
    assert pyarrow._present(names) == 0


# Shared memory


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [("block", "block.close(); block.unlink()"), (None, system._UNLINK.format(name="psm_1"))],
)
def test_shared_memory_is_freed_by_its_variable_or_by_its_name(
    variable: str | None, remedy: str
) -> None:
    found = [SimpleNamespace(_name=name) for name in (None, "/psm_2", "/psm_1")]
    looking: Any = SimpleNamespace(
        instances=lambda _module, _name: found,
        name_of=lambda obj: variable if obj is found[2] else None,
    )
    folder = system._SHARED[0]
    assert system._of_shared_memory(looking, f"{folder}psm_1 (deleted)") == remedy
    assert system._of_shared_memory(looking, f"{folder}psm_3") is None


# The comms of widgets


def test_comms_are_found_wherever_a_release_of_the_kernel_has_them() -> None:
    comms = {"1": object()}
    manager = SimpleNamespace(_trait_values={"comms": comms})
    plain = SimpleNamespace(comms=comms)
    odd = SimpleNamespace(comms=[1])

    def found(kernel: Any, **libraries: Any) -> dict[str, Any]:
        looking = look(**libraries)
        looking.shell = SimpleNamespace(_trait_values={"kernel": kernel})
        return widgets._comms(looking)

    assert found(None, ipykernel_ipkernel=SimpleNamespace(_comm_manager=manager)) is comms
    assert found(None, comm=SimpleNamespace(_comm_manager=plain)) is comms
    assert found(SimpleNamespace(comm_manager=plain)) is comms
    assert found(SimpleNamespace(_trait_values={"comm_manager": manager})) is comms
    assert found(SimpleNamespace(comm_manager=odd)) == {}
    assert found(None) == {}
