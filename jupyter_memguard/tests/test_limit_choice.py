"""Which limit is named, which is nearest, and how long what was read of them is believed."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from jupyter_memguard import limits
from jupyter_memguard.config import Memguard
from jupyter_memguard.limit_choice import LimitChoice
from jupyter_memguard.limits import Group, Limit
from jupyter_memguard.process import KernelProcess, Usage

GROUP = Group(2, Path("/made/up"))


class Looks:
    """A clock that a test moves, and looks at limits that are counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.places = self.groups = 0
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr("jupyter_memguard.limit_choice.time", clock)
        monkeypatch.setattr(limits, "memory_groups", self._place)
        monkeypatch.setattr(limits, "address_space_bytes", lambda _pid: None)
        monkeypatch.setattr(limits, "group_limit", self._group)

    def _place(self, _pid: int) -> list[Group]:
        self.places += 1
        return [GROUP]

    def _group(self, _group: Group) -> Limit:
        self.groups += 1
        return Limit("cgroup", 2**20, self.groups)


def test_a_groups_figures_are_read_again_after_half_a_second_and_its_place_after_five(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Looks(monkeypatch)
    choice, process = LimitChoice(Memguard(), {}), KernelProcess(psutil.Process())
    found = []
    for seconds in (0, 0.4, 0.2, 4.3, 0.2):
        looks.now += seconds
        chosen = choice.choose(process, Usage(1, 1))
        assert chosen.nearest == chosen.named
        found.append((chosen.named.used_bytes, looks.groups, looks.places))
    assert found == [(1, 1, 1), (1, 1, 1), (2, 2, 1), (3, 3, 1), (3, 3, 2)]
    assert choice.groups(process) == [GROUP]
    choice.forget(process)
    assert choice.groups(process) == [GROUP]
    assert looks.places == 3


PROCESS = KernelProcess(psutil.Process())
MACHINE = 2**34


class Found:
    """What is found of limits, for a test to change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.groups: list[Limit | None] = []
        self.address_space: int | None = None
        self.available = MACHINE // 2
        self.looks = 0
        self.now = 1000.0
        monkeypatch.setattr(
            "jupyter_memguard.limit_choice.time", SimpleNamespace(monotonic=lambda: self.now)
        )
        monkeypatch.setattr(psutil, "virtual_memory", self._machine)
        monkeypatch.setattr(
            limits,
            "memory_groups",
            lambda _pid: [Group(2, Path(str(at))) for at in range(len(self.groups))],
        )
        monkeypatch.setattr(
            limits, "group_limit", lambda group: self.groups[int(str(group.directory))]
        )
        monkeypatch.setattr(limits, "address_space_bytes", lambda _pid: self.address_space)

    def _machine(self) -> SimpleNamespace:
        self.looks += 1
        return SimpleNamespace(total=MACHINE, available=self.available)

    def chosen(
        self, usage: Usage, config: Memguard | None = None, **environment: str
    ) -> tuple[tuple[str, int, int], str]:
        """Return the limit that is named, and the source of the nearest."""
        found = LimitChoice(config or Memguard(), environment).choose(PROCESS, usage)
        named = found.named
        return (named.source, named.limit_bytes, named.used_bytes), found.nearest.source


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    return Found(monkeypatch)


def test_without_another_limit_the_machines_memory_is_named(found: Found) -> None:
    machine = ("machine", MACHINE, MACHINE // 2)
    assert found.chosen(Usage(1, 1)) == (machine, "machine")
    # What limits no more than the machine does is not named.
    found.groups = [None, Limit("cgroup2", MACHINE, 5), Limit("cgroup2", MACHINE + 1, 5)]
    assert found.chosen(Usage(1, 1)) == (machine, "machine")


def test_the_nearest_group_is_named_and_the_machine_counts_no_more(found: Found) -> None:
    found.groups = [
        None,
        Limit("cgroup1", MACHINE - 1, MACHINE // 4),
        Limit("cgroup2", MACHINE - 2, 5),
    ]
    assert found.chosen(Usage(1, 1)) == (("cgroup1", MACHINE - 1, MACHINE // 4), "cgroup1")


def test_a_limit_of_the_address_space_counts_beside_the_machine(found: Found) -> None:
    found.address_space = 1000
    assert found.chosen(Usage(7, 900)) == (("rlimit_as", 1000, 900), "rlimit_as")
    assert found.chosen(Usage(7, 100)) == (("rlimit_as", 1000, 100), "machine")


def test_what_a_person_has_set_is_named_whatever_is_nearer(found: Found) -> None:
    config = Memguard(mem_limit=5000)
    assert found.chosen(Usage(70, 900), config, MEM_LIMIT="3000") == (
        ("config", 5000, 70),
        "machine",
    )
    assert found.chosen(Usage(70, 900), MEM_LIMIT="3000") == (
        ("mem_limit_env", 3000, 70),
        "machine",
    )
    assert found.chosen(Usage(2900, 1), MEM_LIMIT="3000")[1] == "mem_limit_env"


@pytest.mark.parametrize("text", ["", "0", "much"])
def test_a_variable_that_sets_no_limit_is_ignored(
    found: Found, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = Memguard(log=logging.getLogger("limits"))
    assert found.chosen(Usage(1, 1), config, MEM_LIMIT=text)[0][0] == "machine"
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (text == "much")
    assert all("MEM_LIMIT is ignored: " in each for each in said)


def test_the_machine_is_looked_at_again_after_half_a_second(found: Found) -> None:
    choice = LimitChoice(Memguard(), {})
    used = []
    for seconds in (0, 0.4, 0.1, 0.4, 0.2):
        found.now += seconds
        found.available -= 1
        used.append(choice.choose(PROCESS, Usage(1, 1)).named.used_bytes - MACHINE // 2)
    assert used == [1, 1, 3, 3, 5]
    assert found.looks == 1 + 3
    assert choice.groups(PROCESS) == []


def test_a_process_that_nobody_knows_can_be_forgotten(found: Found) -> None:
    choice = LimitChoice(Memguard(), {})
    choice.forget(PROCESS)
    assert choice.choose(PROCESS, Usage(1, 1)).named.source == "machine"
    assert found.looks == 2


def test_at_the_very_end_of_its_time_each_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    choice = LimitChoice(Memguard(), {})
    seen = []
    for seconds in (0.0, 0.5, 4.5):
        looks.now += seconds
        choice.choose(PROCESS, Usage(1, 1))
        seen.append((looks.groups, looks.places))
    assert seen == [(1, 1), (2, 1), (3, 2)]
