"""Change the Python code in small ways, and count how many changes no test notices.

`.venv/bin/pip install cosmic-ray` installs what makes the changes; then
`.venv/bin/python scripts/mutants.py limits --sample 30` tries 30 changes of that part, chosen by
chance, and prints the score and each change that survived. Without `--sample` it tries all of them.
It works on a clone of the last commit, and runs on systems that have `fork`.

The tests of a part come in stages, the quickest first: a change that one stage notices is not tried
in the next. What all tests import is imported once; each stage is a fork of that process.

Not tried are changes of what nobody evaluates, those that leave the answer as it is, and those that
are no Python: annotations, `if TYPE_CHECKING:`, `frozen=True`, stars that are no operators, `is`
made `==` where it compares with None, types, or an object of the module's own, `==` made `is` where
it compares with a constant, and made `<` or the like where it compares with a text.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from environment import ROOT

TESTS = "jupyter_memguard/tests/"
KERNEL = "jupyter_memguard/kernel/"
OF_KERNEL = KERNEL + "tests/"


class Part(NamedTuple):
    """Files that are changed, and the arguments of pytest for each stage of the tests."""

    files: tuple[str, ...]
    stages: tuple[tuple[str, ...], ...]


PARTS = {
    "limits": Part(
        ("jupyter_memguard/limits.py", "jupyter_memguard/limit_choice.py"),
        ((TESTS + "test_limits.py", TESTS + "test_limit_choice.py"),),
    ),
    "process": Part(
        ("jupyter_memguard/process.py",),
        (
            (TESTS + "test_process_readings.py",),
            (TESTS + "test_processes.py", "-k", "not wrapper"),
            (TESTS + "test_processes.py", "-k", "wrapper and (nested or conda)"),
        ),
    ),
    "protocol": Part(
        (KERNEL + "protocol.py",),
        (
            (OF_KERNEL + "test_protocol.py", "-k", "not any_ and not real and not as_it_was"),
            (OF_KERNEL + "test_protocol.py", "-k", "any_"),
        ),
    ),
    "retention": Part(
        tuple(
            f"{KERNEL}retention/{name}.py"
            for name in ("holders", "release", "keys", "outputs", "tracebacks", "still_alive")
        ),
        (
            tuple(
                f"{OF_KERNEL}retention/test_{name}.py"
                for name in (
                    "places",
                    "replacing",
                    "keys",
                    "kept_outputs",
                    "kept_tracebacks",
                    "who_is_alive",
                )
            ),
            (OF_KERNEL + "test_histories.py",),
            (OF_KERNEL + "retention/test_still_alive.py",),
        ),
    ),
    "guard": Part(
        (KERNEL + "guard/guard.py", KERNEL + "guard/hook.py"),
        (
            (OF_KERNEL + "guard/test_decisions.py", OF_KERNEL + "guard/test_attribute.py"),
            (OF_KERNEL + "test_histories.py",),
            (OF_KERNEL + "guard/test_modes.py",),
        ),
    ),
}
# How many random histories notice a change, and examples a property: fewer than in the suite.
HISTORIES = 40
# A stage that takes so many times as long as without a change, and at least so long, hangs.
SLOWER, LEAST_S = 5, 60
IMPORTED = (
    "jupyter_server.serverapp",
    "IPython.core.interactiveshell",
    "jsonschema",
    "psutil",
    "pytest",
)
IMPORTED_EARLIER = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
_SAME = {"Is_Eq", "IsNot_NotEq"}
_CONSTANT = {"Eq_Is", "NotEq_IsNot"}


@cache
def nobody_evaluates(tree: ast.Module) -> list[ast.AST]:
    """Return the annotations of a source, and what only a checker of types reads."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        places = (getattr(node, name, None) for name in ("annotation", "returns"))
        found += [place for place in places if isinstance(place, ast.expr)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node)
        if isinstance(node, ast.keyword) and node.arg == "frozen":
            found.append(node)
    return found


@cache
def means_nothing(tree: ast.Module, operator: str) -> list[ast.AST]:
    """Return the comparisons in which an operator of cosmic-ray changes nothing that matters."""
    kind = operator.rpartition("/")[2].removeprefix("ReplaceComparisonOperator_")
    is_ordered = kind.startswith(("Eq_", "NotEq_")) and kind.endswith(("Lt", "LtE", "Gt", "GtE"))
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            constants = [side.value for side in sides if isinstance(side, ast.Constant)]
            if (
                (kind in _SAME and any(map(_is_plain, sides)))
                or (kind in _CONSTANT and constants)
                or (is_ordered and any(isinstance(value, str) for value in constants))
            ):
                found.append(node)
    return found


@cache
def _between_operands(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where the operators of a source are: the end of the left, the start of the right."""
    return [
        (
            (node.left.end_lineno or 0, node.left.end_col_offset or 0),
            (node.right.lineno, node.right.col_offset),
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
    ]


def is_operator(tree: ast.Module, place: tuple[int, int]) -> bool:
    """Return whether an operator between two operands is at a place."""
    return any(left <= place < right for left, right in _between_operands(tree))


def is_python(change: Any) -> bool:
    """Return whether a changed source can be compiled."""
    from cosmic_ray.mutating import mutate_code  # type: ignore[import-untyped]  # noqa: PLC0415
    from cosmic_ray.plugins import get_operator  # type: ignore[import-untyped]  # noqa: PLC0415

    source = Path(change.module_path).read_text(encoding="utf-8")
    operator = get_operator(change.operator_name)(**change.operator_args)
    try:
        ast.parse(mutate_code(source, operator, change.occurrence))
    except (AttributeError, SyntaxError):  # cosmic-ray cannot replace `except a.b`
        return False
    return True


def _is_plain(side: ast.expr) -> bool:
    """Return whether a side of a comparison is None, or an object that is equal to itself only."""
    if isinstance(side, ast.Call):
        return ast.unparse(side.func) == "type"
    return isinstance(side, ast.Constant) or (
        isinstance(side, ast.Name) and side.id.strip("_").isupper()
    )


def is_inside(place: tuple[int, int], nodes: list[ast.AST]) -> bool:
    """Return whether a row and a column are in one of the nodes."""
    return any(
        (node.lineno, node.col_offset) <= place < (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        for node in nodes
    )


def changes(part: Part, folder: Path) -> list[Any]:
    """Return the changes of a part that mean something, as cosmic-ray names them."""
    from cosmic_ray.commands.init import _all_work_items  # type: ignore[import-untyped]  # noqa: PLC0415

    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in (folder / name for name in part.files)
    }
    found = []
    for item in _all_work_items(list(trees), {}):
        [change] = item.mutations
        tree, place = trees[Path(change.module_path)], change.start_pos
        if is_inside(place, nobody_evaluates(tree)):
            continue
        if is_inside(place, means_nothing(tree, change.operator_name)):
            continue
        if "ReplaceBinaryOperator" not in change.operator_name or is_operator(tree, place):
            found.append(change)
    return found


def notices(folder: Path, stage: tuple[str, ...], longest_s: float) -> str:
    """Run one stage of the tests; return "" if all pass, else "fails" or "hangs"."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            os.chdir(folder)
            output = os.open(folder.with_suffix(".txt"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            import pytest  # noqa: PLC0415 - when it is needed

            sys.path.insert(0, str(folder))
            os.environ["PYTHONPATH"] = str(folder)
            options = ["-x", "-q", "-p", "no:cacheprovider", "-W", IMPORTED_EARLIER]
            code = int(pytest.main([*options, *stage]))
        except BaseException:  # noqa: BLE001 - the output says it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + longest_s
    answer = ""
    while not answer:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            answer = "fails" if status else ""
            break
        if time.monotonic() > end:
            answer = "hangs"
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if answer == "hangs":
        os.waitpid(child, 0)
    return answer


def clone(folder: Path) -> None:
    """Make a clone of the last commit, with what the build adds."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    for built in ("jupyter_memguard/_version.py", KERNEL + "digest.txt"):
        (folder / built).write_text((ROOT / built).read_text())


def tried(part: Part, folder: Path, chosen: list[Any]) -> list[str]:
    """Try changes in a clone; return what came of each."""
    from cosmic_ray.mutating import use_mutation  # noqa: PLC0415
    from cosmic_ray.plugins import get_operator  # noqa: PLC0415

    clone(folder)
    longest = []
    for stage in part.stages:
        begun = time.monotonic()
        if notices(folder, stage, 600):
            sys.exit((folder.with_suffix(".txt")).read_text(errors="replace")[-3000:])
        longest.append(max(LEAST_S, SLOWER * (time.monotonic() - begun)))
        print(f"{' '.join(stage)}: {time.monotonic() - begun:.1f} s", flush=True)
    # What was compiled stays, but for the files that are changed: two changes can come so soon
    # after each other that Python does not see the second.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    for name in part.files:
        for compiled in (folder / name).parent.glob(f"__pycache__/{Path(name).stem}.*"):
            compiled.unlink()
    outcomes = []
    for done, change in enumerate(chosen, 1):
        operator = get_operator(change.operator_name)(**change.operator_args)
        path = folder / Path(change.module_path).relative_to(folder.with_name("all"))
        with use_mutation(path, operator, change.occurrence) as (before, after):
            answer = "survives"
            for number, stage in enumerate(part.stages, 1):
                if found := notices(folder, stage, longest[number - 1]):
                    answer = f"{found} in stage {number}"
                    break
        outcomes.append(answer)
        print(f"{done} of {len(chosen)}: {answer}", file=sys.stderr, flush=True)
        if answer == "survives":
            print(difference(before, after, change), flush=True)
    return outcomes


def difference(before: str, after: str, change: Any) -> str:
    """Return the lines that a change removes and adds."""
    lines = list(zip(before.split("\n"), after.split("\n"), strict=False))
    at = next((at for at, (old, new) in enumerate(lines) if old != new), 0)
    name = f"{Path(change.module_path).name}:{at + 1} {change.operator_name.rpartition('/')[2]}"
    return f"{name}\n- {lines[at][0].strip()}\n+ {lines[at][1].strip()}"


def interval(noticed: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share in per cent, after Wilson."""
    z, share = 1.96, noticed / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return 100 * (middle - half), 100 * (middle + half)


def main() -> int:
    """Change one part, and print the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stages", type=int, help="run only so many of the stages")
    options = parser.parse_args()
    part = PARTS[options.part]
    part = part._replace(stages=part.stages[: options.stages])
    os.environ.update(MEMGUARD_HISTORIES=str(HISTORIES), COLUMNS="100")
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # no fork's collections look at what was imported
    with (
        tempfile.TemporaryDirectory() as place,
        ProcessPoolExecutor(options.workers, get_context("fork")) as pool,
    ):
        clone(Path(place) / "all")
        found = changes(part, Path(place) / "all")
        chance = random.Random(options.seed)  # noqa: S311 - the same changes again
        sample = len(found) if options.sample is None else min(options.sample, len(found))
        shuffled = chance.sample(found, len(found))
        chosen = list(islice(filter(is_python, shuffled), sample))
        tasks = [
            pool.submit(tried, part, Path(place) / str(at), chosen[at :: options.workers])
            for at in range(options.workers)
        ]
        outcomes = [outcome for task in tasks for outcome in task.result()]
    for outcome in sorted(set(outcomes)):
        print(f"{outcome}: {outcomes.count(outcome)}")
    noticed = len(outcomes) - outcomes.count("survives")
    low, high = interval(noticed, len(outcomes))
    print(
        f"{options.part}: {noticed} of {len(outcomes)} changes noticed"
        f" ({100 * noticed / len(outcomes):.0f} %, 95 % interval {low:.0f} to {high:.0f} %);"
        f" there are {len(found)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
