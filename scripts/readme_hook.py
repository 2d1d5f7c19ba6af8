"""Give the package a description that is right outside the repository.

PyPI shows README, and knows none of the files beside it: a picture or a page that is named by its
place in the repository becomes the one that belongs to the version's tag there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# `![what it shows](picture)` and `[words](page)`, but neither another site's nor a place in README.
LINK = re.compile(r"(!?)(\[[^\]]*\])\((?!https?:|#)([^)\s]+)\)")


class Readme(MetadataHookInterface):
    """Sets the field `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Write the description, as of the version's tag."""
        text = Path(self.root, "README.md").read_text("utf-8")
        place = "{}/{{}}/v{}".format(metadata["urls"]["Source"], metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": with_links_into(place, text)}


def with_links_into(place: str, text: str) -> str:
    """Return a text whose links lead into a repository; `{}` becomes what is asked of it."""

    def link(found: re.Match[str]) -> str:
        is_picture, words, target = found.groups()
        return f"{is_picture}{words}({place.format('raw' if is_picture else 'blob')}/{target})"

    return LINK.sub(link, text)
