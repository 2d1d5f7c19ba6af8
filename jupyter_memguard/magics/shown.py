"""Shows a view, in text and HTML, so that nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .views import View


def show(shell: Any, view: View) -> None:
    """Publish a view; a front end takes the HTML if it can, a terminal the text."""
    data = {"text/plain": view.text(), "text/html": view.html()}
    shell.display_pub.publish(data=data, metadata={})
    _forget(shell, data)


def _forget(shell: Any, data: dict[str, str]) -> None:
    """Take the view out of IPython's history of what was shown (IPython 9 has one)."""
    outputs = getattr(shell.history_manager, "outputs", None)
    if not isinstance(outputs, dict):
        return
    for number in list(outputs)[-3:]:
        shown = outputs[number]
        kept = [each for each in shown if getattr(each, "bundle", None) is not data]
        if len(kept) != len(shown):
            shown[:] = kept
        if not kept:
            del outputs[number]
