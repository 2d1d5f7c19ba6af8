"""Run every linter and type checker over the project: `python3 scripts/lint.py`."""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, build_extension, check_machine, install_python, programs, variables_of

CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["python", "scripts/import_order.py"],
    ["jlpm", "tsc", "--noEmit"],
    ["jlpm", "lint:check"],
    ["python", "scripts/docs.py"],
]


def main() -> int:
    """Run all checks, also after one has failed; 0 if none has."""
    check_machine()
    install_python("dev,test,docs")
    build_extension()
    failed = []
    for check in CHECKS:
        print("$", " ".join(check), flush=True)
        command = [str(programs(ROOT / ".venv") / check[0]), *check[1:]]
        if subprocess.call(command, cwd=ROOT, env=variables_of()):
            failed.append(" ".join(check))
    print(f"lint failed: {', '.join(failed)}" if failed else "lint: clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
