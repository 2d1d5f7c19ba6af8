"""Leave out of the wheel what only developers need.

The Python code goes into it as kernels get it from a page: its comments, docstrings and types would
be a seventh of the wheel. Lines keep their numbers, and the sdist has all of it. What people and
tools read goes as it is: the APIs, and the texts of help. The front end's package.json, which the
wheel has twice, goes without what builds and checks the front end.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from kernel_bundle import ROOT, code_only

PACKAGE = ROOT / "jupyter_memguard"
WHOLE = (
    "__init__.py",
    "always_on/command.py",
    "config.py",
    "kernel/__init__.py",
    "kernel/messages.py",
    "magics/__init__.py",
    "magics/command.py",
)
# What JupyterLab does not read.
FOR_DEVELOPERS = ("devDependencies", "prettier", "resolutions", "scripts", "stylelint")


class CodeOnly(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the files that pyproject.toml excludes from the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files to a temporary folder, and name them to hatchling."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        for path in sorted(PACKAGE.rglob("*.py")):
            name = path.relative_to(PACKAGE).as_posix()
            if {"tests", "labextension"} & set(path.parts):
                continue
            text = path.read_text("utf-8")
            made = Path(self._folder.name, name)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(text if name in WHOLE else code_only(text), "utf-8", newline="\n")
            build_data["force_include"][str(made)] = path.relative_to(ROOT).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary folder, and pack the wheel anew, as tight as zlib can."""
        if version == "editable":
            return
        self._folder.cleanup()
        wheel = Path(artifact_path)
        loose = wheel.with_suffix(".loose")
        wheel.rename(loose)
        shortened = {}
        with ZipFile(loose) as source, ZipFile(wheel, "w") as target:
            for member in source.infolist():
                data = source.read(member)
                if member.filename.endswith(("/package.json", "/package.json.orig")):
                    data = shortened[member.filename] = for_users(data)
                elif member.filename.endswith(".dist-info/RECORD"):  # the last one
                    data = corrected(data, shortened)
                target.writestr(member, data, ZIP_DEFLATED, 9)
        loose.unlink()


def for_users(package: bytes) -> bytes:
    """Return a package.json without what is for developers."""
    fields = json.loads(package)
    kept = {name: value for name, value in fields.items() if name not in FOR_DEVELOPERS}
    return json.dumps(kept, separators=(",", ":")).encode()


def corrected(record: bytes, changed: dict[str, bytes]) -> bytes:
    """Return the wheel's list of files with the digests and sizes of those that were changed."""
    lines = []
    for line in record.decode().splitlines():
        name = line.split(",")[0]
        if name in changed:
            digest = base64.urlsafe_b64encode(hashlib.sha256(changed[name]).digest())
            lines.append(f"{name},sha256={digest.decode().rstrip('=')},{len(changed[name])}")
        else:
            lines.append(line)
    return "\n".join([*lines, ""]).encode()
