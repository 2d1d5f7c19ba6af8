"""Make README's moving picture, docs/images/freeing.webp: `python3 scripts/moving_picture.py`.

A real browser plays ui-tests/moving-picture.spec.ts on a real JupyterLab with a real kernel, and
takes a picture of each step. The set-up is that of the tests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from environment import (
    ROOT,
    build_extension,
    check_machine,
    install_browser,
    install_python,
    programs,
    python,
    run,
    variables_of,
)

TARGET = ROOT / "docs" / "images" / "freeing.webp"
MOST_BYTES = 1_500_000
UI_TESTS = ROOT / "ui-tests"
# Run by the project's own Python, which has Pillow.
TOGETHER = """
import json, sys
from pathlib import Path
from PIL import Image
folder, target = map(Path, sys.argv[1:])
frames = json.loads((folder / "frames.json").read_text())
pictures = [Image.open(folder / frame["file"]).convert("RGB") for frame in frames]
pictures[0].save(
    target,
    save_all=True,
    append_images=pictures[1:],
    duration=[frame["milliseconds"] for frame in frames],
    loop=0,
    lossless=True,
    method=6,
)
"""


def main() -> int:
    """Take the frames and put them together; 1 if the story failed or the picture is too large."""
    check_machine()
    install_python("dev,test")
    build_extension()
    run(programs(ROOT / ".venv") / "jlpm", "install", "--immutable", cwd=UI_TESTS)
    with tempfile.TemporaryDirectory() as folder:
        playwright = UI_TESTS / "node_modules" / ".bin" / "playwright"
        command = [playwright, "test", "-c", "screenshots.config.js", "moving-picture"]
        variables = variables_of(
            MEMGUARD_FRAMES=folder, MEMGUARD_BROWSER=install_browser(), JUPYTER_PLATFORM_DIRS="1"
        )
        if subprocess.call(command, cwd=UI_TESTS, env=variables):
            return 1
        subprocess.run([python(), "-c", TOGETHER, folder, TARGET], check=True)
    size = TARGET.stat().st_size
    print(f"{TARGET.relative_to(ROOT)}: {size / 1e3:.0f} kB")
    return int(size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
