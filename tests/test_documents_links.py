"""The links of README, docs/ and the other documents lead somewhere.

Those inside the repository are followed, with their anchors. Those to other sites are listed on
the site's page docs/project.md and checked for their form: no test needs the net.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for folder in ("", "docs", "benchmarks/sessions", "examples")
    for path in ((ROOT / folder).rglob("*.md") if folder else ROOT.glob("*.md"))
    if "node_modules" not in path.parts
)
LINK = re.compile(r"""\]\(([^)\s]+)\)|\b(?:href|src|srcset)="([^"]+)\"""")
FENCE = re.compile(r"(?ms)^( *)(```+|~~~+).*?^\1\2 *$")


def prose(path: Path) -> str:
    """Return a document without its blocks of code and its code in lines."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text("utf-8")))


def links(path: Path) -> list[str]:
    """Return where a document's links and pictures lead."""
    return [one or other for one, other in LINK.findall(prose(path))]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and the site make them."""
    heads = re.findall(r"(?m)^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_links_to_other_sites_have_the_right_form() -> None:
    found = {link for path in DOCUMENTS for link in links(path) if "://" in link}
    assert len(found) > 3
    for link in found:
        parts = urlsplit(link)
        assert parts.scheme == "https", link
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
        assert not set(parts.path) & set(" <>\"'"), link


def test_each_page_is_part_of_the_site() -> None:
    told = {
        (page.parent / name).resolve()
        for page in (ROOT / "docs").rglob("*.md")
        for block in re.findall(r"(?s)```\{toctree\}\n(.*?)```", page.read_text("utf-8"))
        for line in re.findall(r"(?m)^(?:.*<)?([\w/-]+)>?$", block)
        for name in [f"{line}.md"]
    }
    pages = {path.resolve() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - told == {(ROOT / "docs" / "index.md").resolve()}
    assert told <= pages
