"""docs/openapi.json says what the server does: its endpoints, and what they really answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from jsonschema import Draft202012Validator
from tornado.httpclient import HTTPClientError

from jupyter_memguard.replies import MemoryReply
from jupyter_memguard.tests.test_access import handlers, verbs

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from .conftest import Kernels

API = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
BODY = {"before_bytes": 3, "after_bytes": 1, "released": 2}
# A right one, a wrong one, and one that is too large: query and body.
REQUESTS: list[tuple[str, object]] = [
    ("", BODY),
    ("?since=x", {"before_bytes": -1}),
    ("", "x" * 2000),
]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Follow a part's reference to a component, if it is one."""
    found: dict[str, Any] = part
    if "$ref" in part:
        found = API
        for name in part["$ref"].split("/")[1:]:
            found = found[name]
    return found


def check(value: object, schema: dict[str, Any]) -> None:
    """Fail where a value is not as a schema of the document says."""
    Draft202012Validator({**schema, "components": API["components"]}).validate(value)


def test_the_document_has_the_endpoints_that_the_server_has(jp_serverapp: ServerApp) -> None:
    base = jp_serverapp.base_url.rstrip("/")
    found = {
        (pattern.removeprefix(base).replace("([^/]+)", "{id}").removesuffix("$"), verb.lower())
        for pattern, handler in handlers(jp_serverapp.web_app.default_router)
        for verb in verbs(handler)
    }
    assert found == {(path, verb) for path, said in API["paths"].items() for verb in said}


def test_the_schemas_are_schemas() -> None:
    for schema in API["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = re.findall(r'"\$ref": "([^"]+)"', json.dumps(API))
    assert all(resolved({"$ref": name}) for name in names)
    assert len(names) > 10


def test_one_kernels_memory_has_the_fields_of_the_code() -> None:
    memory = API["components"]["schemas"]["Memory"]
    assert list(memory["properties"]) == list(MemoryReply.__annotations__) == memory["required"]


async def test_real_answers_are_as_the_document_says(kernels: Kernels, jp_fetch: Any) -> None:
    dead = await kernels.start()
    await kernels.measured(dead)
    kernels.manager.get_kernel(dead).stop_restarter()
    psutil.Process(kernels.process(dead).pid).kill()
    await kernels.until(dead, lambda reply: reply["reason"] == "died")
    alive = await kernels.start()
    await kernels.measured(alive)
    await kernels.get(alive, "samples")

    seen = set()
    for kernel_id in (alive, dead, "none"):
        for path, said in API["paths"].items():
            for verb, what in said.items():
                for query, body in (
                    ("", BODY),
                    ("?since=x", {"before_bytes": -1}),
                    ("", "x" * 2000),
                ):
                    answer = await ask(jp_fetch, verb, path.format(id=kernel_id) + query, body)
                    status = str(answer.code)
                    assert status in what["responses"], (verb, path, status)
                    seen.add((verb, path, status))
                    expected = resolved(what["responses"][status]).get("content")
                    if expected is None:
                        assert answer.body == b""
                    else:
                        check(json.loads(answer.body), expected["application/json"]["schema"])

    # Each answer was there; without a token there is but 403, which test_access.py shows.
    assert seen == {
        (verb, path, status)
        for path, said in API["paths"].items()
        for verb, what in said.items()
        for status in what["responses"]
        if status != "403"
    }


async def test_a_refusal_is_as_the_document_says(jp_fetch: Any) -> None:
    for path, said in API["paths"].items():
        for verb, what in said.items():
            wrong = {"Authorization": "token wrong"}
            answer = await ask(jp_fetch, verb, path.format(id="none"), BODY, headers=wrong)
            assert answer.code == 403
            expected = resolved(what["responses"]["403"])["content"]["application/json"]
            check(json.loads(answer.body), expected["schema"])


def test_what_a_browser_may_report_is_as_the_document_says() -> None:
    check(BODY, API["components"]["schemas"]["Freed"])


async def ask(fetch: Any, verb: str, path: str, body: object, **kwargs: Any) -> Any:
    """Send a request; an error is an answer as well."""
    path, _, query = path.partition("?")
    params = dict([query.split("=")]) if query else {}
    sent = json.dumps(body) if verb == "post" else None
    try:
        return await fetch(path, method=verb.upper(), params=params, body=sent, **kwargs)
    except HTTPClientError as error:
        return error.response
