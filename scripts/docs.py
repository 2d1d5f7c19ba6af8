"""Build the documentation as a site in build/docs: `python3 scripts/docs.py`.

A warning, such as a link that leads nowhere, is a failure. Links to other sites are checked for
their form by tests/test_documents_links.py, and not followed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from environment import ROOT, install_python, python, variables_of

OUT = ROOT / "build" / "docs"


def main() -> int:
    """Build everything anew; 0 if there was no warning."""
    install_python("dev,test,docs")
    shutil.rmtree(OUT, ignore_errors=True)
    command = [python(), "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-d"]
    command += [ROOT / "build" / "doctrees", ROOT / "docs", OUT]
    return subprocess.call(command, cwd=ROOT, env=variables_of())


if __name__ == "__main__":
    sys.exit(main())
