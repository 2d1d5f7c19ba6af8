"""The parts of the reference that are made of the sources while the site is built.

A page says ```` ```{generated} settings ```` where the table is to stand. A source that is no
longer as this module reads it ends the build, so that no row is missing unseen.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from docutils import nodes
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table in Markdown."""
    heads = list(head)
    lines = [heads, ["---"] * len(heads)]
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(value: object) -> str:
    """Write a value of JSON as code; nothing for None."""
    return "" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def settings() -> str:
    """Return the settings that a person has in JupyterLab, from their schema."""
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text("utf-8"))
    rows = []
    for key, value in schema["properties"].items():
        choices = "".join(f"; `{one['const']}`: {one['title']}" for one in value.get("oneOf", []))
        least = value.get("minimum", value.get("exclusiveMinimum"))
        above = " above" if "exclusiveMinimum" in value else ""
        span = "" if least is None else f"; {above or 'from'} {least} to {value['maximum']}".strip()
        rows.append(
            [
                f"`{key}`",
                value["title"],
                value["description"] + choices.replace("; ", " Values: ", 1),
                value["type"] + span,
                code(value["default"]),
            ]
        )
    return table(["key", "name", "what it does", "type", "default"], rows)


def server_settings() -> str:
    """Return the administrator's settings, from the traitlets that read them."""
    from jupyter_memguard.config import Memguard  # noqa: PLC0415 - when the site is built

    rows = []
    for name, trait in sorted(Memguard.class_own_traits(config=True).items()):
        rows.append(
            [f"`c.Memguard.{name}`", " ".join(trait.help.split()), code(trait.default_value)]
        )
    return table(["setting", "what it does", "default"], rows)


def commands() -> str:
    """Return JupyterLab's commands of ours, from the files that register them."""
    keys = {
        shortcut["command"]: " ".join(shortcut["keys"])
        for shortcut in json.loads((ROOT / "schema" / "plugin.json").read_text("utf-8"))[
            "jupyter.lab.shortcuts"
        ]
    }
    rows = []
    sources = [
        path.read_text("utf-8")
        for path in sorted((ROOT / "src").rglob("*.ts*"))
        if "__tests__" not in path.parts
    ]
    for source in sources:
        for names, listed in re.findall(r"(\w*CommandIDs) = \{(.*?)\} as const", source, re.DOTALL):
            captions = captions_of(names, sources)
            for name, command in re.findall(r"(\w+): '([^']+)'", listed):
                pressed = keys.pop(command, "")
                rows.append([f"`{command}`", captions[name], f"`{pressed}`" if pressed else ""])
    if keys:
        message = f"no such command, but it has keys: {sorted(keys)}"
        raise ValueError(message)
    return table(["command", "what it does", "keys"], rows)


def captions_of(names: str, sources: Iterable[str]) -> dict[str, str]:
    """Read what each command does: the caption, or else the first text, where it is registered."""
    found = {}
    starts = re.compile(r"(?:\badd(?:Command)?\(|\bid:)\s*" + names + r"\.(\w+),")
    text = re.compile(r"""(caption:\s*)?trans\.__\(\s*(?:'([^']*)'|"([^"]*)")\s*\)""")
    for source in sources:
        pieces = starts.split(source)
        for name, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            texts = text.findall(piece)
            captions = [one or two for caption, one, two in texts if caption]
            found[name] = captions[0] if captions else texts[0][1] or texts[0][2]
    return found


def magic() -> str:
    """Return what `%memguard?` says."""
    from jupyter_memguard.magics.command import Memguard  # noqa: PLC0415

    return f"```text\n{inspect.getdoc(Memguard.memguard)}\n```"


def command_line() -> str:
    """Return what `jupyter memguard` says of itself and of each of its actions."""
    from jupyter_memguard.always_on.command import _parser  # noqa: PLC0415

    parser = _parser()
    parts = [parser.format_help()]
    for action in parser._subparsers._group_actions:  # noqa: SLF001 - argparse tells no other way
        parts += [chosen.format_help() for chosen in action.choices.values()]
    return "\n\n".join(f"```text\n{part.strip()}\n```" for part in parts)


def endpoints() -> str:
    """Return the server's endpoints, from docs/openapi.json."""
    api = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    # The directive wants each text below a heading.
    parts = ["## All of them", api["info"]["description"]]
    for path, verbs in api["paths"].items():
        for verb, what in verbs.items():
            parts += [f"## {what['summary']}", f"`{verb.upper()} {path}`", what["description"]]
            asked = [
                [f"`{one['name']}`", one["in"], one["description"]]
                for one in (resolved(api, each) for each in what.get("parameters", []))
            ]
            if asked:
                parts.append(table(["parameter", "in", "meaning"], asked))
            answers = [
                [status, resolved(api, answer)["description"], schema_of(resolved(api, answer))]
                for status, answer in what["responses"].items()
            ]
            parts.append(table(["status", "when", "body"], answers))
    for name, schema in api["components"]["schemas"].items():
        parts += [f"## {name}", schema["description"]]
        rows = [
            [f"`{field}`", type_of(one), one.get("description", "")]
            for field, one in schema.get("properties", {}).items()
        ]
        if rows:
            parts.append(table(["field", "type", "meaning"], rows))
        if "enum" in schema:
            parts.append(", ".join(f"`{value}`" for value in schema["enum"]))
    return "\n\n".join(parts)


def resolved(api: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Follow a part's reference to a component, if it is one."""
    for name in part.get("$ref", "").split("/")[1:]:
        api = api[name]
    return api if "$ref" in part else part


def schema_of(answer: dict[str, Any]) -> str:
    """Name the schema of an answer's body."""
    content = answer.get("content", {}).get("application/json")
    return type_of(content["schema"]) if content else ""


def type_of(schema: dict[str, Any]) -> str:
    """Write a schema's type in words, linked where it is a component."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(type_of(one) for one in schema["oneOf"])
    if "items" in schema:
        return f"array of {type_of(schema['items'])}"
    found = schema.get("type", "any")
    return found if isinstance(found, str) else " or ".join(found)


def links() -> str:
    """Return every link to another site, with the documents that have it."""
    found: dict[str, list[str]] = {}
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for link in re.findall(r"\]\((https?://[^)\s]+)\)", path.read_text("utf-8")):
            found.setdefault(link, []).append(f"`{path.relative_to(ROOT).as_posix()}`")
    rows = ([f"<{link}>", ", ".join(dict.fromkeys(found[link]))] for link in sorted(found))
    return table(["link", "in"], rows)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "server-settings": server_settings,
    "commands": commands,
    "magic": magic,
    "command-line": command_line,
    "endpoints": endpoints,
    "links": links,
}


class Generated(SphinxDirective):
    """The part that the directive's one word names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the part, and read it as Markdown that stands in the page."""
        lines = dedent(PARTS[self.arguments[0]]()).splitlines()
        where = f"generated: {self.arguments[0]}"
        return self.parse_text_to_nodes(
            StringList(lines, source=where), offset=0, allow_section_headings=True
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
