"""The command line `jupyter memguard enable | disable | status`."""

from __future__ import annotations

import argparse
import sys
from typing import Sequence

from ..kernel.protocol import MODES
from ..size_words import read_size
from . import drop_in
from .environments import environments, verdict
from .places import SCOPES, WHOSE, place


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, or 1 if something was left undone."""
    asked = _parser().parse_args(words)
    actions = {"enable": _enable, "disable": _disable, "status": _status}
    return actions[asked.action](asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter memguard",
        description="Have IPython guard the memory from its start: in kernels and in terminals.",
    )
    actions = parser.add_subparsers(dest="action", metavar="enable | disable | status")
    actions.required = True
    enable = actions.add_parser("enable", help="from the next start on, guard the memory")
    disable = actions.add_parser("disable", help="undo `enable`, and nothing else")
    actions.add_parser("status", help="where it is in effect, and where not, and why")
    for action in (enable, disable):
        scopes = action.add_mutually_exclusive_group()
        for scope in SCOPES:
            scopes.add_argument(
                "--" + scope,
                dest="scope",
                action="store_const",
                const=scope,
                default=SCOPES[0],
                help=f"for {WHOSE[scope]}" + (" (the default)" if scope == SCOPES[0] else ""),
            )
    enable.add_argument(
        "--guard",
        choices=MODES,
        default="large",
        help="the guard's mode (large); off brings %%memguard alone",
    )
    enable.add_argument(
        "--threshold",
        type=_size,
        metavar="10MB",
        help="in the mode large: a result that keeps this much alive is large (10 MiB)",
    )
    return parser


def _size(text: str) -> int:
    try:
        return read_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _enable(asked: argparse.Namespace) -> int:
    path = place(asked.scope)
    wanted = drop_in.Wanted(asked.guard, asked.threshold)
    try:
        changed = drop_in.write(path, wanted)
    except drop_in.Untouched as problem:
        return _fail(f"{problem} Move it away, then enable again.")
    except OSError as problem:
        return _fail(_not_written(path, problem, asked.scope))
    _say(f"{'wrote' if changed else 'was as wanted:'} {path}")
    _say(
        f"Kernels and terminals of {WHOSE[asked.scope]} have the guard {asked.guard} from their "
        "next start on, where jupyter_memguard is installed; jupyter memguard status tells where."
    )
    return 0


def _disable(asked: argparse.Namespace) -> int:
    path = place(asked.scope)
    try:
        removed = drop_in.remove(path)
    except drop_in.Untouched as problem:
        return _fail(f"{problem} Remove it yourself if it is to go.")
    except OSError as problem:
        return _fail(_not_written(path, problem, asked.scope))
    _say(f"removed {path}" if removed else f"was not enabled: there is no {path}")
    return 0


def _status(_asked: argparse.Namespace) -> int:
    for scope in SCOPES:
        path = place(scope)
        try:
            wanted = drop_in.read(path)
        except drop_in.Untouched as problem:
            state = str(problem)
        except OSError as problem:
            state = f"cannot be read ({problem.strerror}): {path}"
        else:
            state = f"not enabled: no {path}"
            if wanted is not None:
                state = f"enabled, guard {wanted.mode}: {path}"
        _say(f"{WHOSE[scope]}: {state}")
    for environment in environments():
        where = f" ({environment.python})" if environment.python else ""
        _say(f"{environment.name}{where}: {verdict(environment)}")
    return 0


def _not_written(path: object, problem: OSError, scope: str) -> str:
    other = "" if scope == "user" else " --user needs no right to that folder."
    return f"{path} cannot be changed ({problem.strerror}).{other}"


def _say(text: str) -> None:
    print(text)  # noqa: T201 - it is a command


def _fail(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - it is a command
    return 1
