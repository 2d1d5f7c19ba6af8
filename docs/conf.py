"""Sphinx's configuration: the pages of this folder as a site, in build/docs.

`scripts/docs.py` builds it. The pages are those that people read in the repository: links that
leave docs/ lead to the page that has that file, or to the file in the repository.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PACKAGE = json.loads((ROOT / "package.json").read_text("utf-8"))
SOURCES = PACKAGE["homepage"] + "/blob/main/"
# Files above docs/ that are pages of the site: each has a page that names it.
ABOVE = {
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "RELEASE.md": "release.md",
    "SECURITY.md": "security-policy.md",
}
LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")

sys.path[:0] = [str(ROOT), str(DOCS)]

project = "jupyter-memguard"
author = PACKAGE["author"]
project_copyright = author
release = version = PACKAGE["version"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generated"]
default_role = "code"
myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints = "description"
html_theme = "pydata_sphinx_theme"
html_title = "jupyter-memguard"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "icon_links": [
        {"name": "Repository", "url": PACKAGE["homepage"], "icon": "fa-brands fa-github"}
    ],
    "show_prev_next": False,
}


def relink(text: str, folder: Path) -> str:
    """Return a page's text with the links of a file in `folder` as the site needs them."""

    def target(match: re.Match[str]) -> str:
        before, link, after = match.groups()
        if "://" in link or link.startswith("mailto:"):
            return match[0]
        path = (folder / link).resolve()
        if not path.exists():
            return match[0]  # myst says that it leads nowhere
        name = path.relative_to(ROOT).as_posix()
        if name in ABOVE:
            path = DOCS / ABOVE[name]
        elif DOCS not in path.parents or path.suffix != ".md":
            return f"{before}{SOURCES}{name}{after}"
        return f"{before}/{path.relative_to(DOCS).as_posix()}{after}"

    return LINK.sub(target, text)


def read(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put a file from above docs/ in the place of the page that names it, and mend links."""
    above = {Path(name).stem: file for file, name in ABOVE.items() if file != "README.md"}
    if page in above:
        source[0] = relink((ROOT / above[page]).read_text("utf-8"), ROOT)
    else:
        source[0] = relink(source[0], (DOCS / page).parent)


def copy_files(app: Sphinx, error: Exception | None) -> None:
    """Copy what pages name in HTML, or offer as a file."""
    if error is None:
        shutil.copytree(DOCS / "images", Path(app.outdir) / "images", dirs_exist_ok=True)
        shutil.copy(DOCS / "openapi.json", app.outdir)


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.connect("source-read", read)
    app.connect("build-finished", copy_files)
