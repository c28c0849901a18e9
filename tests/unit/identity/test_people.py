"""People by name, against answers of Globus Auth that a test chooses."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from octopus.errors import InvalidError, UnavailableError
from octopus.identity.clients import GlobusClients
from octopus.identity.people import People, Person

SECRET = "secret-of-the-service"
ALICE, BOB = ("6f1c8f3e-1111-4222-8333-1234567890ab", "7a1c8f3e-1111-4222-8333-1234567890ab")


class GlobusAuth(ThreadingHTTPServer):
    """Answers the identities API from a list, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.known = [_identity(ALICE, "alice@example.org"), _identity(BOB, "bob@example.org", email=None)]
        self.status = 200
        self.asked: list[dict[str, list[str]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: GlobusAuth

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        self.server.asked.append(asked)
        wanted = (asked.get("ids") or asked["usernames"])[0].split(",")
        key = "id" if "ids" in asked else "username"
        body = json.dumps({"identities": [each for each in self.server.known if each[key] in wanted]})
        self.send_response(self.server.status if parts.path == "/v2/api/identities" else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _identity(
    identity: str, username: str, *, email: str | None = "someone@mail.example.org"
) -> dict[str, Any]:
    return {"id": identity, "username": username, "email": email, "name": None, "status": "used"}


@pytest.fixture
def globus() -> Iterator[GlobusAuth]:
    server = GlobusAuth()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def people(globus: GlobusAuth) -> Iterator[People]:
    clients = GlobusClients(
        client_id=str(uuid.uuid4()), secret=lambda: SECRET, auth_url=globus.url, groups_url=globus.url
    )
    yield People(clients)
    clients.close()


@pytest.mark.parametrize("who", ["alice@example.org", " alice@example.org ", ALICE, ALICE.upper()])
def test_person_is_found_by_user_name_or_uuid(people: People, globus: GlobusAuth, who: str) -> None:
    assert people.resolve(who) == Person(ALICE, "alice@example.org", "someone@mail.example.org")
    # A name that is mistyped must not become an identity.
    assert globus.asked[0].get("provision", ["false"]) == ["false"]


@pytest.mark.parametrize(
    "who", ["alice", "", "a b@example.org", "a@b,c@d", "{" + ALICE[:-2] + "}", "x" * 300]
)
def test_what_is_no_name_is_refused_without_a_question(people: People, globus: GlobusAuth, who: str) -> None:
    with pytest.raises(InvalidError, match="who: must be a user name"):
        people.resolve(who)
    assert globus.asked == []


def test_address_that_an_identity_only_claims_finds_nobody(people: People) -> None:
    with pytest.raises(InvalidError, match=r"knows no identity 'someone@mail\.example\.org'"):
        people.resolve("someone@mail.example.org")


def test_name_of_several_identities_has_to_be_told_by_uuid(people: People, globus: GlobusAuth) -> None:
    globus.known[1]["username"] = "alice@example.org"
    with pytest.raises(InvalidError, match=f"name one: {ALICE}, {BOB}"):
        people.resolve("alice@example.org")


def test_names_are_shown_from_one_question_and_then_from_memory(people: People, globus: GlobusAuth) -> None:
    nobody = str(uuid.uuid4())
    shown = people.shown({ALICE, BOB, nobody})
    assert {identity: person.username for identity, person in shown.items()} == {
        ALICE: "alice@example.org",
        BOB: "bob@example.org",
    }
    people.shown([ALICE, BOB])
    assert len(globus.asked) == 1


def test_more_than_a_hundred_names_are_asked_for_in_hundreds(people: People, globus: GlobusAuth) -> None:
    globus.known = [_identity(str(uuid.uuid4()), f"p{number}@example.org") for number in range(250)]
    shown = people.shown([each["id"] for each in globus.known])
    assert len(shown) == 250
    assert [len(asked["ids"][0].split(",")) for asked in globus.asked] == [100, 100, 50]


def test_outage_shows_what_is_remembered_and_resolves_nobody(people: People, globus: GlobusAuth) -> None:
    people.shown([ALICE])
    globus.status = 503
    assert set(people.shown([ALICE, BOB])) == {ALICE}
    with pytest.raises(UnavailableError) as away:
        people.resolve("bob@example.org")
    assert SECRET not in str(away.value)


def test_answer_of_another_form_is_an_outage(people: People, globus: GlobusAuth) -> None:
    globus.known = [
        {"id": ALICE, "username": "alice@example.org"},
        {"id": "no uuid", "username": "alice@example.org"},
    ]
    with pytest.raises(UnavailableError, match="cannot be read"):
        people.resolve("alice@example.org")
