"""Pack the kernel package for the browser, which sends it to kernels.

Writes, all ignored by git:

- `src/kernel/sources/core.json`: `head` and `tail` of the expression that installs the core,
- `src/kernel/sources/engine.json`: `text`, the engine, for `ENGINE` or the request `load_engine`,
- `jupyter_memguard/kernel/_digest.py`: the digest of the whole, by which a kernel whose
  environment has this package knows that its copy is the same.

Comments and docstrings do not travel. Their lines do, empty, so that line numbers stay right.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import tokenize
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = ROOT / "jupyter_memguard" / "kernel"
SOURCES = ROOT / "src" / "kernel" / "sources"
DIGEST = KERNEL / "_digest.py"

# The one list of what belongs to which stage: a path here is a file or a folder ("name/").
# What is not listed is the core.
ENGINE = ("report/", "sizing/", "releases.py", "retention/referrers.py", "retention/still_alive.py")
# What is no part of the package in a kernel.
NOT_SENT = ("bootstrap.py", "messages.py", "_digest.py", "tests/")


def files() -> dict[str, Path]:
    """Return all files of the package that kernels get, by their paths within the package."""
    found = {path.relative_to(KERNEL).as_posix(): path for path in sorted(KERNEL.rglob("*.py"))}
    return {name: path for name, path in found.items() if not name.startswith(NOT_SENT)}


def is_engine(name: str) -> bool:
    """Return whether a file, by its path within the package, belongs to the engine."""
    return name.startswith(ENGINE)


def code_only(text: str) -> str:
    """Return a module's text with comments and docstrings left out, each line in its place."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                for index in range(first.lineno - 1, first.end_lineno or first.lineno):
                    lines[index] = "\n"
                if len(node.body) == 1 and not isinstance(node, ast.Module):
                    lines[first.lineno - 1] = " " * first.col_offset + "0\n"
    without_docstrings = "".join(lines)
    for token in tokenize.generate_tokens(io.StringIO(without_docstrings).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    return "".join(lines)


def packed(texts: dict[str, str]) -> str:
    """Return files as bootstrap.py unpacks them: base64 of zlib-compressed JSON."""
    return base64.b64encode(zlib.compress(json.dumps(texts).encode("ascii"), 9)).decode("ascii")


def expression(core: dict[str, str], digest: str) -> tuple[str, str]:
    """Return head and tail of the expression that installs files, by their paths, as the core.

    Between them comes a JSON object of texts with `OPTIONS_JSON` and `ENGINE` (see bootstrap.py).
    The expression's value is the protocol's version; where nothing was installed, 0 without an
    IPython shell and -1 with one: kernels that are built on ipykernel import IPython and need not
    have a shell. It is evaluated in the user's namespace and binds nothing there.
    """
    bootstrap = code_only((KERNEL / "bootstrap.py").read_text("ascii"))
    fixed = {"__name__": "_jupyter_memguard_bootstrap", "CORE": packed(core), "DIGEST": digest}
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
        {"digest": digest, "head": head, "tail": tail},
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
    write(DIGEST, f'DIGEST = "{core["digest"]}"\n')
    sizes = ", ".join(f"{len(json.dumps(part)) / 1000:.0f} kB" for part in (core, engine))
    print(f"kernel code: core and engine, {sizes}, digest {core['digest']}")


if __name__ == "__main__":
    main()
