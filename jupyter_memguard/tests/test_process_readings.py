"""What is read of a process, in a made-up /proc, and which process is taken for the kernel."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from jupyter_memguard import process
from jupyter_memguard.process import (
    START_SECONDS,
    Connection,
    KernelProcess,
    ProcessGoneError,
    ProcessId,
    ProcessTable,
    Usage,
    find_kernel,
    is_starting,
)

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096
OWN = os.getpid()


class Proc:
    """A made-up /proc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stat(  # noqa: PLR0913 - the fields of the file
        self,
        pid: int,
        *,
        name: str = "python",
        state: str = "S",
        parent: int = 1,
        ticks: int = 500,
        virtual: int = 9000,
        resident: int = 3,
    ) -> None:
        place = self.folder / str(pid)
        place.mkdir(exist_ok=True)
        fields = [str(at + 1000) for at in range(40)]
        fields[0], fields[1], fields[19] = state, str(parent), str(ticks)
        fields[20], fields[21] = str(virtual), str(resident)
        (place / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proc:
    monkeypatch.setattr(process, "_LINUX", True)
    monkeypatch.setattr(process, "_PROC", tmp_path)
    monkeypatch.setattr(process, "_PAGE", PAGE)
    return Proc(tmp_path)


@pytest.mark.parametrize("name", ["python", "a b", "a) S 1 (b", ") "])
def test_its_name_may_hold_spaces_and_brackets(proc: Proc, name: str) -> None:
    proc.stat(OWN, name=name, ticks=123)
    kernel = KernelProcess(psutil.Process())
    assert kernel.id == ProcessId(OWN, b"123")
    assert kernel.pid == OWN
    assert kernel.usage() == Usage(3 * PAGE, 9000)


@pytest.mark.parametrize(
    "later",
    [{"ticks": 501}, {"ticks": 499}, {"state": "Z"}, {"state": "X"}, {"virtual": 0}, None],
)
def test_it_has_gone(proc: Proc, later: dict[str, Any] | None) -> None:
    proc.stat(OWN)
    kernel = KernelProcess(psutil.Process())
    if later is None:
        (proc.folder / str(OWN) / "stat").unlink()
        # The process itself is there: /proc hides it, or it ended in this moment.
    else:
        proc.stat(OWN, **later)
    with pytest.raises(ProcessGoneError) as raised:
        kernel.usage()
    assert raised.value.args == (OWN,)
    assert raised.value.__cause__ is None


def test_a_process_without_resident_memory_is_there(proc: Proc) -> None:
    proc.stat(OWN, resident=0, virtual=1)
    assert KernelProcess(psutil.Process()).usage() == Usage(0, 1)


def test_its_highest_mark_is_in_kib(proc: Proc) -> None:
    proc.stat(OWN)
    kernel = KernelProcess(psutil.Process())
    assert kernel.high_water_bytes() is None
    status = proc.folder / str(OWN) / "status"
    status.write_text("Name:\tx\nVmPeak:\t   99 kB\nVmHWM:\t   12 kB\nVmRSS:\t   7 kB\n")
    assert kernel.high_water_bytes() == 12 * 1024
    status.write_text("Name:\tx\n")
    assert kernel.high_water_bytes() is None


def test_a_missing_process_of_another_user_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        asked.append((pid, number))
        raise error

    monkeypatch.setattr(os, "kill", kill)
    error: OSError = PermissionError()
    assert type(process._missing(7)) is PermissionError
    error = ProcessLookupError()
    assert type(process._missing(7)) is ProcessGoneError
    assert asked == [(7, 0), (7, 0)]
    monkeypatch.setattr(os, "name", "nt")
    assert process._missing(7).args == (7,)
    assert len(asked) == 2


def test_a_look_at_all_processes_has_parents_and_sizes(proc: Proc) -> None:
    for pid, parent, resident in ((10, 1, 1), (11, 10, 2), (12, 11, 4), (13, 10, 8), (14, 1, 16)):
        proc.stat(pid, parent=parent, resident=resident, ticks=pid)
    (proc.folder / "self").mkdir()
    (proc.folder / "15").mkdir()
    found = ProcessTable().descendants(10)
    assert found == {
        ProcessId(11, b"11"): 2 * PAGE,
        ProcessId(12, b"12"): 4 * PAGE,
        ProcessId(13, b"13"): 8 * PAGE,
    }
    assert ProcessTable().descendants(14) == ProcessTable().descendants(99) == {}


@pytest.mark.parametrize(("took", "kept"), [(0.0, 1.0), (0.01, 1.0), (0.1, 5.0)])
def test_a_look_is_used_again_for_a_second_or_fifty_times_as_long_as_it_took(
    monkeypatch: pytest.MonkeyPatch, took: float, kept: float
) -> None:
    now, looks = [1000.0], []

    def look() -> list[tuple[ProcessId, int, int]]:
        looks.append(1)
        now[0] += took
        return [(ProcessId(2, b""), 1, len(looks))]

    monkeypatch.setattr(process, "_LINUX", False)
    monkeypatch.setattr(process, "_psutil_processes", look)
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: now[0]))
    table = ProcessTable()
    seen: list[int] = []
    for later in (0.0, kept - 0.01, 0.02):
        now[0] += later
        seen += table.descendants(1).values()
    assert seen == [1, 1, 2]
    now[0] = table._fresh_until
    assert list(table.descendants(1).values()) == [3]
    assert len(looks) == 3


def test_elsewhere_processes_without_a_parent_or_of_unknown_size_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def made(pid: int, parent: int | None, rss: int | None) -> SimpleNamespace:
        memory = None if rss is None else SimpleNamespace(rss=rss)
        return SimpleNamespace(pid=pid, info={"ppid": parent, "memory_info": memory})

    found = [made(1, 0, 5), made(2, 1, None), made(3, None, 7), made(4, 4, 8), made(5, 1, 9)]
    asked: list[list[str]] = []

    def process_iter(names: list[str]) -> list[SimpleNamespace]:
        asked.append(names)
        return found

    monkeypatch.setattr(psutil, "process_iter", process_iter)
    assert process._psutil_processes() == [(ProcessId(1, b""), 0, 5), (ProcessId(5, b""), 1, 9)]
    assert asked == [["ppid", "memory_info"]]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("it has ended", ProcessGoneError),
        ("it is a zombie", ProcessGoneError),
        ("it ends meanwhile", ProcessGoneError),
        ("it is refused", PermissionError),
        ("it is there", None),
    ],
)
def test_elsewhere_the_process_is_asked_whether_it_runs(
    monkeypatch: pytest.MonkeyPatch, how: str, error: type[Exception] | None
) -> None:
    raised = {"it ends meanwhile": psutil.NoSuchProcess, "it is refused": psutil.AccessDenied}

    def memory() -> Any:
        if how in raised:
            raise raised[how](7)
        return SimpleNamespace(rss=5, vms=6)

    monkeypatch.setattr(process, "_LINUX", False)
    asked: Any = SimpleNamespace(
        pid=7,
        create_time=lambda: 1.5,
        is_running=lambda: how != "it has ended",
        status=lambda: another(psutil.STATUS_ZOMBIE if how == "it is a zombie" else "sleeping"),
        memory_info=memory,
    )
    kernel = KernelProcess(asked)
    assert (kernel.started, kernel.id) == (1.5, ProcessId(7, b""))
    if error is None:
        assert kernel.usage() == Usage(5, 6)
    else:
        with pytest.raises(error) as found:
            kernel.usage()
        assert found.value.args == (7,)
        assert found.value.__cause__ is None


# Which process is the kernel


class Fake:
    """A process as psutil knows it."""

    def __init__(self, pid: int, parent: int = 0, **known: Any) -> None:
        self.pid = pid
        self.parent = parent
        self.known = known
        self.below: list[Fake] = []

    def _said(self, name: str, otherwise: Any) -> Any:
        found = self.known.get(name, otherwise)
        if isinstance(found, Exception):
            raise found
        return found

    def ppid(self) -> int:
        found: int = self._said("ppid", self.parent)
        return found

    def status(self) -> Any:
        return self._said("status", "sleeping")

    def children(self, *, recursive: bool) -> list[Fake]:
        assert recursive
        return self.below

    def cmdline(self) -> Any:
        return self._said("cmdline", ["sh"])

    def net_connections(self, kind: str) -> Any:
        assert kind == "all"
        return self._said("sockets", [])

    def create_time(self) -> Any:
        return self._said("created", 5.0)


def another(text: str) -> str:
    """Return an equal text that is another object: psutil need not give its constants."""
    return "".join(list(text))


def socket(
    laddr: Any = None, *, port: int | None = None, status: str = another(psutil.CONN_LISTEN)
) -> SimpleNamespace:
    place = laddr if port is None else SimpleNamespace(port=port)
    return SimpleNamespace(laddr=place, status=status)


CONNECTION = Connection("/run/kernel-1.json", 5001, "/run/kernel-1-ipc")
GONE, DENIED = psutil.NoSuchProcess(9), psutil.AccessDenied(9)


def found(monkeypatch: pytest.MonkeyPatch, first: Fake, *others: Fake, shown: bool = True) -> Any:
    """Return the pid of what is taken for the kernel."""
    first.below = list(others)

    def made(pid: int | None = None) -> Fake:
        return Fake(OWN, sockets=[1] if shown else []) if pid is None else first

    monkeypatch.setattr(process, "_LINUX", False)
    monkeypatch.setattr(psutil, "Process", made)
    kernel = find_kernel(first.pid, CONNECTION)
    return None if kernel is None else kernel.pid


@pytest.mark.parametrize(
    "listens",
    [socket(port=5001), socket("/run/kernel-1-ipc-5001", status=psutil.CONN_NONE)],
)
def test_the_topmost_process_that_listens_on_the_shell_port_is_the_kernel(
    monkeypatch: pytest.MonkeyPatch, listens: Any
) -> None:
    others = [
        socket(port=5002),
        socket(port=5001, status=psutil.CONN_ESTABLISHED),
        socket("/run/kernel-1-ipc-5002", status=psutil.CONN_NONE),
        socket(()),
        socket("", status=psutil.CONN_LISTEN),
    ]
    wrapper = Fake(1, sockets=others)
    # psutil lists them in any order: the forked child first.
    forked, kernel = Fake(3, 2, sockets=[*others, listens]), Fake(2, 1, sockets=[*others, listens])
    assert found(monkeypatch, wrapper, forked, kernel) == 2
    assert found(monkeypatch, kernel, forked) == 2
    assert found(monkeypatch, wrapper, Fake(4, 1, sockets=others)) is None


def test_processes_that_end_or_refuse_meanwhile_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Fake(4, 1, sockets=[socket(port=5001)])
    others = [Fake(2, ppid=GONE), Fake(3, 1, sockets=GONE), Fake(5, 1, sockets=OSError())]
    assert found(monkeypatch, Fake(1, sockets=DENIED), *others, kernel) == 4


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (Fake(OWN, status=another(psutil.STATUS_ZOMBIE)), ProcessGoneError),
        (Fake(OWN, status=GONE), ProcessGoneError),
        (Fake(OWN, status=DENIED), PermissionError),
    ],
)
def test_a_launched_process_that_has_gone_or_is_hidden_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, first: Fake, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        found(monkeypatch, first)
    assert raised.value.args == (OWN,)
    assert raised.value.__cause__ is None


COMMAND = ["python", "-m", "ipykernel_launcher", "-f", "/run/kernel-1.json"]


def test_where_no_sockets_are_shown_the_lowest_command_line_with_the_file_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tree() -> list[Fake]:
        return [
            Fake(1, cmdline=["sh", "-c", " ".join(COMMAND)]),
            Fake(6, 1, cmdline=GONE),
            Fake(2, 1, cmdline=COMMAND),
            Fake(3, 2, cmdline=COMMAND),
            Fake(4, 2, cmdline=["sleep"]),
            Fake(5, 2, cmdline=GONE),
        ]

    assert found(monkeypatch, *tree(), shown=False) == 2
    assert found(monkeypatch, *tree(), shown=True) is None
    assert found(monkeypatch, Fake(1), Fake(2, 1), shown=False) is None


def test_a_server_that_may_not_see_its_own_sockets_sees_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for said, answer in (([1], True), ([], False), (DENIED, False), (OSError(), False)):
        own = Fake(OWN, sockets=said)
        monkeypatch.setattr(psutil, "Process", lambda own=own: own)
        assert process._sockets_are_shown() is answer


@pytest.mark.parametrize(
    ("age", "starts"), [(0.0, True), (START_SECONDS - 0.1, True), (START_SECONDS + 0.1, False)]
)
def test_a_kernel_may_take_a_minute_to_start(
    monkeypatch: pytest.MonkeyPatch, age: float, *, starts: bool
) -> None:
    assert START_SECONDS == 60
    now = time.time()
    monkeypatch.setattr(process, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr(psutil, "Process", lambda pid: Fake(pid, created=now - age))
    assert is_starting(7) is starts
    monkeypatch.setattr(psutil, "Process", lambda pid: Fake(pid, created=GONE))
    assert is_starting(7) is False
