"""In which environments the guard is on, and why it is not in the others.

Each environment is asked by its own Python which folders its IPython reads, and whether the package
is there. Nothing of the user's configuration is run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from . import drop_in

_PATIENCE_S = 60
# What runs in the other Python: any version from 3.6 on.
_QUESTION = """
import importlib.util, json, os, sys
found = {"prefix": sys.prefix, "python": "%d.%d" % sys.version_info[:2], "ipython": None,
         "folders": [], "configs": [], "package": None}
try:
    spec = importlib.util.find_spec("jupyter_memguard")
    if spec is not None and spec.submodule_search_locations:
        here = list(spec.submodule_search_locations)[0]
        found["package"] = here if os.path.isdir(os.path.join(here, "magics")) else "old"
except Exception:
    pass
try:
    import IPython
    from IPython.core import shellapp
    from IPython.core.application import SYSTEM_CONFIG_DIRS
    from IPython.paths import get_ipython_dir
    found["ipython"] = IPython.__version__
    profile = os.path.join(get_ipython_dir(), "profile_default")
    shared = list(getattr(shellapp, "ENV_CONFIG_DIRS", []))
    if hasattr(shellapp, "SYSTEM_CONFIG_DIRS"):
        shared += [each for each in SYSTEM_CONFIG_DIRS if each not in shared]
    found["configs"] = [profile] + shared
    found["folders"] = [os.path.join(each, "startup") for each in [profile] + shared]
except Exception:
    pass
print(json.dumps(found))
"""


class Environment(NamedTuple):
    """An environment by the name of its kernel, and the Python that runs there, if any."""

    name: str
    python: str | None
    variables: dict[str, str]
    language: str


def environments() -> list[Environment]:
    """Return this environment, and those of the kernels that Jupyter offers here."""
    here = Environment("this Python", sys.executable, {}, "python")
    found = [here]
    for name, spec in sorted(_kernelspecs().items()):
        words = list(spec.get("argv") or [""])
        language = str(spec.get("language", "")).lower()
        python = _python_of(words[0]) if language == "python" else None
        found.append(Environment(name, python, dict(spec.get("env") or {}), language))
    return found


def _kernelspecs() -> dict[str, dict[str, Any]]:
    """Return the specs of kernels; nothing where no jupyter_client is."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - it may be missing

        specs = KernelSpecManager().get_all_specs()
    except Exception:  # noqa: BLE001 - what Jupyter cannot read is not ours to mend
        return {}
    return {name: dict(each["spec"]) for name, each in specs.items()}


def _python_of(word: str) -> str:
    """Return the Python of a kernelspec; jupyter_client, too, takes its own for a bare name."""
    name = Path(word).name
    major = f"python{sys.version_info[0]}"
    if word == name and name in ("python", major, f"{major}.{sys.version_info[1]}"):
        return sys.executable
    return word


def verdict(environment: Environment) -> str:
    """Say whether the guard is on in an environment from its start, or why it is not."""
    if environment.language != "python":
        return f"not in effect: its language is {environment.language or 'not told'}"
    found = _asked(environment)
    if found is None:
        return f"not known: {environment.python} could not be asked"
    if found["ipython"] is None:
        return "not in effect: there is no IPython"
    if found["package"] is None:
        return "not in effect: jupyter_memguard is not installed there"
    if found["package"] == "old":
        return "not in effect: the jupyter_memguard there is too old"
    return _from_files(found) + _broken(found)


def _from_files(found: dict[str, Any]) -> str:
    """Say which file decides: IPython runs the system's first and the user's last."""
    problems = []
    for folder in found["folders"]:
        path = Path(folder) / drop_in.NAME
        try:
            wanted = drop_in.read(path)
        except drop_in.Untouched as problem:
            problems.append(str(problem))
        except OSError as problem:
            problems.append(f"{path} cannot be read ({problem.strerror})")
        else:
            if wanted is not None:
                return "; ".join([f"in effect: guard {wanted.mode}, by {path}", *problems])
    folders = ", ".join(found["folders"])
    return "; ".join(["not in effect: not enabled in " + folders, *problems])


def _broken(found: dict[str, Any]) -> str:
    """Name configuration of IPython's that Python cannot read; it is told, and not touched."""
    said = ""
    for folder in found["configs"]:
        for name in ("ipython_config.py", "ipython_kernel_config.py"):
            path = Path(folder) / name
            try:
                compile(path.read_bytes(), str(path), "exec")
            except (SyntaxError, ValueError):
                said += f"; {path} is broken: IPython skips it"
            except OSError:
                continue
    return said


def _asked(environment: Environment) -> dict[str, Any] | None:
    """Return what an environment's Python answers, None if it does not."""
    try:
        done = subprocess.run(  # noqa: S603 - the Python that a kernelspec names
            [str(environment.python), "-c", _QUESTION],
            env={**os.environ, **environment.variables},
            # Not here: a folder of the package's name would be found instead.
            cwd=tempfile.gettempdir(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    else:
        return answer
