"""Install, build, and open JupyterLab on the article's experiment.

`python3 scripts/demo.py [options of jupyter lab]`
"""

from __future__ import annotations

import os
import subprocess
import sys

from environment import (
    ROOT,
    build_extension,
    check_machine,
    install_python,
    programs,
    variables_of,
)


def main() -> int:
    """Set up what is not set up yet, then run JupyterLab until it ends."""
    check_machine()
    install_python("dev,demo")
    build_extension()
    try:
        return subprocess.call(lab(sys.argv[1:]), cwd=ROOT, env=variables_of())
    except KeyboardInterrupt:
        return 0


def lab(options: list[str]) -> list[str]:
    """The command that opens JupyterLab on the experiment."""
    command = [str(programs(ROOT / ".venv") / "jupyter"), "lab", "examples/experiment.ipynb"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return [*command, *options]


if __name__ == "__main__":
    sys.exit(main())
