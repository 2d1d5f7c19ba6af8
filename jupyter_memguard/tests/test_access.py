"""Who may ask: every endpoint, with and without a token, under several authorisers."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError
from tornado.routing import Router
from tornado.web import RequestHandler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from jupyter_server.serverapp import ServerApp

    from .conftest import Kernels

ENDPOINTS = [
    ("GET", "kernels"),
    ("GET", "kernels/{id}/memory"),
    ("GET", "kernels/{id}/samples"),
    ("POST", "kernels/{id}/freed"),
]
BODY = json.dumps({"before_bytes": 3, "after_bytes": 1, "released": 2})


class _Recording(Authorizer):
    """Allows some actions, and records every question."""

    allowed: frozenset[str] = frozenset()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked: list[tuple[str, str]] = []

    def is_authorized(self, _handler: Any, _user: Any, action: str, resource: str) -> bool:
        if resource.startswith("jupyter_memguard"):
            self.asked.append((action, resource))
            return action in self.allowed
        return True


class DenyAll(_Recording):
    """Allows none of our actions."""


class ReadOnly(_Recording):
    """Allows reading only."""

    allowed = frozenset({"read"})


async def status(
    fetch: Callable[..., Awaitable[Any]], method: str, path: str, **kwargs: Any
) -> int:
    """Send a request and return the status, also that of an error."""
    body = BODY if method == "POST" else None
    try:
        answer = await fetch("jupyter-memguard", path, method=method, body=body, **kwargs)
    except HTTPClientError as error:
        return error.code
    code: int = answer.code
    return code


def use(app: ServerApp, authorizer: type[_Recording]) -> _Recording:
    """Put an authoriser in the place of the server's."""
    made = authorizer(parent=app, identity_provider=app.identity_provider)
    app.web_app.settings["authorizer"] = made
    return made


async def log_in(app: ServerApp, fetch: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers that a browser sends after a login, and those that our page adds."""
    login = await fetch(
        "login",
        params={"token": app.identity_provider.token},
        headers={"Authorization": ""},
        follow_redirects=False,
        raise_error=False,
    )
    cookies = SimpleCookie({"_xsrf": "0123456789abcdef"})
    for line in login.headers.get_list("Set-Cookie"):
        cookies.load(line)
    sent = {
        "Authorization": "",
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
    }
    return sent, {"X-XSRFToken": cookies["_xsrf"].value}


def handlers(router: Any) -> Iterator[tuple[str, type[RequestHandler]]]:
    """Find each handler of ours in a router, by its module, with the pattern of its path."""
    for rule in router.rules:
        if isinstance(rule.target, Router):
            yield from handlers(rule.target)
        elif getattr(rule.target, "__module__", "").startswith("jupyter_memguard"):
            yield rule.matcher.regex.pattern, rule.target


def verbs(handler: type[RequestHandler]) -> list[str]:
    """Return the verbs that a handler answers; CORS's own `OPTIONS` is jupyter_server's."""
    none = RequestHandler._unimplemented_method
    found = (verb for verb in RequestHandler.SUPPORTED_METHODS if verb != "OPTIONS")
    return [verb for verb in found if getattr(handler, verb.lower()) is not none]


def test_these_are_all_endpoints(jp_serverapp: ServerApp) -> None:
    base = jp_serverapp.base_url + "jupyter-memguard/"
    found = {
        (verb, pattern.removeprefix(base).replace("([^/]+)", "{id}").removesuffix("$"))
        for pattern, handler in handlers(jp_serverapp.web_app.default_router)
        for verb in verbs(handler)
    }
    assert found == set(ENDPOINTS)


async def test_each_endpoint_has_its_verb_and_no_other(kernels: Kernels, jp_fetch: Any) -> None:
    kernel_id = await kernels.start()
    paths = {path for _, path in ENDPOINTS}
    for path in sorted(paths):
        for verb in ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH"):
            body = BODY if verb in ("POST", "PUT", "PATCH") else None
            try:
                got = await jp_fetch(
                    "jupyter-memguard", path.format(id=kernel_id), method=verb, body=body
                )
            except HTTPClientError as error:
                got = error
            expected = {200, 204} if (verb, path) in ENDPOINTS else {405}
            assert got.code in expected, (verb, path)


@pytest.mark.parametrize("kind", ["no", "wrong", "as a parameter, wrong"])
async def test_no_endpoint_answers_without_the_token(
    kernels: Kernels, jp_fetch: Any, kind: str
) -> None:
    kernel_id = await kernels.start()
    headers = {"Authorization": "token wrong" if kind == "wrong" else ""}
    params = {"token": "wrong"} if kind.startswith("as") else {}
    for method, path in ENDPOINTS:
        for of_id in (kernel_id, "none"):  # an id that there is, and one that there is not
            got = await status(
                jp_fetch, method, path.format(id=of_id), headers=dict(headers), params=params
            )
            assert got == 403, path


async def test_no_page_of_another_origin_is_answered(kernels: Kernels, jp_fetch: Any) -> None:
    # A page that somebody else wrote sends its own origin, and the browser adds our cookie.
    kernel_id = await kernels.start()
    cookie, _proof = await log_in(kernels.app, jp_fetch)
    sent = {**cookie, "Origin": "https://elsewhere.example", "Host": "localhost"}
    for method, path in ENDPOINTS:
        got = await status(jp_fetch, method, path.format(id=kernel_id), headers=dict(sent))
        assert got in (403, 404), path


async def test_without_a_token(kernels: Kernels, jp_fetch: Any) -> None:
    kernel_id = await kernels.start()
    headers = {"Authorization": "token wrong"}
    for method, path in ENDPOINTS:
        got = await status(jp_fetch, method, path.format(id=kernel_id), headers=dict(headers))
        assert got == 403, path


async def test_under_an_authorizer_that_denies_everything(kernels: Kernels, jp_fetch: Any) -> None:
    kernel_id = await kernels.start()
    authorizer = use(kernels.app, DenyAll)
    for method, path in ENDPOINTS:
        assert await status(jp_fetch, method, path.format(id=kernel_id)) == 403, path
    assert authorizer.asked == [
        ("read", "jupyter_memguard:kernels"),
        ("read", "jupyter_memguard:kernels"),
        ("read", "jupyter_memguard:kernels"),
        ("write", "jupyter_memguard:kernels"),
    ]


async def test_a_reader_sees_memory_and_frees_nothing(kernels: Kernels, jp_fetch: Any) -> None:
    kernel_id = await kernels.start()
    use(kernels.app, ReadOnly)
    got = {
        path: await status(jp_fetch, method, path.format(id=kernel_id))
        for method, path in ENDPOINTS
    }
    assert got == dict(zip((path for _, path in ENDPOINTS), (200, 200, 200, 403), strict=True))


async def test_a_denied_person_does_not_learn_which_kernels_exist(
    kernels: Kernels, jp_fetch: Any
) -> None:
    use(kernels.app, DenyAll)
    assert await status(jp_fetch, "GET", "kernels/no-such-kernel/memory") == 403


async def test_a_browser_must_prove_that_the_page_is_ours(kernels: Kernels, jp_fetch: Any) -> None:
    # A browser sends our cookies with the requests of any page, but only our own page can read
    # them and repeat one in a header.
    kernel_id = await kernels.start()
    path = f"kernels/{kernel_id}/freed"
    sent, proof = await log_in(kernels.app, jp_fetch)
    assert await status(jp_fetch, "GET", f"kernels/{kernel_id}/memory", headers=dict(sent)) == 200
    assert await status(jp_fetch, "POST", path, headers=dict(sent)) == 403
    assert await status(jp_fetch, "POST", path, headers={**sent, "X-XSRFToken": "00"}) == 403
    assert await status(jp_fetch, "POST", path, headers={**sent, **proof}) == 204
