"""The attribute on the display hook: who is under it, over it, and what is left after it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.guard.hook import Hook, answers
from jupyter_memguard.kernel.tests.shells import quick_shell

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = sys.getsizeof(b"")


@pytest.fixture
def shell() -> Iterator[Any]:
    with quick_shell() as made:
        yield made


def test_it_is_installed_once_and_what_was_below_is_back_after_it(shell: Any) -> None:
    hook = shell.displayhook
    calls = []

    def below(result: Any) -> None:
        calls.append(("below", result))

    def ours(result: Any) -> Any:
        return ours_hook.forward(result)

    hook.update_user_ns = below
    ours_hook = Hook(shell, ours)
    name = f"{below.__module__}.{below.__qualname__}"
    assert ours_hook.who_answers(is_on=True) == answers(hook) == ("other", name)
    ours_hook.remove()
    assert vars(hook)["update_user_ns"] is below
    ours_hook.install()
    ours_hook.install()
    assert vars(hook)["update_user_ns"] is ours
    assert ours_hook.who_answers(is_on=True) == ("us", name)
    assert ours_hook.who_answers(is_on=False) == ("nobody", name)
    hook.update_user_ns(5)
    assert calls == [("below", 5)]
    ours_hook.remove()
    assert vars(hook)["update_user_ns"] is below
    assert (ours_hook._patched, ours_hook._below) == (None, None)
    ours_hook.remove()
    assert vars(hook)["update_user_ns"] is below


def test_under_a_later_patch_it_stays_where_it_is(shell: Any) -> None:
    hook = shell.displayhook
    ours_hook = Hook(shell, lambda result: ours_hook.forward(result))  # noqa: PLW0108
    ours_hook.install()
    ours = vars(hook)["update_user_ns"]

    def later(result: Any) -> Any:
        return ours(result)

    hook.update_user_ns = later
    ours_hook.install()
    assert vars(hook)["update_user_ns"] is later
    ours_hook.remove()
    assert vars(hook)["update_user_ns"] is later
    assert ours_hook.who_answers(is_on=True)[0] == "other"
    hook.update_user_ns(5)
    assert shell.user_ns["_"] == 5
    # The patch has gone, and ours with it: the next installation is a new one.
    del hook.update_user_ns
    ours_hook.install()
    assert vars(hook)["update_user_ns"] is ours


def test_another_hook_of_the_shell_gets_it_too(shell: Any) -> None:
    ours_hook = Hook(shell, lambda _: None)
    ours_hook.install()
    first = shell.displayhook
    shell.displayhook = type(first)(shell=shell)
    assert ours_hook.who_answers(is_on=True) == ("nobody", None)
    ours_hook.install()
    assert "update_user_ns" in vars(shell.displayhook)


def test_what_it_passes_on_goes_to_the_hook_that_it_is_on(shell: Any) -> None:
    ours_hook = Hook(shell, lambda _: None)
    ours_hook.forward(4)
    assert shell.user_ns["_"] == 4
    ours_hook.install()
    first = shell.displayhook
    shell.displayhook = type(first)(shell=shell)
    ours_hook.forward(6)
    assert (first._, shell.displayhook._) == (6, "")


class Callable:
    def __call__(self, _result: Any) -> None: ...

    def method(self, _result: Any) -> None: ...


def test_others_patches_are_named(shell: Any) -> None:
    hook = shell.displayhook
    assert answers(hook) == ("nobody", None)
    hook.update_user_ns = Callable().method
    assert answers(hook) == ("other", f"{__name__}.Callable.method")
    hook.update_user_ns = Callable()
    assert answers(hook) == ("other", f"{__name__}.Callable")
    hook.update_user_ns = print
    assert answers(hook) == ("other", "builtins.builtin_function_or_method")
    kind = type("Without", (), {"__call__": Callable.__call__, "__module__": 5})
    hook.update_user_ns = kind()
    assert answers(hook) == ("other", "?.Without")
    del hook.update_user_ns


def test_a_patch_of_the_class_is_named_and_a_class_of_ones_own_is_none(shell: Any) -> None:
    native = type(shell.displayhook)

    def patch(self: Any, result: Any) -> None: ...

    patched = type("Hooks", (native,), {"update_user_ns": patch, "__module__": "elsewhere"})
    shell.displayhook = patched(shell=shell)
    name = f"{patch.__module__}.{patch.__qualname__}"
    assert answers(shell.displayhook) == ("other", name)
    ours_hook = Hook(shell, lambda _: None)
    ours_hook.install()
    assert ours_hook.who_answers(is_on=True) == ("us", name)
    own = type("Hooks", (native,), {"update_user_ns": patch, "__module__": __name__})
    shell.displayhook = own(shell=shell)
    assert answers(shell.displayhook) == ("nobody", None)
