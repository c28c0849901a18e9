"""The assembled application: its description, its health, its sockets."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from octopus.errors import UnavailableError
from octopus.identity.service import Authenticator
from octopus.settings import ServiceSettings
from octopus.topics.names import RESERVED_NAMESPACES
from octopus.web import health
from octopus.web.app import create_app
from octopus.web.health import Dependencies
from octopus.web.sockets import listen

ROOT = Path(__file__).parents[3]
ROUTES = {
    ("post", "/api/v3/user"),
    ("delete", "/api/v3/user"),
    ("post", "/api/v3/key"),
    ("delete", "/api/v3/key"),
    ("get", "/api/v3/namespace"),
    ("post", "/api/v3/{namespace}/{topic}"),
    ("delete", "/api/v3/{namespace}/{topic}"),
    ("put", "/api/v3/{namespace}/{topic}/recreate"),
}
OPEN = {
    ("get", "/api/v3/public/about"),
    ("get", "/api/v3/public/{namespace}/{topic}/records"),
    ("get", "/api/v3/status"),
}
"""Under ``/api``, without a token."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        return made()


def made(**told: str) -> FastAPI:
    settings = ServiceSettings(
        institution="t",
        registry_table="registry",
        credentials_table="credentials",
        credentials_key_arn="key",
        archive_bucket="archive",
        principal_boundary_arn="boundary",
        client_role_arn="role",
        cluster_arn="cluster",
        bootstrap_servers="127.0.0.1:9",
        public_url="http://localhost",
        globus_client_id="client",
        globus_secret_name="name",
        globus_auth_url="http://127.0.0.1:9/",
        **told,  # type: ignore[arg-type]  # fields of text
    )
    authenticator = Authenticator(client_id="client", secret=lambda: "s", auth_url="http://127.0.0.1:9/")
    return create_app(settings, authenticator=authenticator)


def operations(app: FastAPI) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def preflight(app: FastAPI, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization,subject",
    }

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://octopus.example") as client:
            return await client.request("OPTIONS", "/api/v3/ns-0d9a6a9a4b11/readings", headers=headers)

    return asyncio.run(send())


def test_a_path_is_the_same_with_the_stage_of_the_gateway_before_it(
    app: FastAPI,
) -> None:
    async def statuses(*paths: str) -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://octopus.example") as client:
            return [(await client.get(path)).status_code for path in paths]

    found = asyncio.run(
        statuses(
            "/health/live", "/live/health/live", "/live/live/health/live", "/lively/health/live", "/live"
        )
    )

    assert found == [200, 200, 404, 404, 404]


def test_pages_of_the_named_origins_alone_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    app = made(browser_origins="https://hub.example.org,https://lab.example.org")

    let = preflight(app, "https://lab.example.org")
    assert let.status_code == 200
    assert let.headers["Access-Control-Allow-Origin"] == "https://lab.example.org"
    assert "Access-Control-Allow-Credentials" not in let.headers
    assert "Access-Control-Allow-Origin" not in preflight(app, "https://elsewhere.example").headers


def test_no_page_may_call_unless_origins_are_named(app: FastAPI) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(app, "https://hub.example.org").headers


def test_description_holds_the_published_routes(app: FastAPI) -> None:
    assert operations(app).keys() >= ROUTES


@pytest.mark.parametrize("path", ["/api/v3/namespace/", "/health/live/"])
def test_no_reply_holds_an_address_made_of_the_host_header(app: FastAPI, path: str) -> None:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://elsewhere.example") as client:
            return await client.get(path)

    reply = asyncio.run(send())

    assert "location" not in reply.headers
    assert (reply.status_code, reply.json()["error_code"]) == (404, 404)


def test_word_that_an_address_begins_with_is_no_namespace(app: FastAPI) -> None:
    paths = [path for _, path in operations(app) if path.startswith("/api/v3/")]
    words = {path.split("/")[3] for path in paths} - {"{namespace}"}

    assert words <= RESERVED_NAMESPACES


def test_description_of_every_route_is_complete(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    for (method, path), operation in operations(app).items():
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        if not path.startswith("/api/"):
            continue
        assert operation["description"], where
        if (method, path) in OPEN:
            assert "security" not in operation, where
            assert operation["responses"].keys() & {"401", "403"} == set(), where
        else:
            assert operation["security"] == [{"Globus": []}], where
            assert {"401", "403"} <= operation["responses"].keys(), where
        assert {"422", "503"} <= operation["responses"].keys(), where
        for status, reply in operation["responses"].items():
            media = reply["content"]["application/json"]
            names = [
                part["$ref"].rpartition("/")[2] for part in media["schema"].get("anyOf", [media["schema"]])
            ]
            documented = "example" in media or all("example" in schemas[name] for name in names)
            assert documented, f"{where} {status} has no example"


def test_page_of_the_api_has_every_route_and_says_which_take_the_subject(app: FastAPI) -> None:
    def written(method: str, path: str, operation: dict[str, Any]) -> str:
        takes_subject = any(one["name"] == "subject" for one in operation.get("parameters", []))
        return f"{method.upper()} {path.removeprefix('/api/v3')}{' *' if takes_subject else ''}"

    page = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| ([A-Z]+) \| `(/[^`]*)`( \*)? \| .+ \| \[.+\]\(.+\) \|$", page, re.MULTILINE)

    shown = [f"{method} {path}{star}" for method, path, star in rows]
    assert sorted(shown) == sorted(written(*route, told) for route, told in operations(app).items())


def test_schemas_are_named_by_what_they_hold_and_by_no_module(app: FastAPI) -> None:
    assert [name for name in app.openapi()["components"]["schemas"] if "__" in name] == []


def test_readiness_asks_all_at_once_and_does_not_wait_for_a_dependency_that_hangs(
    monkeypatch: pytest.MonkeyPatch, promised: Callable[[float, float], None]
) -> None:
    monkeypatch.setattr(health, "ANSWER_S", 0.1)
    end = threading.Event()
    asked: list[str] = []

    def hangs() -> bool:
        asked.append("hangs")
        return end.wait(30)

    def breaks() -> bool:
        raise RuntimeError

    def says_why() -> bool:
        raise UnavailableError("it is not there yet")

    dependencies = Dependencies(
        {"hangs": hangs, "breaks": breaks, "says why": says_why, "answers": lambda: True}
    )

    async def ask_twice() -> list[dict[str, str | None]]:
        try:
            return [await dependencies.ask(), await dependencies.ask()]
        finally:
            end.set()

    started = time.monotonic()
    answers = asyncio.run(ask_twice())

    dependencies.close()
    away = "It does not answer"
    assert (
        answers == [{"hangs": away, "breaks": away, "says why": "it is not there yet", "answers": None}] * 2
    )
    assert asked == ["hangs"], "a question that hangs was asked again"
    promised(time.monotonic() - started, 5)


@pytest.mark.parametrize("good", [True, False])
def test_readiness_asks_a_dependency_again_only_after_a_while(good: bool) -> None:
    now, asked = [1000.0], []

    def answer() -> bool:
        asked.append(now[0])
        return good

    dependencies = Dependencies({"iam": answer}, clock=lambda: now[0])
    for _ in range(2):
        for _ in range(3):
            # Each on a loop of its own: what is kept belongs to none.
            told = asyncio.run(dependencies.ask())
            assert (told["iam"] is None) is good
        now[0] += health.KEPT_S[good]

    dependencies.close()
    assert asked == [1000.0, 1000.0 + health.KEPT_S[good]]


def test_name_is_listened_on_at_each_of_its_addresses() -> None:
    sockets = listen("localhost", 0)
    try:
        addresses = {one.getsockname()[0] for one in sockets}
        ports = {one.getsockname()[1] for one in sockets}
    finally:
        for one in sockets:
            one.close()

    assert "127.0.0.1" in addresses
    assert addresses <= {"127.0.0.1", "::1"}
    assert len(ports) == 1


def test_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    taken = listen("127.0.0.1", 0)
    try:
        taken[0].listen()
        with pytest.raises(OSError, match="in use"):
            listen("localhost", taken[0].getsockname()[1])
    finally:
        taken[0].close()
