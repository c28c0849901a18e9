"""AWS_MSK_IAM payloads: what the published Java client makes is verified, anything else is refused.

The payloads of ``aws_msk_iam_payloads.json`` were made with aws-msk-iam-auth 2.3.9, keys of AWS's
documentation and a made-up session token; only their user agents, which nobody signs, were shortened.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from octopus.judge.errors import RefusedError
from octopus.judge.payload import LONGEST_PAYLOAD, parse
from octopus.judge.signature import Presented, require_signature, signing_key
from tests.unit.judge.tokens import SECRET, epoch, signed_payload

PUBLISHED: list[dict[str, str]] = json.loads(
    Path(__file__).with_name("aws_msk_iam_payloads.json").read_text()
)
SESSION_TOKEN = "FwoGZXIvYXdzEXAMPLE/+==//token"
SIGNED_AT = epoch(PUBLISHED[0]["x-amz-date"])
REGIONS = frozenset({"us-east-1", "eu-central-1"})
HOSTS = ["localhost", "127.0.0.1", "BROKER-1.example.org"]


def verify(
    payload: dict[str, Any] | str,
    *,
    now: float | None = None,
    secret: str = SECRET,
    hosts: list[str] = HOSTS,
) -> Presented:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    now = time.time() if now is None else now
    presented = parse(text, hosts=hosts, regions=REGIONS, now=now)
    key = signing_key(secret_access_key=secret, date=presented.date, region=presented.region)
    require_signature(presented, key)
    return presented


def verify_published(payload: dict[str, str], *, after: float = 1, **how: Any) -> Presented:
    """As of so many seconds after the first of them was signed."""
    return verify(payload, now=SIGNED_AT + after, **how)


@pytest.mark.parametrize(
    "payload", PUBLISHED, ids=lambda payload: f"{payload['x-amz-credential'][:4]}-{payload['host']}"
)
def test_payload_of_the_published_java_client_is_verified(payload: dict[str, str]) -> None:
    presented = verify_published(payload)
    key, date, region, *_ = payload["x-amz-credential"].split("/")
    assert (presented.access_key_id, presented.date, presented.region) == (key, date, region)
    assert presented.expires == epoch(payload["x-amz-date"]) + 900
    token = sha256(SESSION_TOKEN.encode()).hexdigest() if key.startswith("ASIA") else None
    assert presented.security_token_sha256 == token


def test_hand_made_payload_is_verified_so_that_the_refusals_below_mean_something() -> None:
    payload = signed_payload()
    assert verify(payload).expires == epoch(payload["x-amz-date"]) + 900


def test_user_agent_is_not_signed() -> None:
    assert verify_published(PUBLISHED[0] | {"user-agent": "anything else"})


def test_wrong_secret_is_refused() -> None:
    with pytest.raises(RefusedError, match="signature"):
        verify_published(PUBLISHED[0], secret=SECRET + "x")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "127.0.0.1"),
        ("x-amz-expires", "899"),
        ("x-amz-date", "20261122T075755Z"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLF/20261122/us-east-1/kafka-cluster/aws4_request"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20261122/eu-central-1/kafka-cluster/aws4_request"),
        ("x-amz-signature", "0" * 64),
        ("x-amz-security-token", "one that was not signed"),
    ],
)
def test_altered_field_is_refused(field: str, value: str) -> None:
    assert PUBLISHED[0].get(field) != value
    with pytest.raises(RefusedError, match="signature"):
        verify_published(PUBLISHED[0] | {field: value})


def test_session_token_that_is_altered_or_left_out_is_refused() -> None:
    (session,) = [
        p for p in PUBLISHED if "x-amz-security-token" in p and "us-east-1" in p["x-amz-credential"]
    ]
    without = {name: value for name, value in session.items() if name != "x-amz-security-token"}
    for altered in (without, session | {"x-amz-security-token": SESSION_TOKEN + "x"}):
        with pytest.raises(RefusedError, match="signature"):
            verify_published(altered)


def test_host_is_compared_whole_and_as_dns_compares() -> None:
    for host in ("localhost.", "localhost:9098", "xlocalhost", "local", "broker-1.example.org.evil.org"):
        with pytest.raises(RefusedError, match="which is not a name of this broker"):
            verify(signed_payload(host=host))
    with pytest.raises(RefusedError, match="host is localhost"):
        verify_published(PUBLISHED[0], hosts=[])


def test_payload_is_good_until_its_expiry_and_not_after() -> None:
    assert verify_published(PUBLISHED[0], after=899.9)
    with pytest.raises(RefusedError, match="expired"):
        verify_published(PUBLISHED[0], after=900)


def test_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    assert verify_published(PUBLISHED[0], after=-300)
    with pytest.raises(RefusedError, match="future"):
        verify_published(PUBLISHED[0], after=-301)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: signed_payload(expires=901), "X-Amz-Expires"),
        (lambda: signed_payload(expires=0), "X-Amz-Expires"),
        (lambda: signed_payload(region="eu-west-1"), "region"),
        (lambda: signed_payload(service="kafka"), "kafka-cluster"),
        (lambda: signed_payload(action="kafka-cluster:ReadData"), "Action"),
        (lambda: signed_payload() | {"version": "2020_10_23"}, "version"),
        (lambda: signed_payload() | {"host": ""}, "printable"),
        (lambda: signed_payload() | {"host": "local host"}, "not the name of a host"),
        (lambda: signed_payload() | {"x-amz-algorithm": "AWS4-HMAC-SHA512"}, "Algorithm"),
        (lambda: signed_payload() | {"x-amz-signedheaders": "host;user-agent"}, "SignedHeaders"),
        (lambda: signed_payload() | {"x-amz-signature": "0" * 63}, "Signature"),
        (lambda: signed_payload() | {"x-amz-date": "20261122T996060Z"}, "X-Amz-Date"),
        (lambda: signed_payload() | {"x-amz-content-sha256": "x"}, "fields"),
        (lambda: signed_payload() | {"X-Amz-Date": "20261122T000000Z"}, "fields"),
        (lambda: without("user-agent"), "fields"),
        (lambda: without("version"), "fields"),
        (lambda: without("x-amz-expires"), "fields"),
        (lambda: signed_payload() | {"x-amz-expires": 900}, "text"),
        (lambda: signed_payload() | {"user-agent": ["x"]}, "text"),
        (lambda: signed_payload() | {"user-agent": {"a": "b"}}, "text"),
        (lambda: signed_payload() | {"user-agent": "line\nbreak"}, "text"),
        (lambda: signed_payload() | {"user-agent": "ä"}, "text"),
    ],
)
def test_what_no_signer_writes_is_refused(make: Callable[[], dict[str, Any]], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        verify(make())


@pytest.mark.parametrize("again", ['"host": "localhost"', '"\\u0068ost": "127.0.0.1"', '"user-agent": "x"'])
def test_field_that_is_repeated_is_refused(again: str) -> None:
    repeated = json.dumps(signed_payload())[:-1] + f", {again}}}"
    with pytest.raises(RefusedError, match="repeats"):
        verify(repeated)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "characters"),
        ("{" + " " * LONGEST_PAYLOAD, "characters"),
        ("{}", "fields"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("NaN", "not a JSON object"),
        ("{", "not JSON"),
        ("{}{}", "not JSON"),
        ("[" * LONGEST_PAYLOAD, "not JSON"),
        ('{"a":' * 1600, "not JSON"),
        ("{\n}", "printable"),
        ('{"host": "ä"}', "printable"),
    ],
)
def test_what_is_no_flat_json_object_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        verify(text)


def test_neither_repr_nor_refusal_shows_signature_or_token() -> None:
    session = PUBLISHED[3]
    shown = repr(verify_published(session))
    with pytest.raises(RefusedError) as refused:
        verify_published(session, secret="other")
    for hidden in (session["x-amz-signature"], SESSION_TOKEN, sha256(SESSION_TOKEN.encode()).hexdigest()):
        assert hidden not in shown + str(refused.value)


def without(field: str) -> dict[str, str]:
    payload = signed_payload()
    del payload[field]
    return payload
