"""`%memguard`: what IPython keeps, freed and guarded against where no panel is.

`%load_ext jupyter_memguard` calls `load`, `%unload_ext jupyter_memguard` calls `unload`, and the
file that `jupyter memguard enable` writes calls `start`. docs/magics.md describes the commands.
Everything here needs IPython and the standard library alone.
"""

from __future__ import annotations

import threading
from typing import Any

from IPython.core.error import UsageError

from ..kernel import set_guard
from . import engine
from .command import NAME, Memguard
from .words import completions, in_words

_HOOK = "complete_command"
_KEY = "%" + NAME
# The shell's own attribute finds what was put into it, also where this module was imported anew.
_ATTRIBUTE = "_jupyter_memguard_magics"


class _Loaded:
    """What one shell was given, and how it is taken away."""

    def __init__(self, shell: Any) -> None:
        """Put the magics, their completion and the cell's line into the shell."""
        self.shell = shell
        self.made_session = engine.attach(shell)
        self.command = Memguard(shell)
        tables = shell.magics_manager.magics
        self.before = {kind: tables[kind].get(NAME) for kind in ("line", "cell")}
        tables["line"][NAME] = self.command.memguard
        tables["cell"][NAME] = self.command.memguard
        self.cleanup = self.command.cells.rewritten
        shell.input_transformer_manager.cleanup_transforms.append(self.cleanup)
        self.is_configured = False
        self.had_hook = _HOOK in shell.strdispatchers
        shell.set_hook(_HOOK, _complete, str_key=_KEY)

    def remove(self) -> None:
        """Take all of it away, the session too if nobody else uses it."""
        self.command.cells.stop()
        tables = self.shell.magics_manager.magics
        for kind, before in self.before.items():
            if before is None:
                tables[kind].pop(NAME, None)
            else:
                tables[kind][NAME] = before
        # By identity: a comparison could run the code of somebody else's transformer.
        transforms = self.shell.input_transformer_manager.cleanup_transforms
        transforms[:] = [other for other in transforms if other is not self.cleanup]
        dispatcher = self.shell.strdispatchers.get(_HOOK)
        if dispatcher is not None:
            dispatcher.strs.pop(_KEY, None)
            if not self.had_hook and not dispatcher.strs and not dispatcher.regexs:
                del self.shell.strdispatchers[_HOOK]
        if self.made_session:
            engine.detach(self.shell)


def load(shell: Any) -> None:
    """Add `%memguard` and `%%memguard` to a shell. A second call changes nothing."""
    if shell is None:
        message = "jupyter_memguard is for IPython's shells, and none runs here."
        raise RuntimeError(message)
    if _ATTRIBUTE in vars(shell):
        return
    # By its name: ipykernel 7 has the class. What runs in a subshell would count as the main shell.
    if type(threading.current_thread()).__name__ == "SubshellThread":
        raise UsageError(in_words("wrong_thread"))
    vars(shell)[_ATTRIBUTE] = _Loaded(shell)


def unload(shell: Any) -> None:
    """Take away what `load` added."""
    loaded = vars(shell).pop(_ATTRIBUTE, None)
    if loaded is not None:
        loaded.remove()


def start(shell: Any, mode: str = "off", **settings: Any) -> None:
    """Load the extension, and set the guard unless a front end has set one: for configuration.

    The guard's settings are those of `jupyter_memguard.kernel.set_guard`. IPython runs the
    system's configuration first and the user's last, and the last one counts. The mode "off" sets
    nothing if there was none before, so that a notebook's or a front end's own guard counts.
    """
    shell.extension_manager.load_extension("jupyter_memguard")
    loaded: _Loaded = vars(shell)[_ATTRIBUTE]
    if loaded.is_configured or (mode != "off" and not engine.is_guard_set(shell)):
        set_guard(mode, **settings)
        loaded.is_configured = True


def _complete(_shell: Any, event: Any) -> list[str]:
    """Return the words that may stand where the cursor is."""
    return completions(event.line, event.symbol)
