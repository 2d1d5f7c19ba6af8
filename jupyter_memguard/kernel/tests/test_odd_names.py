"""Entries, generators, threads and shared memory without a proper name, and very many cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel


def test_entries_whose_keys_are_no_texts_stay_as_they_are(kernel: Kernel) -> None:
    kernel.run(
        "shell = get_ipython()\n"
        "shell.user_ns[5] = shell.user_ns_hidden[6] = kept = [1, 2]\n"
        "Out['text'] = kept\n"
        "kept"
    )
    comm = kernel.comm()
    [row] = comm.request("report")["results"]
    assert row["variables"] == ["kept"]
    assert comm.request("release")["released"] == 1
    places = "[shell.user_ns[5] is kept, shell.user_ns_hidden[6] is kept, Out['text'] is kept]"
    assert kernel.value(places) == [True, True, True]


def test_a_key_that_nothing_retained_has_names_no_variable(kernel: Kernel) -> None:
    kernel.run("[1, 2]")
    comm = kernel.comm()
    reply = comm.reply({"id": "a", "method": "rescue", "params": {"key": "x", "name": "y"}})
    assert reply["error"]["code"] == "unknown_key"
    assert not kernel.value("'y' in globals()")


def test_of_very_many_cells_the_newest_are_known(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="last")
    kernel.run("import sys; sys.modules['_jupyter_memguard.cells'].MAX_CELLS = 3")
    for _ in range(5):
        kernel.run("5;")
    known = "sorted(get_ipython()._jupyter_memguard.cells.known)"
    assert kernel.value(known) == [4, 5, 6]


def test_generators_and_threads_whose_modules_have_no_name_spoil_no_answer(kernel: Kernel) -> None:
    kernel.run(
        "import threading\n"
        "threading.settrace(None)\n"
        "ended = threading.Event()\n"
        "space = {'__name__': 5, 'ended': ended}\n"
        "exec('def rows():\\n data = bytearray(9_000_000)\\n yield 1\\n yield data', space)\n"
        "streams = [space['rows']()]\n"
        "next(streams[0])\n"
        "threading.Thread(target=exec, args=('ended.wait()', space), name='odd').start();"
    )
    rest = kernel.comm().request("rest", budget_ms=20_000)
    assert rest["left_out"] == []
    kernel.run("ended.set()")


def test_shared_memory_that_no_variable_has_is_closed_by_its_name(kernel: Kernel) -> None:
    kernel.run(
        "from multiprocessing.shared_memory import SharedMemory\n"
        "import mmap, os\n"
        "blocks = [SharedMemory(create=True, size=size) for size in (1_000_000, 40_000_000)]\n"
        "for block in blocks: block.buf[:] = bytes([1]) * len(block.buf)\n"
        "del block\n"
        "path = f'/dev/shm/odd-{os.getpid()}'\n"
        "with open(path, 'w+b') as file:\n"
        "    file.write(bytes([1]) * 40_000_000)\n"
        "    file.flush()\n"
        "    raw = mmap.mmap(file.fileno(), 40_000_000)\n"
        "os.unlink(path)\n"
        "raw[::4096][:1];"
    )
    hoards = kernel.comm().request("rest", budget_ms=20_000)["hoards"]
    remedies = [each["remedy"] for each in hoards if each["kind"] == "shared_memory"]
    assert any(remedy and "unlink" in remedy for remedy in remedies)
    kernel.run("for block in blocks: block.close(); block.unlink()")
