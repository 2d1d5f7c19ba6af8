"""How long what was read of limits is believed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil

from jupyter_memguard import limits
from jupyter_memguard.config import Memguard
from jupyter_memguard.limit_choice import LimitChoice
from jupyter_memguard.limits import Group, Limit
from jupyter_memguard.process import KernelProcess, Usage

if TYPE_CHECKING:
    import pytest

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
