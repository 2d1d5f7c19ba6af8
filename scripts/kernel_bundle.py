"""Pack the kernel package for the browser, which sends it to kernels.

Writes, all ignored by git:

- `src/kernel/sources/core.json`: `head` and `tail` of the expression that installs the core,
- `src/kernel/sources/engine.json`: `text`, the engine, for `ENGINE` or the request `load_engine`,
- `jupyter_memguard/kernel/digest.txt`: the digest of the whole, by which a kernel whose
  environment has this package knows that its copy is the same.

Comments, docstrings and types do not travel, nor spaces that only people need. Lines do, so that
their numbers stay right.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import tokenize
import zlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = ROOT / "jupyter_memguard" / "kernel"
SOURCES = ROOT / "src" / "kernel" / "sources"
DIGEST = KERNEL / "digest.txt"
PACKAGE = ROOT / "package.json"

# The one list of what belongs to which stage: a path here is a file or a folder ("name/").
# What is not listed is the core.
ENGINE = (
    "reports/",
    "rest/",
    "sizing/",
    "releases.py",
    "retention/dask.py",
    "retention/paths.py",
    "retention/reach.py",
    "retention/referrers.py",
    "retention/still_alive.py",
)
# What is no part of the package in a kernel.
NOT_SENT = ("bootstrap.py", "messages.py", "tests/")

_TEXT_BEGINS = getattr(tokenize, "FSTRING_START", -1)
_TEXT_ENDS = getattr(tokenize, "FSTRING_END", -1)
_WORDS = (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, _TEXT_BEGINS, _TEXT_ENDS)
_NO_CODE = (
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
)


def files() -> dict[str, Path]:
    """Return all files of the package that kernels get, by their paths within the package."""
    found = {path.relative_to(KERNEL).as_posix(): path for path in sorted(KERNEL.rglob("*.py"))}
    return {name: path for name, path in found.items() if not name.startswith(NOT_SENT)}


def is_engine(name: str) -> bool:
    """Return whether a file, by its path within the package, belongs to the engine."""
    return name.startswith(ENGINE)


def code_only(text: str) -> str:
    """Return a module's text without what a kernel does not need, each line in its place.

    That is comments, docstrings, the types of names, of functions' parameters and results, and what
    is for type checkers alone, which take time and memory to compile.
    """
    lines = text.splitlines(keepends=True)
    nodes = list(ast.walk(ast.parse(text)))
    # A named tuple is made of its class's types.
    kept = {id(each) for node in nodes if isinstance(node, ast.ClassDef) for each in node.body}
    for node in nodes:
        if isinstance(node, ast.AnnAssign) and node.value is not None and id(node) not in kept:
            _blank_type(lines, node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _blank_types(lines, node)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _blank_docstring(lines, node)
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            first, last = node.body[0], node.body[-1]
            _blank(lines, _span(first)[0], _span(last)[1])
            lines[first.lineno - 1] = " " * first.col_offset + "0\n"
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type == tokenize.COMMENT:
            _blank(lines, token.start, token.end)
    return _tight(lines)


def _tight(lines: list[str]) -> str:
    """Return the lines with one space for four at their beginning, and none where none is needed.

    Texts stay as they are, also those with values in them, which Python takes apart only from 3.12
    on: the result is the same whatever Python makes it.
    """
    gaps = []
    row, column, was_word, depth, is_first = 1, 0, False, 0, True
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type in _NO_CODE:
            is_first = is_first or token.type == tokenize.NEWLINE
            continue
        is_word = token.type in _WORDS
        if depth == 0:
            start = token.start
            if start[0] > row:
                gaps.append((start[0], 0, start[1], " " * (start[1] // 4 if is_first else 0)))
            else:
                gaps.append((row, column, start[1], " " if was_word and is_word else ""))
        depth += (token.type == _TEXT_BEGINS) - (token.type == _TEXT_ENDS)
        (row, column), was_word, is_first = token.end, is_word, False
    for row, start, end, gap in reversed(gaps):
        if end > start:
            line = lines[row - 1]
            lines[row - 1] = line[:start] + gap + line[end:]
    return "".join(line.rstrip() + "\n" for line in lines)


def _blank_docstring(
    lines: list[str], node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
) -> None:
    first = node.body[0] if node.body else None
    if ast.get_docstring(node, clean=False) is not None and isinstance(first, ast.Expr):
        _blank(lines, *_span(first))
        if len(node.body) == 1 and not isinstance(node, ast.Module):
            lines[first.lineno - 1] = " " * first.col_offset + "0\n"


def _blank_types(lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    every = node.args
    parameters = [*every.posonlyargs, *every.args, every.vararg, *every.kwonlyargs, every.kwarg]
    for parameter in parameters:
        if parameter is not None and parameter.annotation is not None:
            start = (parameter.lineno, parameter.col_offset + len(parameter.arg))
            _blank(lines, start, _span(parameter.annotation)[1])
    if node.returns is not None:
        start, end = _span(node.returns)
        arrow = lines[start[0] - 1].rindex("->", 0, start[1])
        _blank(lines, (start[0], arrow), end)


def _blank_type(lines: list[str], node: ast.AnnAssign) -> None:
    start, end = _span(node.target)[1], _span(node.annotation)[1]
    if start[0] == end[0]:
        _blank(lines, start, end)


def _span(node: ast.expr | ast.stmt) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return line and column where a node begins and ends; lines count from 1."""
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


def _blank(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Overwrite a stretch of the lines with spaces."""
    for row in range(start[0], end[0] + 1):
        line = lines[row - 1]
        first = start[1] if row == start[0] else 0
        last = end[1] if row == end[0] else len(line.rstrip("\n"))
        lines[row - 1] = line[:first] + " " * (last - first) + line[last:]


def packed(texts: dict[str, str]) -> str:
    """Return files as bootstrap.py unpacks them: base64 of zlib-compressed JSON.

    Files of one folder have most words in common, so they follow each other.
    """
    in_folders = sorted(texts.items(), key=lambda item: item[0].rpartition("/"))
    text = json.dumps(dict(in_folders)).encode("ascii")
    return base64.b64encode(zlib.compress(text, 9)).decode("ascii")


@cache
def bootstrap_code() -> str:
    """Return the code of bootstrap.py, made once."""
    return code_only((KERNEL / "bootstrap.py").read_text("ascii"))


def release() -> str:
    """Return the version of the package."""
    version: str = json.loads(PACKAGE.read_text())["version"]
    return version


def expression(core: dict[str, str], digest: str, version: str | None = None) -> tuple[str, str]:
    """Return head and tail of the expression that installs files, by their paths, as the core.

    `version` is this build's unless another is named.

    Between them comes a JSON object of texts with `OPTIONS_JSON` and `ENGINE` (see bootstrap.py).
    The expression's value is the protocol's version; where nothing was installed, 0 without an
    IPython shell and -1 with one: kernels that are built on ipykernel import IPython and need not
    have a shell. It is evaluated in the user's namespace and binds nothing there.
    """
    bootstrap = bootstrap_code()
    fixed = {
        "__name__": "_jupyter_memguard_bootstrap",
        "CORE": packed(core),
        "DIGEST": digest,
        "RELEASE": version if version is not None else release(),
    }
    # JSON's texts are Python's too, and so is a map from texts to texts. The builtins are taken by
    # import, because `from re import *` gives a notebook a `compile` of its own. A debugger steps
    # over files whose names begin like this one.
    head = (
        '[__import__("builtins").exec(__import__("builtins").compile('
        f'{json.dumps(bootstrap)}, "<frozen jupyter-memguard>/bootstrap.py", "exec"), '
        f"{{**{json.dumps(fixed)}, **"
    )
    tail = (
        '}), __import__("builtins").getattr(__import__("sys").modules.get("_jupyter_memguard"), '
        '"PROTOCOL_VERSION", 0 - ("IPython" in __import__("sys").modules '
        'and __import__("IPython").get_ipython() is not None))][1]'
    )
    return head, tail


def stages() -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of the core and of the engine, as they travel."""
    texts = {name: code_only(path.read_text("ascii")) for name, path in files().items()}
    engine = {name: texts.pop(name) for name in list(texts) if is_engine(name)}
    return texts, engine


def bundle() -> tuple[dict[str, str], dict[str, str]]:
    """Return the contents of core.json and engine.json."""
    core, engine = stages()
    every = [expression({}, ""), core, engine]
    digest = hashlib.sha256(json.dumps(every).encode("ascii")).hexdigest()[:16]
    head, tail = expression(core, digest)
    return (
        {"digest": digest, "release": release(), "head": head, "tail": tail},
        {"digest": digest, "text": packed(engine)},
    )


def write(path: Path, text: str) -> None:
    """Write a file, unless it is like that already: watchers would build for nothing."""
    if not path.exists() or path.read_text("ascii") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "ascii", newline="\n")


def main() -> None:
    """Write the files."""
    core, engine = bundle()
    write(SOURCES / "core.json", json.dumps(core))
    write(SOURCES / "engine.json", json.dumps(engine))
    write(DIGEST, core["digest"])
    sizes = ", ".join(f"{len(json.dumps(part)) / 1000:.0f} kB" for part in (core, engine))
    print(f"kernel code: core and engine, {sizes}, digest {core['digest']}")


if __name__ == "__main__":
    main()
