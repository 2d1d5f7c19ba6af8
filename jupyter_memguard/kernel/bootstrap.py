"""Put the kernel package into a running kernel, from strings.

The browser sends one silent `execute_request` with a single statement::

    __import__("builtins").exec(
        __import__("builtins").compile(<this file>, "<jupyter-memguard>", "exec"),
        {"__name__": "_jupyter_memguard_bootstrap",
         "FILES_JSON": <JSON text of {"session.py": source, ...}>,
         "DIGEST": <any string that changes with the files>,
         "OPTIONS_JSON": <JSON text of the options>})

where every `<...>` is a string literal made with `JSON.stringify`, which is a
Python literal too. The two JSON texts are literals of text, because JSON has
words (`true`, `null`) that Python does not know. The builtins are taken by
import, because `from re import *` gives a notebook a `compile` of its own.

Nothing here may fail loudly: the statement runs in somebody's kernel.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

PACKAGE = "_jupyter_memguard"


class Sources(importlib.abc.InspectLoader, importlib.abc.MetaPathFinder):
    """Finds and loads the package's modules from a map of file names to texts."""

    def __init__(self, files: dict[str, str]) -> None:
        """Take the texts; `__init__.py` is the package itself."""
        self.files = {
            PACKAGE if name == "__init__.py" else PACKAGE + "." + name[:-3]: text
            for name, text in files.items()
        }

    def find_spec(
        self,
        fullname: str,
        _path: Sequence[str] | None = None,
        _target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a spec for the package's own modules, None for any other."""
        if fullname not in self.files:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == PACKAGE)

    def is_package(self, fullname: str) -> bool:
        """Tell whether the module is the package itself."""
        return fullname == PACKAGE

    def get_source(self, fullname: str) -> str:
        """Return the module's text, which tracebacks show."""
        return self.files[fullname]

    def get_code(self, fullname: str) -> CodeType:
        """Compile under a file name that linecache asks the loader about.

        What begins like this, a debugger steps over, and coverage leaves out.
        """
        name = "<frozen jupyter-memguard>/" + fullname.rpartition(".")[2] + ".py"
        return compile(self.files[fullname], name, "exec", dont_inherit=True)


def install(files: dict[str, str], digest: str, options: dict[str, Any]) -> None:
    """Import the package unless these very files are there, and start it.

    Without an IPython shell nothing is installed. When the import fails, what
    was there before is put back.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    module = sys.modules.get(PACKAGE)
    if getattr(module, "DIGEST", None) != digest:
        before = {
            name: sys.modules.pop(name)
            for name in list(sys.modules)
            if name.partition(".")[0] == PACKAGE
        }
        finder = Sources(files)
        sys.meta_path.insert(0, finder)
        try:
            module = importlib.import_module(PACKAGE)
            vars(module)["DIGEST"] = digest
        except BaseException:
            for name in list(sys.modules):
                if name.partition(".")[0] == PACKAGE:
                    del sys.modules[name]
            sys.modules.update(before)
            raise
        finally:
            sys.meta_path.remove(finder)
    if module is not None:
        module.start(options)


if "FILES_JSON" in globals():
    # Quiet in any case: the browser reads version 0.
    with suppress(Exception, KeyboardInterrupt):
        install(
            json.loads(globals()["FILES_JSON"]),
            globals()["DIGEST"],
            json.loads(globals()["OPTIONS_JSON"]),
        )
