"""Put the kernel package into a running kernel, from texts in one silent message.

The browser sends one `execute_request` with one of its `user_expressions`, which runs this file
with some globals (scripts/kernel_bundle.py makes the expression). It is no cell's code, because
ipykernel hashes that in Python, at a millisecond for each 3 kB. The globals are

- `CORE` and `ENGINE`: the package's files, as base64 of the zlib-compressed JSON of a map from
  paths, such as "retention/keys.py", to texts; `ENGINE` is "" where it is not needed yet,
- `DIGEST`: a text that changes with the files,
- `OPTIONS_JSON`: the options of `start`, as JSON.

Where the kernel's own environment has the package with the same digest, that copy is imported
instead: it is compiled already.

Nothing here may fail loudly: the expression is evaluated in somebody's kernel.
"""

from __future__ import annotations

import base64
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import sys
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Iterator, Sequence

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

PACKAGE = "_jupyter_memguard"
INSTALLED = "jupyter_memguard"


class Texts(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """Finds and loads the package's modules from texts."""

    def __init__(self) -> None:
        """Begin without a text."""
        self.files: dict[str, str] = {}

    def add(self, packed: str) -> None:
        """Add files that are packed as `CORE` and `ENGINE` are."""
        self.files.update(json.loads(zlib.decompress(base64.b64decode(packed))))

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Be found by `import` for a while."""
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            # By identity: another finder may compare in its own way.
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

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
        """Return a spec for the package's own modules, None for any other."""
        if self._path(fullname) is None:
            return None
        is_package = self.is_package(fullname)
        return importlib.util.spec_from_loader(fullname, self, is_package=is_package)

    def is_package(self, fullname: str) -> bool:
        """Tell whether the module is a package."""
        return str(self._path(fullname)).endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        """Return the module's text, which tracebacks show."""
        return self.files[str(self._path(fullname))]

    def get_code(self, fullname: str) -> CodeType:
        """Compile under a file name that linecache asks the loader about.

        What begins like this, a debugger steps over, and coverage leaves out.
        """
        name = "<frozen jupyter-memguard>/" + str(self._path(fullname))
        return compile(self.get_source(fullname), name, "exec", dont_inherit=True)


def installed_copy(digest: str) -> ModuleType | None:
    """Import the package from the kernel's own environment, if it has the same digest there."""
    with suppress(Exception):
        spec = importlib.util.find_spec(INSTALLED)
        for folder in (spec and spec.submodule_search_locations) or ():
            with open(os.path.join(folder, "kernel", "_digest.py"), encoding="ascii") as file:  # noqa: PTH118, PTH123 - pathlib costs more than this is worth
                if file.read() == f'DIGEST = "{digest}"\n':
                    return importlib.import_module(INSTALLED + ".kernel")
    return None


def sent_copy(core: str, digest: str) -> ModuleType:
    """Import the package from its text."""
    texts = Texts()
    texts.add(core)
    with texts.importing():
        module = importlib.import_module(PACKAGE)
    vars(module)["DIGEST"] = digest
    return module


def install(core: str, engine: str, digest: str, options: dict[str, Any]) -> None:
    """Import the package unless these very files are there, and start it.

    Without an IPython shell nothing is installed. When the import fails, what
    was there before is put back.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    module = sys.modules.get(PACKAGE)
    if module is None or getattr(module, "DIGEST", None) != digest:
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
    if engine:
        module.load_engine(digest, engine)
    module.start(options)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do without collections, which would go through the user's objects for what is compiled."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


if "CORE" in globals():
    # Quiet in any case: the browser reads version 0.
    with suppress(Exception, KeyboardInterrupt), collector_paused():
        install(
            globals()["CORE"],
            globals()["ENGINE"],
            globals()["DIGEST"],
            json.loads(globals()["OPTIONS_JSON"]),
        )
