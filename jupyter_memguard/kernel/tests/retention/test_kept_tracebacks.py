"""Where exceptions and tracebacks are kept, and what letting them go leaves."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace
from typing import Any

from jupyter_memguard.kernel.retention import tracebacks
from jupyter_memguard.kernel.tests.shells import Thing, shown


def fail(shell: Any, code: str = "1 / 0") -> BaseException:
    shell.run_cell(code, store_history=True)
    found: BaseException = shell.last_execution_result.error_in_exec
    return found


def kept_everywhere(shell: Any) -> BaseException:
    """Let a cell fail; put its error where one release or another of Python and IPython does."""
    error, formatter = fail(shell), shell.InteractiveTB
    vars(sys).update(last_exc=error, last_value=error, last_traceback=error.__traceback__)
    formatter.etype, formatter.evalue = type(error), error
    formatter.etb = formatter.tb = error.__traceback__
    return error


def test_each_kept_exception_and_traceback_has_its_places_counted(shell: Any) -> None:
    for name in ("last_exc", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    assert tracebacks.kept(shell) == []
    error = kept_everywhere(shell)
    found = {type(obj).__name__: count for obj, count in tracebacks.kept(shell)}
    assert found == {"ZeroDivisionError": 4, "traceback": 3}
    assert tracebacks.exceptions_in([obj for obj, _ in tracebacks.kept(shell)]) == 1
    assert tracebacks.exceptions_in([error, error]) == 2
    assert tracebacks.exceptions_in([error.__traceback__] * 3) == 1
    assert tracebacks.exceptions_in([]) == 0


def test_let_go_takes_them_from_all_places(shell: Any) -> None:
    error = kept_everywhere(shell)
    execution = shell.last_execution_result
    taken = tracebacks.let_go(shell)
    assert (len(taken), sum(obj is error for obj in taken)) == (7, 4)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        assert name not in vars(sys)
    formatter = shell.InteractiveTB
    assert formatter.evalue is formatter.etb is formatter.tb is None
    stand_in = shell.last_execution_result.error_in_exec
    assert type(stand_in) is tracebacks.TracebackReleased
    assert str(stand_in) == "ZeroDivisionError"
    assert execution.error_in_exec is error
    assert shell.last_execution_result.error_before_exec is None
    assert tracebacks.kept(shell) == tracebacks.let_go(shell) == []
    assert shell.last_execution_result.error_in_exec is stand_in


def test_without_any_nothing_changes(shell: Any) -> None:
    fail(shell)
    tracebacks.let_go(shell)
    vars(sys)["last_type"] = kept = ValueError
    execution = shell.last_execution_result
    assert tracebacks.let_go(shell) == []
    assert vars(sys)["last_type"] is kept
    assert shell.last_execution_result is execution


def test_a_syntax_error_and_a_debuggers_frames_are_kept_ones(shell: Any) -> None:
    frame = sys._getframe()
    error = SyntaxError("x")
    shell.SyntaxTB.last_syntax_error = error
    own = {"here": 1}
    shell.InteractiveTB.pdb = SimpleNamespace(curframe=frame, curframe_locals=own, stack=[frame])
    found = [obj for obj, _ in tracebacks.kept(shell)]
    assert [id(obj) for obj in found] == [id(error), id(frame), id(own)]
    tracebacks.let_go(shell)
    debugger = shell.InteractiveTB.pdb
    assert debugger.curframe is debugger.curframe_locals is shell.SyntaxTB.last_syntax_error is None
    assert debugger.stack == [frame]
    debugger.curframe_locals = shell.user_ns
    assert tracebacks.kept(shell) == []


def test_the_objects_that_hold_tracebacks_are_given_with_their_dicts(shell: Any) -> None:
    debugger = SimpleNamespace(x=1)
    shell.InteractiveTB.pdb = debugger
    shell.run_cell("5")
    expected = [shell.InteractiveTB, debugger, shell.SyntaxTB, shell.last_execution_result]
    both = [each for obj in expected for each in (obj, vars(obj))]
    assert list(map(id, tracebacks.holders(shell))) == list(map(id, both))


def test_frames_of_an_exception_are_those_of_its_traceback_and_the_callers() -> None:
    def inner() -> None:
        raise ValueError

    try:
        inner()
    except ValueError as error:
        found = tracebacks.frames_of(error)
        trace = error.__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    expected = [trace, trace.tb_frame, trace.tb_next, trace.tb_next.tb_frame]
    assert found[:4] == expected
    assert found[4] is sys._getframe().f_back
    assert found[-1].f_back is None
    assert tracebacks.frames_of(ValueError()) == tracebacks.frames_of(5) == []


def failed_with_a_result(shell: Any) -> Any:
    shell.ast_node_interactivity = "all"
    shell.user_ns["give"] = Thing
    shell.run_cell("give()\n1 / 0", store_history=True)
    return shell.last_execution_result


def test_a_failed_executions_result_is_forgotten_if_only_its_own_frames_have_it(shell: Any) -> None:
    failed_with_a_result(shell)
    gc.collect()
    tracebacks.forget_result(shell)
    assert shell.last_execution_result.result is None
    kept = failed_with_a_result(shell)
    tracebacks.forget_result(shell)
    assert type(kept.result) is Thing


def test_a_good_executions_result_is_not_forgotten(shell: Any) -> None:
    shown(shell, 1)
    tracebacks.forget_result(shell)
    assert type(shell.last_execution_result.result) is Thing
