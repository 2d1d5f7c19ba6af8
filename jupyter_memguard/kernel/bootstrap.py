"""Put the kernel package into a running kernel, from texts in one silent message.

The browser sends one `execute_request`. One of its `user_expressions` runs this file with some
globals; scripts/kernel_bundle.py makes the expression. The file is not sent as a cell's code,
because ipykernel hashes a cell's code in Python, at a millisecond for each 3 kB. The globals are

- `CORE` and `ENGINE`: the package's files, as base64 of the zlib-compressed JSON of a map from
  paths, such as "retention/keys.py", to texts; `ENGINE` is "" if it is not needed yet,
- `DIGEST`: a text that changes with the files, and `RELEASE`, the version of the whole,
- `OPTIONS_JSON`: the options of `start`, as JSON.

If the kernel's own environment has the package with the same digest, that copy is imported
instead, because it is compiled already.

Nothing here may print or raise an error: the expression runs in somebody's kernel.
"""

from __future__ import annotations

import base64
import gc
import importlib
import importlib.abc
import importlib.util
import json
import re
import sys
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Sequence

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

PACKAGE = "_jupyter_memguard"
INSTALLED = "jupyter_memguard"


class Texts(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """Finds and loads the package's modules from their texts."""

    def __init__(self) -> None:
        """Begin without a text."""
        self.files: dict[str, str] = {}

    def add(self, packed: str) -> None:
        """Add files, packed in the format of `CORE` and `ENGINE`."""
        self.files.update(json.loads(zlib.decompress(base64.b64decode(packed))))

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Return a context in which `import` uses this finder."""
        try:
            sys.meta_path.insert(0, self)
            yield
        finally:
            # Compare identities, because another finder may define its own `==`. Only one entry
            # goes: another thread may be importing, too.
            for index, finder in enumerate(sys.meta_path):
                if finder is self:
                    del sys.meta_path[index]
                    break

    def _path(self, fullname: str) -> str | None:
        package, _, name = fullname.partition(".")
        base = name.replace(".", "/")
        paths = (f"{base}/__init__.py" if base else "__init__.py", base + ".py")
        found = [path for path in paths if path in self.files]
        return found[0] if found and package == PACKAGE else None

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a spec for a module of the package, None for other modules."""
        if self._path(fullname) is None:
            return None
        is_package = self.is_package(fullname)
        return importlib.util.spec_from_loader(fullname, self, is_package=is_package)

    def is_package(self, fullname: str) -> bool:
        """Return whether a module is a package."""
        return str(self._path(fullname)).endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        """Return a module's text, which tracebacks show."""
        return self.files[str(self._path(fullname))]

    def get_code(self, fullname: str) -> CodeType:
        """Compile a module's text.

        The file name makes linecache get the source from this loader, debuggers step over the
        code, and coverage leave it out.
        """
        name = "<frozen jupyter-memguard>/" + str(self._path(fullname))
        return compile(self.get_source(fullname), name, "exec", dont_inherit=True)


def installed_copy(digest: str) -> ModuleType | None:
    """Import the copy in the kernel's own environment; None if none there has this digest.

    A folder of this name beside the notebook is no such copy: its code was not installed.
    """
    with suppress(Exception):
        spec = importlib.util.find_spec(INSTALLED)
        for folder in (spec and spec.submodule_search_locations) or ():
            here = Path(folder)
            if here.resolve().parent == Path.cwd():
                continue
            if (here / "kernel" / "digest.txt").read_text("ascii") == digest:
                module = importlib.import_module(INSTALLED + ".kernel")
                # What was imported before the files were replaced is an older build.
                return module if getattr(module, "DIGEST", None) == digest else None
    return None


def sent_copy(core: str, digest: str) -> ModuleType:
    """Import the package from the text of the core."""
    texts = Texts()
    texts.add(core)
    with texts.importing():
        module = importlib.import_module(PACKAGE)
    vars(module)["DIGEST"] = digest
    return module


def stays(module: Any, digest: str, release: str) -> bool:
    """Return whether the copy that is there is this one, or a newer release with its engine."""
    found = getattr(module, "DIGEST", None)
    theirs, ours = (
        tuple(map(int, re.findall("[0-9]+", text)))
        for text in (str(getattr(module, "RELEASE", "")), release)
    )
    return bool(found == digest or (theirs > ours and module._stages.has_engine()))  # noqa: SLF001


def install(core: str, engine: str, digest: str, options: dict[str, Any], release: str) -> None:
    """Import the package, unless a copy with this digest or a newer one is there, and start it.

    Without an IPython shell nothing happens. If the import fails, an earlier copy stays.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    module = sys.modules.get(PACKAGE)
    if module is None or not stays(module, digest, release):
        before = {
            name: sys.modules.pop(name)
            for name in list(sys.modules)
            if name.partition(".")[0] == PACKAGE
        }
        try:
            module = installed_copy(digest) or sent_copy(core, digest)
        except BaseException:
            for name in list(sys.modules):
                if name.partition(".")[0] == PACKAGE:
                    del sys.modules[name]
            sys.modules.update(before)
            raise
        sys.modules[PACKAGE] = module
        vars(module)["RELEASE"] = release
    if engine and getattr(module, "DIGEST", None) == digest:
        module.load_engine(digest, engine)
    module.start(options)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Turn automatic collection off.

    Compiling makes many objects, and a collection for them would go through all objects of the
    user.
    """
    enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if enabled:
            gc.enable()


if "CORE" in globals():
    # An error stays silent: the browser sees from what answers, or does not, what is there.
    with suppress(Exception, KeyboardInterrupt), collector_paused():
        install(
            globals()["CORE"],
            globals()["ENGINE"],
            globals()["DIGEST"],
            json.loads(globals()["OPTIONS_JSON"]),
            globals()["RELEASE"],
        )
