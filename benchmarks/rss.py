"""What it costs to show a kernel's memory, beside jupyter-resource-usage, in one run.

    python benchmarks/rss.py            about six minutes, 8 GiB of memory
    python benchmarks/rss.py --quick    about two minutes

Three tables: one read of a process (no HTTP), a real server's event loop while
kernels are polled, and the shown figure against /proc while a cell allocates.
Linux only. Needs the extra `bench` of pyproject.toml (`python3 scripts/environment.py bench`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_client.asynchronous.client import AsyncKernelClient
from tornado.httpclient import AsyncHTTPClient, HTTPError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jupyter_memguard.config import Memguard  # noqa: E402 (from this tree, not an installed one)
from jupyter_memguard.kernel_memory import KernelMemory  # noqa: E402
from jupyter_memguard.process import Connection  # noqa: E402
from jupyter_memguard.targets import Target  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

GIB = 2**30
OURS = "jupyter_memguard"
THEIRS = "jupyter_resource_usage"

# A process of a given size in a given number of mappings: neighbours with different
# protections cannot be merged by the system. It listens, as a kernel does.
CHILD = """
import ctypes, mmap, socket, sys, time
size, mappings = int(sys.argv[1]), int(sys.argv[2])
held = mmap.mmap(-1, size)
for page in range(0, size, mmap.PAGESIZE):
    held[page] = 1
libc = ctypes.CDLL(None, use_errno=True)
start = ctypes.addressof(ctypes.c_char.from_buffer(held))
step = max(1, size // mappings // mmap.PAGESIZE) * mmap.PAGESIZE
for number in range(1, mappings, 2):
    if libc.mprotect(ctypes.c_void_p(start + number * step), ctypes.c_size_t(step), 1):
        sys.exit("mprotect: %d" % ctypes.get_errno())
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
time.sleep(600)
"""


def micros(call: Callable[[], object], seconds: float) -> list[float]:
    """Time a call again and again, in microseconds."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 20:  # noqa: PLR2004 (for the percentile)
        begun = time.perf_counter()
        call()
        times.append(1e6 * (time.perf_counter() - begun))
    return times


def p99(values: list[float]) -> float:
    """Give the 99th percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def spread(values: list[float]) -> str:
    """Write the median, the 99th percentile and the most as cells of a table."""
    return f"{statistics.median(values):.2f} | {p99(values):.2f} | {max(values):.2f}"


@contextmanager
def child(size: int, mappings: int) -> Iterator[tuple[int, int]]:
    """Run the child; gives its pid and the port it listens on."""
    command = [sys.executable, "-c", CHILD, str(size), str(mappings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (asked for above)
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def reads(sizes: list[float], mappings: list[int], seconds: float) -> None:
    """Print what one read costs."""
    print("## One read of a process, in microseconds (median / 99th percentile)\n")
    print("jupyter-resource-usage reads `memory_full_info` (PSS) of every process; ours is the")
    print("whole answer: the process, its children, and the limits it is under.\n")
    print("| resident | mappings | jupyter-resource-usage | ours | theirs : ours |")
    print("| --- | --- | --- | --- | --- |")
    memory = KernelMemory(Memguard())
    for size in sizes:
        for count in mappings:
            with child(int(size * GIB), count) as (pid, port):
                target = Target(f"{size} {count}", None, pid, Connection("", port))
                theirs_process = psutil.Process(pid)
                reply = memory.read(target)
                shown = reply["rss_bytes"] or 0
                real = len(theirs_process.memory_maps(grouped=False))
                # Turn about, so that what else the machine does falls on both.
                ours: list[float] = []
                theirs: list[float] = []
                for _ in range(4):
                    theirs += micros(theirs_process.memory_full_info, seconds / 8)
                    ours += micros(lambda target=target: memory.read(target), seconds / 8)
                ratio = statistics.median(theirs) / statistics.median(ours)
                print(
                    f"| {shown / GIB:.2f} GiB | {real} "
                    f"| {statistics.median(theirs):.0f} / {p99(theirs):.0f} "
                    f"| {statistics.median(ours):.0f} / {p99(ours):.0f} | {ratio:.0f} : 1 |",
                    flush=True,
                )
    print()


class Server:
    """A real server with one of the extensions and the loop's probe.

    Args:
        folder: for its configuration and runtime files.
        extension: the one that is on; neither where it is none of them.
        probe: the extension that measures.

    """

    def __init__(self, folder: Path, extension: str, probe: str = "loop_probe") -> None:
        """Start it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._token = secrets.token_hex(16)
        extensions = {OURS: False, THEIRS: False, probe: True} | {extension: True}
        extensions.pop("neither", None)
        config = {
            "ServerApp": {
                "jpserver_extensions": extensions,
                "root_dir": str(folder),
                "allow_root": True,
            },
            "IdentityProvider": {"token": self._token},
        }
        (folder / "jupyter_server_config.json").write_text(json.dumps(config))
        places = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
        paths = [str(ROOT), str(ROOT / "benchmarks")]
        self.runtime = folder
        self._url = f"http://127.0.0.1:{port}/"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--port={port}", "--no-browser"],
            env={
                **os.environ,
                **dict.fromkeys(places, str(folder)),
                "JUPYTER_NO_CONFIG": "",
                "PYTHONPATH": os.pathsep.join(paths),
            },
            stdout=subprocess.DEVNULL,
            stderr=(folder / "server.log").open("w"),
        )

    @property
    def address(self) -> tuple[str, dict[str, str]]:
        """The URL, and the headers with which it lets a client in."""
        return self._url, {"Authorization": f"token {self._token}"}

    def stop(self) -> None:
        """Stop it and its kernels."""
        self._process.terminate()
        self._process.wait(60)

    async def ask(self, path: str, method: str = "GET", body: str | None = None) -> Any:
        """Ask the server, and give the parsed answer."""
        url, headers = self.address
        answer = await AsyncHTTPClient().fetch(
            url + path,
            method=method,
            body=body,
            headers=headers,
            request_timeout=60,
        )
        return json.loads(answer.body)

    async def ready(self) -> None:
        """Wait until it answers."""
        while True:
            with suppress(OSError, HTTPError):
                await self.ask("api/status")
                return
            if self._process.poll() is not None:
                sys.exit((self.runtime / "server.log").read_text())
            await asyncio.sleep(0.1)

    async def kernel(self) -> str:
        """Start a kernel and wait until its process answers; gives its id."""
        name = f"{secrets.token_hex(4)}.ipynb"
        session = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        kernel_id = (await self.ask("api/sessions", "POST", json.dumps(session)))["kernel"]["id"]
        client = await self.client(kernel_id)
        client.stop_channels()
        return str(kernel_id)

    async def client(self, kernel_id: str) -> Any:
        """Connect to a kernel, and wait until it answers on both channels."""
        client: Any = AsyncKernelClient()
        client.load_connection_file(str(self.runtime / f"kernel-{kernel_id}.json"))
        client.start_channels()
        while True:
            await client.kernel_info(reply=True, timeout=120)
            with suppress(Empty):
                await client.get_iopub_msg(timeout=0.5)
                return client


async def once_a_second(
    questions: list[Callable[[], Awaitable[Any]]], seconds: float
) -> list[float]:
    """Ask each question once a second, spread over it; gives the round trips in milliseconds."""
    trips: list[float] = []
    end = time.perf_counter() + seconds

    async def client(ask: Callable[[], Awaitable[Any]], delay: float) -> None:
        await asyncio.sleep(delay)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            await ask()
            trips.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(max(0.0, begun + 1 - time.perf_counter()))

    tasks = (client(ask, number / len(questions)) for number, ask in enumerate(questions))
    await asyncio.gather(*tasks)
    return trips


async def loop_latency(count: int, seconds: float) -> None:
    """Print how late a server's loop runs, with neither extension and with each alone."""
    AsyncHTTPClient.configure(None, max_clients=200)
    print(f"## The server's event loop, {count} kernels, each asked for once a second\n")
    print("In milliseconds: how late a timer of 2 ms is, which the rest of the machine adds to;")
    print("the processor time of one callback, which is what holds the loop, and what took most;")
    print("and the round trip over HTTP. A server for each; what is late or long there while")
    print("nothing is polled is the machine's or jupyter_server's, or the extension's gauges.\n")
    print(
        "| server | polled | answers | late: median | 99th | most | callback: median | 99th | most "
        "| of | round trip: median | 99th |"
    )
    print("|" + " --- |" * 12)
    found: dict[str, tuple[float, float]] = {}
    for extension in ("neither", OURS, THEIRS):
        found |= await polled_server(extension, count, seconds)
    print("\nTheirs : ours, of what was late (99th percentile) and of the longest callback:\n")
    for polled in ("each kernel", "all at once"):
        pairs = zip(found[f"{THEIRS}, {polled}"], found[f"{OURS}, {polled}"], strict=True)
        late, held = (theirs / ours for theirs, ours in pairs)
        print(f"- {polled}: {late:.1f} : 1 and {held:.1f} : 1")
    print("\nAll at once, theirs is the server's sum.\n")


async def polled_server(
    extension: str, count: int, seconds: float
) -> dict[str, tuple[float, float]]:
    """Print the rows of a server with one extension; gives how late it was and was held."""
    polled: dict[str, Callable[[list[str]], list[str]]] = {"nothing": lambda _: []}
    if extension == OURS:
        base = "jupyter-memguard/kernels"
        polled["each kernel"] = lambda kernels: [
            f"{base}/{each}/memory?no_track_activity=1" for each in kernels
        ]
        polled["all at once"] = lambda _: [f"{base}?no_track_activity=1"]
    elif extension == THEIRS:
        base = "api/metrics/v1"
        polled["each kernel"] = lambda kernels: [
            f"{base}/kernel_usage/get_usage/{each}" for each in kernels
        ]
        polled["all at once"] = lambda _: [base]
    found = {}
    async with running(extension) as server:
        kernels: list[str] = []
        while len(kernels) < count:
            few = min(4, count - len(kernels))
            kernels += await asyncio.gather(*(server.kernel() for _ in range(few)))
        for name, paths_of in polled.items():
            paths = paths_of(kernels)
            questions = [lambda path=path: server.ask(path) for path in paths]
            # What is only done once is done before.
            await once_a_second(questions or [lambda: asyncio.sleep(0)], 1.5)
            await server.ask("loop-probe")
            trips = await once_a_second(questions or [lambda: asyncio.sleep(0)], seconds)
            probe = await server.ask("loop-probe")
            found[f"{extension}, {name}"] = (p99(probe["late"]), max(probe["held"]))
            trip = f"{statistics.median(trips):.1f} | {p99(trips):.1f}" if paths else "- | -"
            print(
                f"| {extension} | {name} | {len(trips) if paths else 0} | {spread(probe['late'])} "
                f"| {spread(probe['held'])} | {probe['longest']} | {trip} |",
                flush=True,
            )
    return found


async def shown_error(server: Server, kernel_id: str, seconds: float) -> None:
    """Print how far the shown figure is from /proc while a cell allocates."""
    client = await server.client(kernel_id)
    printed: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text", ""))

    await client.execute_interactive("import os; print(os.getpid())", output_hook=hear, timeout=60)
    statm = Path(f"/proc/{int(''.join(printed))}/statm")
    page = os.sysconf("SC_PAGE_SIZE")

    def real() -> int:
        return int(statm.read_text().split()[1]) * page

    path = f"jupyter-memguard/kernels/{kernel_id}/memory?no_track_activity=1"
    # 20 MB more every 50 ms; from 600 MB begin anew.
    code = (
        "import time\nheld = []\n"
        f"end = time.monotonic() + {seconds}\n"
        "while time.monotonic() < end:\n"
        "    held.append(bytearray(b'x') * 20_000_000)\n"
        "    if len(held) > 30: held.clear()\n"
        "    time.sleep(0.05)\n"
    )
    cell = asyncio.ensure_future(client.execute_interactive(code, output_hook=lambda _: None))
    wrong, ages = [], []
    while not cell.done():
        reply = await server.ask(path)
        wrong.append(abs(reply["rss_bytes"] - real()) / 1e6)
        ages.append(1000 * (time.time() - reply["sampled"]))
        await asyncio.sleep(0.2)
    await cell
    # From an allocation to the first answer, polled once a second, that shows it.
    delays = []
    for _ in range(max(3, int(seconds / 2))):
        await client.execute_interactive(
            "held.clear(); more = None", output_hook=lambda _: None, timeout=60
        )
        before = real()
        grown = asyncio.ensure_future(
            client.execute_interactive(
                "more = bytearray(b'x') * 200_000_000; time.sleep(1)",
                output_hook=lambda _: None,
                timeout=60,
            )
        )
        while real() - before < 150e6:  # noqa: ASYNC110, PLR2004 (another process's bytes)
            await asyncio.sleep(0.005)
        begun = time.perf_counter()
        await asyncio.sleep(secrets.randbelow(1000) / 1000)  # where in its second the poll is
        while (await server.ask(path))["rss_bytes"] - before < 150e6:  # noqa: ASYNC110, PLR2004
            await asyncio.sleep(1)
        delays.append(time.perf_counter() - begun)
        await grown
    client.stop_channels()
    print("## The shown figure while a cell allocates 400 MB a second\n")
    print(
        f"- against /proc when the answer arrives ({len(wrong)} answers): median "
        f"{statistics.median(wrong):.1f} MB, most {max(wrong):.1f} MB off; the figure is then "
        f"{statistics.median(ages):.1f} ms old (99th percentile {p99(ages):.1f} ms)"
    )
    print(
        f"- from an allocation of 200 MB to its figure, polled once a second ({len(delays)} "
        f"times): median {statistics.median(delays):.2f} s, most {max(delays):.2f} s\n"
    )


@asynccontextmanager
async def running(extension: str) -> AsyncIterator[Server]:
    """Run a server with one of the extensions."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), extension)
        try:
            await server.ready()
            yield server
        finally:
            server.stop()


async def with_servers(count: int, seconds: float) -> None:
    """Run what needs a server."""
    async with running(OURS) as server:
        await shown_error(server, await server.kernel(), seconds)
    await loop_latency(count, seconds)


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller processes, 10 kernels")
    parser.add_argument("--kernels", type=int, help="how many kernels are polled (100)")
    options = parser.parse_args()
    quick = options.quick
    count = options.kernels or (10 if quick else 100)
    print(
        f"Python {platform.python_version()}, psutil {psutil.__version__}, "
        f"Linux {platform.release()}, {os.cpu_count()} cores\n"
    )
    reads(
        [0.1, 1.0] if quick else [0.1, 1.0, 4.0],
        [10, 1000] if quick else [10, 1000, 10000],
        1.0,
    )
    asyncio.run(with_servers(count, 4.0 if quick else 8.0))


if __name__ == "__main__":
    main()
