"""Letters: to the right address, once or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from structlog.testing import capture_logs

from octopus.audit.events import FABRIC, Event
from octopus.audit.letters import compose
from octopus.audit.mail import AGAIN_S, LETTERS, LOST_S, MOST_A_DAY, Post, letters, welcome
from octopus.registry.reading import rows_of
from octopus.registry.transactions import write_together

PERSON = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"
SENDER = "octopus@example.org"
ENDS = datetime.now(UTC) + timedelta(days=10)
WARNING = Event(
    type="key.ending",
    actor=FABRIC,
    subject=PERSON,
    data={"access_key_id": "AKIA1", "label": None, "ends": ENDS.isoformat()},
)


class Clock:
    """Seconds since the epoch, as a test has them."""

    now = float(int(datetime.now(UTC).timestamp()))

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ses() -> Iterator[Stubber]:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    with Stubber(boto3.client("sesv2", region_name="us-east-1", config=once)) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def post(database: Any, table: str, ses: Stubber, clock: Clock) -> Post:
    write_together(database, letters(table, WARNING, [PERSON], ends=ENDS))
    client: Any = ses.client
    return Post(database, table, client, sender=SENDER, clock=clock)


def known(database: Any, table: str, subject: str = PERSON, **names: str) -> None:
    attributes = {name: {"S": value} for name, value in names.items()}
    row = {"pk": {"S": f"SUBJECT#{subject}"}, "sk": {"S": "IDENTITIES"}, **attributes}
    database.put_item(TableName=table, Item=row)


def sent_to(ses: Stubber, address: str) -> None:
    expected = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [address]},
        "Content": {"Simple": {"Subject": {"Data": ANY}, "Body": {"Text": {"Data": ANY}}}},
    }
    ses.add_response("send_email", {"MessageId": "1"}, expected)


def waiting(database: Any, table: str) -> int:
    return len(list(rows_of(database, table, LETTERS)))


@pytest.mark.parametrize(
    ("names", "address"),
    [
        ({"email": "ada@example.org", "username": "ada@login.example.org"}, "ada@example.org"),
        ({"username": "ada@login.example.org"}, "ada@login.example.org"),
        ({"email": "", "username": "ada@login.example.org"}, "ada@login.example.org"),
    ],
)
def test_letter_goes_once_to_the_address_that_globus_names(
    database: Any, table: str, ses: Stubber, post: Post, names: dict[str, str], address: str
) -> None:
    known(database, table, **names)
    sent_to(ses, address)

    post.send()
    post.send()

    assert waiting(database, table) == 0


def test_letter_to_a_linked_identity_goes_to_the_person_behind_it(
    database: Any, table: str, ses: Stubber, post: Post
) -> None:
    known(database, table, "behind", email="ada@example.org")
    database.put_item(
        TableName=table, Item={"pk": {"S": f"IDENTITY#{PERSON}"}, "sk": {"S": "SUBJECT#behind"}}
    )
    sent_to(ses, "ada@example.org")

    post.send()


def test_letter_to_somebody_without_an_address_is_dropped_and_said(
    database: Any, table: str, post: Post
) -> None:
    known(database, table, username="ada")

    with capture_logs() as logged:
        post.send()

    assert waiting(database, table) == 0
    assert [entry["event"] for entry in logged] == ["mail.dropped"]


def test_letter_that_ses_refuses_is_tried_again_and_its_address_is_never_logged(
    database: Any, table: str, ses: Stubber, post: Post, clock: Clock
) -> None:
    known(database, table, email="ada@example.org")
    refusal = "Email address is not verified: ada@example.org"
    ses.add_client_error("send_email", "MessageRejected", refusal, http_status_code=400)

    with capture_logs() as logged:
        post.send()
        post.send()
    clock.now += AGAIN_S
    sent_to(ses, "ada@example.org")
    post.send()

    assert waiting(database, table) == 0
    assert [entry["reason"] for entry in logged] == ["MessageRejected"]
    assert "ada@" not in str(logged)


@pytest.mark.parametrize("code", ["InternalFailure", None])
def test_letter_of_which_nobody_knows_whether_it_went_out_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
    database: Any,
    table: str,
    ses: Stubber,
    post: Post,
    clock: Clock,
    code: str | None,
) -> None:
    known(database, table, email="ada@example.org")
    if code:
        ses.add_client_error("send_email", code, http_status_code=500)
    else:
        monkeypatch.setattr(ses.client, "send_email", fails(ReadTimeoutError(endpoint_url="https://ses")))

    post.send()
    clock.now += AGAIN_S
    post.send()

    assert waiting(database, table) == 0


def test_letter_is_tried_again_when_ses_was_not_reached(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, ses: Stubber, post: Post, clock: Clock
) -> None:
    known(database, table, email="ada@example.org")
    with monkeypatch.context() as patch:
        patch.setattr(ses.client, "send_email", fails(ConnectTimeoutError(endpoint_url="https://ses")))
        post.send()
    clock.now += AGAIN_S
    sent_to(ses, "ada@example.org")

    post.send()

    assert waiting(database, table) == 0


def test_letter_whose_sender_died_over_it_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, database: Any, table: str, ses: Stubber, post: Post, clock: Clock
) -> None:
    known(database, table, email="ada@example.org")
    with monkeypatch.context() as patch:
        patch.setattr(ses.client, "send_email", fails(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            post.send()
    post.send()
    left = waiting(database, table)
    clock.now += LOST_S
    post.send()

    assert (left, waiting(database, table)) == (1, 0)


def test_letter_that_comes_too_late_is_dropped(
    database: Any, table: str, ses: Stubber, post: Post, clock: Clock
) -> None:
    known(database, table, email="ada@example.org")
    clock.now = ENDS.timestamp() + 1

    post.send()

    assert waiting(database, table) == 0


def ending(type_: str, **told: Any) -> Event:
    data = {"grantee_kind": "user", "grantee": PERSON, "shown_as": None, "ends": "2027", **told}
    return Event(type=type_, actor=FABRIC, namespace="lab", topic=data.pop("topic", None), data=data)


@pytest.mark.parametrize(
    ("event", "subject", "command"),
    [
        (WARNING, "access key AKIA1", "octopus key rotate AKIA1\n"),
        (
            ending("grant.ending", topic="events", right="read"),
            "read on lab.events",
            f"octopus topic share lab.events {PERSON} --read --until TIME\n",
        ),
        (
            ending("grant.ending", right="manage", grantee_kind="group"),
            "manage on lab",
            f"octopus project share lab --group {PERSON} --manage --until TIME\n",
        ),
        (
            ending("grant.ending", right="member"),
            "member on lab",
            f"octopus project add lab {PERSON} --until TIME\n",
        ),
        (
            ending("grant.ending", right="owner", grantee_kind="group"),
            "owner on lab",
            f"octopus project add lab --group {PERSON} --owner --until TIME\n",
        ),
        (ending("project.ending"), "project lab", "octopus project set lab --ends TIME\n"),
    ],
)
def test_letter_says_what_ends_when_and_what_to_do(event: Event, subject: str, command: str) -> None:
    title, text = compose(event)

    assert title == f"Octopus: {subject} ends soon"
    assert str(event.data["ends"]) in text
    assert text.endswith(command)


@pytest.mark.parametrize("kind", ["user", "group"])
def test_letter_holds_no_name_that_somebody_else_chose(kind: str) -> None:
    told = ending("grant.ending", right="read", grantee_kind=kind, shown_as="Click\r\nhttp://evil.example")

    assert "evil" not in "".join(compose(told))


def test_person_is_sent_a_handful_of_letters_a_day(database: Any, table: str) -> None:
    for sent in range(MOST_A_DAY):
        assert welcome(database, table, [PERSON, "other"]) == [PERSON, "other"], f"after {sent}"
        write_together(database, letters(table, ending("project.ending"), [PERSON], ends=ENDS))

    assert welcome(database, table, [PERSON, "other"]) == ["other"]
    assert waiting(database, table) == MOST_A_DAY


def fails(error: BaseException) -> Any:
    def call(**_arguments: object) -> None:
        raise error

    return call
