"""Limits, read from made-up trees of every kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from traitlets import TraitError

from jupyter_memguard.config import Memguard, parse_bytes
from jupyter_memguard.kernel_memory import KernelMemory
from jupyter_memguard.limits import (
    Limit,
    address_space_bytes,
    group_limit,
    memory_groups,
    nearest,
    oom_kills,
)
from jupyter_memguard.targets import Target

if TYPE_CHECKING:
    from pathlib import Path

PID = 42
GIB = 2**30
V2_MOUNT = "35 24 0:31 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNT = "36 24 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:17 - cgroup cgroup rw,memory"
V1_UNLIMITED = 9223372036854771712


class Tree:
    """A root directory with one process in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "proc" / str(PID)).mkdir(parents=True)
        (root / "proc" / "self").mkdir()

    def process(self, cgroup: str, *mounts: str) -> None:
        other = "22 27 0:21 / /proc rw,relatime - proc proc rw"
        (self.root / "proc" / str(PID) / "cgroup").write_text(cgroup + "\n")
        (self.root / "proc" / "self" / "mountinfo").write_text("\n".join([other, *mounts, ""]))

    def v2(self, path: str, limit: object, used: int = 0, inactive: int = 0) -> None:
        folder = self._folder("sys/fs/cgroup", path)
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\nfile 7\n")

    def v1(  # noqa: PLR0913 (the files of version 1)
        self,
        path: str,
        limit: int,
        used: int = 0,
        inactive: int = 0,
        *,
        mount: str = "sys/fs/cgroup/memory",
        hierarchical: int | None = None,
    ) -> None:
        folder = self._folder(mount, path)
        (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
        statistics = f"inactive_file 1\ntotal_inactive_file {inactive}\n"
        if hierarchical is not None:
            statistics += f"hierarchical_memory_limit {hierarchical}\n"
        (folder / "memory.stat").write_text(statistics)

    def limits(self) -> list[Limit]:
        found = [group_limit(group) for group in memory_groups(PID, self.root)]
        return [limit for limit in found if limit is not None]

    def _folder(self, mount: str, path: str) -> Path:
        folder = self.root / mount / path.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_version_2_own_group(tree: Tree) -> None:
    tree.process("0::/user.slice/job", V2_MOUNT)
    tree.v2("/user.slice/job", 4 * GIB, used=3 * GIB, inactive=GIB)
    assert tree.limits() == [Limit("cgroup2", 4 * GIB, 2 * GIB)]


def test_version_2_limit_in_an_ancestor(tree: Tree) -> None:
    tree.process("0::/kube/pod/box", V2_MOUNT)
    tree.v2("/kube/pod/box", "max", used=GIB)
    tree.v2("/kube/pod", 8 * GIB, used=2 * GIB)
    tree.v2("/kube", 64 * GIB, used=60 * GIB)
    assert tree.limits() == [
        Limit("cgroup2", 8 * GIB, 2 * GIB),
        Limit("cgroup2", 64 * GIB, 60 * GIB),
    ]


def test_version_2_without_a_limit(tree: Tree) -> None:
    tree.process("0::/job", V2_MOUNT)
    tree.v2("/job", "max", used=GIB)
    assert tree.limits() == []


def test_version_2_root_group_has_no_files(tree: Tree) -> None:
    tree.process("0::/", V2_MOUNT)
    (tree.root / "sys/fs/cgroup").mkdir(parents=True)
    assert tree.limits() == []


def test_version_2_in_a_container_with_a_namespace(tree: Tree) -> None:
    tree.process("0::/", V2_MOUNT)
    tree.v2("/", 2 * GIB, used=GIB)
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, GIB)]


def test_version_2_process_outside_of_the_namespace(tree: Tree) -> None:
    tree.process("0::/../../other", V2_MOUNT)
    tree.v2("/", 2 * GIB, used=GIB)
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, GIB)]


def test_version_2_process_that_has_mounted_its_own_group(tree: Tree) -> None:
    # As in a sandbox, whose mount points differ from ours.
    tree.process("0::/job", V2_MOUNT)
    theirs = V2_MOUNT.replace(" / /sys", " /job /sys")
    (tree.root / "proc" / str(PID) / "mountinfo").write_text(theirs + "\n")
    tree.v2("/job", 2 * GIB, used=GIB)
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, GIB)]


def test_version_2_another_group_mounted_before(tree: Tree) -> None:
    other = V2_MOUNT.replace(" / /sys/fs/cgroup ", " /other /run/other ")
    tree.process("0::/job", other, V2_MOUNT)
    tree.v2("/job", 2 * GIB, used=GIB)
    theirs = tree.root / "run" / "other"
    theirs.mkdir(parents=True)
    (theirs / "memory.max").write_text("1000\n")
    (theirs / "memory.current").write_text("999\n")
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, GIB)]


def test_version_2_limit_lowered_later(tree: Tree) -> None:
    tree.process("0::/job", V2_MOUNT)
    tree.v2("/job", 4 * GIB, used=GIB)
    (group, _) = memory_groups(PID, tree.root)
    tree.v2("/job", 2 * GIB, used=GIB)
    assert group_limit(group) == Limit("cgroup2", 2 * GIB, GIB)


def test_version_2_limit_of_nothing_is_no_limit_to_divide_by(tree: Tree) -> None:
    tree.process("0::/job", V2_MOUNT)
    tree.v2("/job", 0, used=GIB)
    assert tree.limits() == []


def test_version_1_own_group_and_ancestor(tree: Tree) -> None:
    tree.process("5:cpu,cpuacct:/a\n4:memory:/a/b\n1:name=systemd:/x", V1_MOUNT)
    tree.v1("/a/b", V1_UNLIMITED, used=GIB)
    tree.v1("/a", 3 * GIB, used=2 * GIB, inactive=GIB)
    tree.v1("/", V1_UNLIMITED, used=9 * GIB)
    assert tree.limits() == [Limit("cgroup1", 3 * GIB, GIB)]


def test_version_1_in_a_container_without_a_namespace(tree: Tree) -> None:
    # The process's path is that on the host, but only its own group is mounted.
    tree.process(
        "4:memory:/docker/abc",
        "36 24 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory",
    )
    tree.v1("/", 2 * GIB, used=GIB)
    assert tree.limits() == [Limit("cgroup1", 2 * GIB, GIB)]


def test_version_1_limit_of_an_ancestor_that_is_not_mounted(tree: Tree) -> None:
    tree.process(
        "4:memory:/pod/abc",
        "36 24 0:32 /pod/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory",
    )
    tree.v1("/", V1_UNLIMITED, used=GIB, hierarchical=6 * GIB)
    assert tree.limits() == [Limit("cgroup1", 6 * GIB, GIB)]


def test_version_1_memory_mounted_with_other_controllers_at_an_odd_place(tree: Tree) -> None:
    tree.process(
        "3:cpu,memory:/job", "36 24 0:32 / /cg/two\\040words rw - cgroup cgroup rw,cpu,memory"
    )
    tree.v1("/job", 2 * GIB, used=GIB, mount="cg/two words")
    assert tree.limits() == [Limit("cgroup1", 2 * GIB, GIB)]


def test_hybrid_with_memory_in_version_1(tree: Tree) -> None:
    unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
    tree.process("4:memory:/job\n0::/system.slice", V1_MOUNT, unified)
    tree.v1("/job", 2 * GIB, used=GIB)
    (tree.root / "sys/fs/cgroup/unified/system.slice").mkdir(parents=True)
    assert tree.limits() == [Limit("cgroup1", 2 * GIB, GIB)]


def test_hybrid_with_memory_in_version_2(tree: Tree) -> None:
    cpu = "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"
    tree.process("2:cpu:/\n0::/job", cpu, V2_MOUNT)
    tree.v2("/job", 2 * GIB, used=GIB)
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, GIB)]


def test_no_control_groups(tree: Tree) -> None:
    tree.process("")
    assert tree.limits() == []


def test_a_group_that_is_not_mounted(tree: Tree) -> None:
    tree.process("0::/job")
    assert tree.limits() == []


def test_unreadable_proc(tmp_path: Path) -> None:
    assert memory_groups(PID, tmp_path) == []
    assert address_space_bytes(PID, tmp_path) is None


@pytest.mark.parametrize("name", ["memory.max", "memory.current"])
def test_unreadable_group_file(tree: Tree, name: str) -> None:
    tree.process("0::/job", V2_MOUNT)
    tree.v2("/job", 2 * GIB, used=GIB)
    file = tree.root / "sys/fs/cgroup/job" / name
    file.unlink()
    file.mkdir()  # root may read a file without any permission, but no directory
    assert tree.limits() == []


def test_use_is_never_below_nothing(tree: Tree) -> None:
    tree.process("0::/job", V2_MOUNT)
    tree.v2("/job", 2 * GIB, used=5, inactive=10)
    assert tree.limits() == [Limit("cgroup2", 2 * GIB, 0)]


@pytest.mark.parametrize(
    ("soft", "found"),
    [("4294967296", 4 * GIB), ("unlimited", None)],
)
def test_address_space_limit(tree: Tree, soft: str, found: int | None) -> None:
    (tree.root / "proc" / str(PID) / "limits").write_text(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max cpu time              unlimited            unlimited            seconds   \n"
        f"Max address space         {soft:<20} unlimited            bytes     \n"
    )
    assert address_space_bytes(PID, tree.root) == found


def test_the_nearest_limit_is_the_fullest_one() -> None:
    wide = Limit("cgroup2", 64 * GIB, 60 * GIB)
    close = Limit("cgroup2", 8 * GIB, 2 * GIB)
    assert nearest([close, wide]) is wide
    assert nearest([wide, close]) is wide
    assert nearest([]) is None


def test_of_equally_full_limits_the_lowest_is_nearest() -> None:
    low, high = Limit("cgroup2", GIB, 0), Limit("cgroup2", 2 * GIB, 0)
    assert nearest([high, low]) is low


def test_level_never_passes_one() -> None:
    assert Limit("config", GIB, 3 * GIB).level == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [("8589934592", 8 * GIB), (" 512m ", GIB // 2), ("1.5G", 3 * GIB // 2), ("0", 0)],
)
def test_an_amount_of_memory(text: str, found: int) -> None:
    assert parse_bytes(text) == found
    assert Memguard(mem_limit=text).mem_limit == found


@pytest.mark.parametrize("text", ["-1", "8GB", "8Gi", "lots", "1e9", "9" * 400, str(2**63 - 1)])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of memory"):
        parse_bytes(text)
    with pytest.raises(TraitError):
        Memguard(mem_limit=text)
    reply = KernelMemory(Memguard(), {"MEM_LIMIT": text}).read(Target("k", None, os.getpid()))
    assert reply["limit_source"] != "mem_limit_env"


@pytest.mark.parametrize("amount", [-1, 2**63])
def test_a_number_that_is_no_amount_of_memory_is_refused(amount: int) -> None:
    with pytest.raises(TraitError):
        Memguard(mem_limit=amount)


def test_kills_are_read_from_the_own_group_or_the_next_that_says_them(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.process("0::/user/kernel", V2_MOUNT)
    assert oom_kills(memory_groups(PID, tmp_path)) is None
    tree.v2("user", 8 * GIB)
    events = tmp_path / "sys/fs/cgroup/user/memory.events"
    events.write_text("low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n")
    assert oom_kills(memory_groups(PID, tmp_path)) == 2
    tree.v2("user/kernel", 4 * GIB)
    (tmp_path / "sys/fs/cgroup/user/kernel/memory.events").write_text("oom 1\noom_kill 0\n")
    assert oom_kills(memory_groups(PID, tmp_path)) == 0


def test_kills_are_read_from_version_1_too(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.process("5:cpu,memory:/kernel", V1_MOUNT)
    tree.v1("kernel", 8 * GIB)
    control = tmp_path / "sys/fs/cgroup/memory/kernel/memory.oom_control"
    control.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert oom_kills(memory_groups(PID, tmp_path)) == 1


def test_a_group_of_another_namespace_than_the_mount_is_the_mounts_own(tree: Tree) -> None:
    mount = V2_MOUNT.replace("0:31 / ", "0:31 /docker/abc ")
    tree.process("0::/user.slice/other", mount, mount.replace("/sys/fs/cgroup", "/later"))
    tree.v2("", GIB, used=5)
    assert [group.directory for group in memory_groups(PID, tree.root)] == [
        tree.root / "sys/fs/cgroup"
    ]


@pytest.mark.parametrize(
    ("amount", "is_limit"), [(2**60 - 1, True), (2**60, False), (1, True), (0, False), (-1, False)]
)
def test_an_exbibyte_or_more_is_no_limit(tree: Tree, amount: int, *, is_limit: bool) -> None:
    tree.process("0::/", V2_MOUNT)
    tree.v2("", amount)
    assert [limit.limit_bytes for limit in tree.limits()] == ([amount] if is_limit else [])
    (tree.root / "proc" / str(PID) / "limits").write_text(
        f"Max address space         {amount}            unlimited            bytes\n"
    )
    assert address_space_bytes(PID, tree.root) == (amount if is_limit else None)


@pytest.mark.parametrize(
    "mount",
    [
        "35 24 0:31 / - cgroup2 cgroup2 rw",
        "35 24 0:31 / /sys/fs/cgroup rw - cgroup2 cgroup2",
        "36 24 0:32 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu",
        "36 24 0:32 / /sys/fs/cgroup rw - tmpfs memory rw,memory",
        "",
    ],
)
def test_a_mount_that_counts_no_memory_or_is_half_a_line_is_left_out(
    tree: Tree, mount: str
) -> None:
    tree.process("0::/\n4:memory:/", mount, V2_MOUNT)
    tree.v2("", GIB, used=7)
    assert [group.version for group in memory_groups(PID, tree.root)] == [2]
    assert tree.limits() == [Limit("cgroup2", GIB, 7)]


def test_a_group_is_looked_for_where_its_own_version_is_mounted(tree: Tree) -> None:
    tree.process("4:memory:/a\n0::/b", V2_MOUNT, V1_MOUNT)
    folder = tree.root / "sys/fs/cgroup"
    assert [group.directory for group in memory_groups(PID, tree.root)] == [
        folder / "memory/a",
        folder / "memory",
        folder / "b",
        folder,
    ]


@pytest.mark.parametrize("more", ["", " more"])
def test_a_mount_with_the_fewest_fields_counts(tree: Tree, more: str) -> None:
    tree.process("0::/", f"35 24 0:31 / /a\\040b{more} - cgroup2 cgroup2 rw{more}")
    folder = tree.root / "a b"
    folder.mkdir()
    (folder / "memory.max").write_text("1000")
    (folder / "memory.current").write_text("10")
    assert tree.limits() == [Limit("cgroup2", 1000, 10)]


def test_odd_lines_of_statistics_are_left_out(tree: Tree) -> None:
    tree.process("0::/", V2_MOUNT)
    tree.v2("", 1000, used=900)
    (tree.root / "sys/fs/cgroup/memory.stat").write_text(
        "inactive_file\ninactive_file 1 2\ninactive_file x\n\ninactive_file 40\n"
    )
    assert tree.limits() == [Limit("cgroup2", 1000, 860)]
