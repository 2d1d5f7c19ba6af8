"""Run every linter and type checker over the project, side by side: `python3 scripts/lint.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from environment import ROOT, build_extension, check_machine, install_python, programs, variables_of

# The slow ones first. Each has one thread.
CHECKS = [
    ["jlpm", "lint:check"],
    ["mypy"],
    ["python", "scripts/docs.py"],
    ["jlpm", "tsc", "--noEmit"],
    ["python", "scripts/import_order.py"],
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
]


def passes(check: list[str]) -> bool:
    """Run a check, and print what it said when it has ended."""
    command = [str(programs(ROOT / ".venv") / check[0]), *check[1:]]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=variables_of(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    print(f"$ {' '.join(check)}\n{done.stdout}", end="", flush=True)
    return done.returncode == 0


def main() -> int:
    """Run all checks, also after one has failed; 0 if none has."""
    check_machine()
    install_python("dev,test,docs")
    build_extension()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        passed = list(pool.map(passes, CHECKS))
    failed = [" ".join(check) for check, well in zip(CHECKS, passed, strict=True) if not well]
    print(f"lint failed: {', '.join(failed)}" if failed else "lint: clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
