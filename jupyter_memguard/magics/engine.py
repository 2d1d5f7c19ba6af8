"""One engine a kernel: which copy of the kernel code serves a shell, and who says so.

A page may have put its own copy into the kernel, before or after the extension is loaded. There is
one state in any case (see kernel/session.py); the newer release's code has it, and of two builds of
one release this environment's has it, because it is compiled already. kernel/bootstrap.py decides
by the same rule when a page comes later.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from ..kernel import session, start

# The name under which kernel/bootstrap.py finds the copy that a kernel has.
_COPY = "_jupyter_memguard"
_kernel = sys.modules[str(session.__package__)]


def release_of(module: Any) -> tuple[int, ...]:
    """Return the release of a copy as numbers; of a copy that has none, `()`."""
    return tuple(map(int, re.findall(r"\d+", str(getattr(module, "RELEASE", "")))))


def attach(shell: Any) -> bool:
    """Serve the shell, with this copy unless a newer one is there; return if nobody did before.

    A change of copies is told, because the panel then talks with another one than before.
    """
    vars(_kernel)["RELEASE"] = _own_release()
    before = vars(shell).get(session.ATTRIBUTE)
    if before is not None and type(before) is not session.Session:
        theirs = _module_of(before)
        if release_of(theirs) > release_of(_kernel):
            print(_sentence("stays", theirs))  # noqa: T201 - it is for the person who loads this
            return False
        print(_sentence("took over from", theirs))  # noqa: T201
    start({})
    sys.modules.setdefault(_COPY, _kernel)
    if before is not None:
        sys.modules[_COPY] = _kernel
    return before is None


def detach(shell: Any) -> None:
    """Remove this copy's session, and with it its guard, unless a page is connected to it."""
    found = vars(shell).get(session.ATTRIBUTE)
    if type(found) is not session.Session or found.channel._comms:  # noqa: SLF001
        return
    releases = found.made("releases")
    if releases is not None:
        releases.settling.stop()
    found.hand_over()
    del vars(shell)[session.ATTRIBUTE]
    if sys.modules.get(_COPY) is _kernel:
        del sys.modules[_COPY]


def is_guard_set(shell: Any) -> bool:
    """Return whether the guard was ever set in this kernel, by whichever copy."""
    return bool(vars(shell)[session.ATTRIBUTE].guard_state()["set"])


def newcomer(shell: Any) -> str | None:
    """Return a sentence where a page's copy has taken over since, else None."""
    found = vars(shell).get(session.ATTRIBUTE)
    if found is None or type(found) is session.Session:
        return None
    return _sentence("took over", _module_of(found))


def _module_of(found: Any) -> Any:
    """Return the package of another copy's session."""
    package = str(type(found).__module__).rpartition(".")[0]
    return sys.modules.get(package)


def _own_release() -> str:
    return str(getattr(sys.modules.get("jupyter_memguard"), "__version__", ""))


def _sentence(what: str, theirs: Any) -> str:
    """Say which copy serves this kernel now, and which did before."""
    ours = "jupyter-memguard " + _own_release()
    other = " ".join(filter(None, ["jupyter-memguard", str(getattr(theirs, "RELEASE", ""))]))
    if what == "took over from":
        return f"{ours} of this environment took over from {other} of the front end."
    verb = "stays in this kernel" if what == "stays" else "took over in this kernel"
    return f"{other} of the front end {verb}; this environment's is {_own_release()}."
