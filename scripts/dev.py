"""Open JupyterLab, and build whatever changes: a reload of the page shows it.

`python3 scripts/dev.py [options of jupyter lab]`

Watched are TypeScript, styles, and the kernel's Python, which is bundled into the front end. What
changes is built without a look at types, which takes seconds; a compiler beside it tells of those.
`python3 scripts/dev.py --measure` changes a line of each instead, tells how long it takes until
the reloaded page would have it, and takes the change back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import kernel_bundle
from demo import lab
from environment import (
    ROOT,
    build_extension,
    check_machine,
    install_python,
    programs,
    python,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUILT = ROOT / "jupyter_memguard" / "labextension" / "static"
LOOK_S = 0.2  # seconds between two looks at the kernel's files
PATIENCE_S = 600
SETTLED_S = 10  # after which earlier builds have ended


def main(options: list[str]) -> int:
    """Set up what is not set up yet, watch, and run JupyterLab until it ends."""
    check_machine()
    install_python("dev,demo")
    build_extension()
    with (
        watched("node", "scripts/transpile.mjs"),
        watched("node_modules/.bin/tsc", "--watch", "--noEmit"),
        watched(programs(ROOT / ".venv") / "jupyter-builder", "watch", "."),
    ):
        if options == ["--measure"]:
            return measure()
        with watched(*lab(options)) as server:
            bundle_until(lambda: server.poll() is not None, changes())
        return server.returncode or 0


@contextlib.contextmanager
def watched(*command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that goes on, and end it with all that it has started."""
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, env=variables_of(), start_new_session=True
    )
    try:
        yield process
    finally:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
        process.wait()


def bundle_until(ended: Callable[[], bool], seen: dict[str, int]) -> None:
    """Bundle the kernel's code whenever a file of it is not as it was seen."""
    while not ended():
        time.sleep(LOOK_S)
        if changes() != seen:
            seen = changes()
            bundle()


def bundle() -> None:
    """Bundle the kernel's code, and put it where tsc would put it."""
    # A file that is being written may be no Python yet.
    subprocess.run([str(python()), "scripts/kernel_bundle.py"], cwd=ROOT, check=False)
    for file in kernel_bundle.SOURCES.glob("*.json"):
        shutil.copyfile(file, ROOT / "lib" / "kernel" / "sources" / file.name)


def changes() -> dict[str, int]:
    """When each file of the kernel's code was changed last."""
    found = {}
    for name, path in kernel_bundle.files().items():
        with contextlib.suppress(FileNotFoundError):
            found[name] = path.stat().st_mtime_ns
    return found


def measure() -> int:
    """Change a line of each kind, three times, and print the seconds until it is built."""
    kinds = {
        "TypeScript": ("src/index.ts", "\nexport const {mark} = '';\n"),
        "CSS": ("style/base.css", "\n.{mark} {{ color: red; }}\n"),
        "kernel Python": ("jupyter_memguard/kernel/session.py", "\n{mark} = ''\n"),
    }
    for name, line in kinds.values():  # when the first builds have ended, this has ended, too
        seconds_until_built(ROOT / name, line)
    for kind, (name, line) in kinds.items():
        taken = []
        for _ in range(3):
            time.sleep(SETTLED_S)
            taken.append(seconds_until_built(ROOT / name, line))
        print(f"{kind}: {', '.join(f'{each:.1f}' for each in taken)} s", flush=True)
    return 0


def seconds_until_built(file: Path, line: str) -> float:
    """Change a file, wait until what is built has the change, and put the file back."""
    before, seen, old = file.read_text(), changes(), kernel_bundle.DIGEST.read_text()
    wanted = f"mark{time.time_ns()}"
    began = time.monotonic()
    file.write_text(before + line.format(mark=wanted))
    try:
        if file.is_relative_to(kernel_bundle.KERNEL):
            bundle_until(lambda: kernel_bundle.DIGEST.read_text() != old, seen)
            wanted = kernel_bundle.DIGEST.read_text()  # the code itself is packed
        while not is_built(wanted):
            if time.monotonic() - began > PATIENCE_S:
                sys.exit(f"{file} was not built after {PATIENCE_S} s")
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        file.write_text(before)
        bundle()


def is_built(text: str) -> bool:
    """Whether the built front end has a text."""
    with contextlib.suppress(FileNotFoundError):  # the builder replaces files
        return any(text in file.read_text() for file in BUILT.glob("*.js"))
    return False


if __name__ == "__main__":
    # What is watched has to end with this, however it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
