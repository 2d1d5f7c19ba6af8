"""What stands in the places of a result that is let go, and what an interrupt leaves there."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from jupyter_memguard.kernel.retention import holders
from jupyter_memguard.kernel.retention.holders import (
    Place,
    find_last,
    results,
    retained,
)
from jupyter_memguard.kernel.retention.placeholder import is_placeholder
from jupyter_memguard.kernel.retention.release import drop, replace
from jupyter_memguard.kernel.retention.sizes import Size
from jupyter_memguard.kernel.tests.shells import Thing, show, shown


def test_every_place_gets_the_stand_in_of_its_number(shell: Any) -> None:
    thing = Thing()
    show(shell, thing)
    show(shell, thing)
    first = shell.last_execution_result
    [entry] = retained(shell)
    find_last(shell, [entry])
    taken = replace(shell, entry, Size(2048))
    assert [obj is thing for obj in taken] == [True] * len(entry.places)
    assert len(entry.places) == 13
    for number in (1, 2):
        texts = {
            repr(mapping[key])
            for mapping, key in (
                (results(shell), number),
                (shell.user_ns, f"_{number}"),
                (shell.user_ns_hidden, f"_{number}"),
            )
        }
        [text] = texts
        assert text.startswith(f"<Out[{number}] was not kept: ")
        assert "Thing, 2.0 KiB." in text
    assert shell.user_ns["_"] is shell.user_ns["__"] is results(shell)[2]
    assert shell.last_execution_result is not first
    assert (first.result, shell.last_execution_result.result) == (thing, None)
    assert shell.last_execution_result.info is first.info
    assert retained(shell) == []


def test_with_numbers_only_their_places_change(shell: Any) -> None:
    thing = Thing()
    show(shell, thing)
    show(shell, thing)
    [entry] = retained(shell)
    assert len(replace(shell, entry, Size(), [1])) == 3
    assert is_placeholder(results(shell)[1])
    assert results(shell)[2] is shell.user_ns["_"] is shell.user_ns["__"] is thing


def test_what_has_no_number_is_a_result_all_the_same(shell: Any) -> None:
    show(shell, Thing(), Thing())
    [entry] = [each for each in retained(shell) if not each.numbers]
    replace(shell, entry, Size())
    assert repr(shell.user_ns["__"]).startswith("<This result was not kept")


def test_a_place_that_has_changed_meanwhile_stays_as_it_is(shell: Any) -> None:
    shown(shell, 1)
    [entry] = retained(shell)
    results(shell)[1] = mine = Thing()
    del shell.user_ns["_1"]
    assert len(replace(shell, entry, Size())) == len(entry.places) - 2
    assert results(shell)[1] is mine
    assert "_1" not in shell.user_ns


def test_what_only_the_hidden_names_have_is_deleted(shell: Any) -> None:
    shown(shell, 1, 1)
    del results(shell)[1], shell.user_ns["_1"]
    del results(shell)[2]
    shell.user_ns["_"] = shell.displayhook._ = ""
    for entry in retained(shell):
        replace(shell, entry, Size())
    hidden = shell.user_ns_hidden
    assert "_1" not in hidden
    assert is_placeholder(hidden["_2"])
    assert "_" not in hidden
    assert is_placeholder(hidden["__"])


@pytest.mark.parametrize(("user", "hook"), [("", "x"), ("x", "")])
def test_what_is_left_in_one_other_place_is_no_leftover(shell: Any, user: str, hook: str) -> None:
    shell.user_ns["_"], shell.displayhook._ = user, hook
    place = Place("", shell.user_ns_hidden, "_", None)
    assert not holders._is_leftover(shell, place, results(shell))
    shell.user_ns["_"] = shell.displayhook._ = ""
    assert holders._is_leftover(shell, place, results(shell))


def test_an_interrupt_comes_when_all_is_taken_and_before_it_is_dropped() -> None:
    order: list[Any] = []

    class Last:
        def __del__(self) -> None:
            order.append("dropped")

    def take() -> list[Any]:
        signal.raise_signal(signal.SIGINT)
        order.append("taken")
        return [Last()]

    def handler(number: int, frame: Any) -> None:
        order.append((number, frame is not None))

    before = signal.signal(signal.SIGINT, handler)
    try:
        drop(take)
        assert signal.getsignal(signal.SIGINT) is handler
        assert order == ["taken", (signal.SIGINT, True), "dropped"]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        drop(take)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert order[3:] == ["taken", "dropped"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_while_taking_leaves_the_handler_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)

    def take() -> list[Any]:
        raise LookupError

    with pytest.raises(LookupError):
        drop(take)
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_takes_without_a_handler() -> None:
    boxed = [[Thing()]]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            drop(boxed.pop)
        except BaseException as error:  # noqa: BLE001 - the test shows it
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (errors, boxed) == ([], [])
