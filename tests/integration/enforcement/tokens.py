"""Tokens that are wrong in one point, for both mechanisms, and how a client of each presents them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from unittest import mock

import botocore.auth
from botocore.credentials import Credentials

from tests.integration.broker.wire import Connection
from tests.unit.judge.tokens import encode, signed_payload, signed_url

Signed = TypeVar("Signed")
Present = Callable[[Connection, str], str]
"""Presents a token on a connection; the broker's refusal, empty when it was accepted."""

HOST = "127.0.0.1"
"""Where the broker tells its clients that it is."""
WRONG_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def present_bearer(connection: Connection, token: str) -> str:
    """By OAUTHBEARER."""
    return connection.authenticate(token).decode()


def present_payload(connection: Connection, token: str) -> str:
    """By AWS_MSK_IAM."""
    try:
        connection.authenticate_as_java(token)
    except PermissionError as refused:
        return str(refused) or "refused"
    return ""


def bearer_tokens(key: Credentials) -> dict[str, str]:
    """OAUTHBEARER tokens of a key, by what is wrong with each; ``right`` is not."""
    own: dict[str, Any] = {"key_id": key.access_key, "secret": key.secret_key}
    url = signed_url(**own)
    return {
        "right": encode(url),
        "expired": encode(_an_hour_ago(lambda: signed_url(**own))),
        "ends too late": encode(signed_url(**own, expires=901)),
        "altered signature": encode(_altered(url)),
        "altered expiry": encode(url.replace("X-Amz-Expires=900", "X-Amz-Expires=899")),
        "another's key id": encode(url.replace(key.access_key, "AKIAIOSFODNN7EXAMPLE")),
        "wrong secret": encode(signed_url(key_id=key.access_key, secret=WRONG_SECRET)),
        "foreign region": encode(signed_url(**own, region="eu-west-1")),
        "foreign region in the host alone": encode(signed_url(**own, host_region="eu-west-1")),
        "wrong host": encode(url.replace("kafka.us-east-1.amazonaws.com", "kafka.us-east-1.example.com")),
        "another service": encode(signed_url(**own, service="s3")),
        "another action": encode(signed_url(**own, action="kafka-cluster:DescribeCluster")),
        "a field too many": encode(signed_url(**own, more={"Version": "1"})),
        "a security token": encode(signed_url(**own, more={"X-Amz-Security-Token": "anything"})),
        "oversized": encode(f"{url}&User-Agent={'a' * 8000}"),
        "repeated field": encode(f"{url}&X-Amz-Expires=900"),
        "repeated in other letters": encode(f"{url}&x-amz-expires=900"),
        "not base64": "not a token",
    }


def payloads(key: Credentials) -> dict[str, str]:
    """AWS_MSK_IAM payloads of a key, by what is wrong with each; ``right`` is not."""
    own: dict[str, Any] = {"key_id": key.access_key, "secret": key.secret_key, "host": HOST}
    fields = signed_payload(**own)
    text = json.dumps(fields)
    return {
        "right": text,
        "expired": json.dumps(_an_hour_ago(lambda: signed_payload(**own))),
        "ends too late": json.dumps(signed_payload(**own, expires=901)),
        "altered signature": _altered(text),
        "altered expiry": json.dumps(fields | {"x-amz-expires": "899"}),
        "another's key id": text.replace(key.access_key, "AKIAIOSFODNN7EXAMPLE"),
        "wrong secret": json.dumps(signed_payload(**own | {"secret": WRONG_SECRET})),
        "foreign region": json.dumps(signed_payload(**own, region="eu-west-1")),
        "wrong host": json.dumps(signed_payload(**own | {"host": "broker.example.com"})),
        "host is not the signed one": json.dumps(signed_payload(**own | {"host": "b"}) | {"host": HOST}),
        "another service": json.dumps(signed_payload(**own, service="s3")),
        "another action": json.dumps(signed_payload(**own, action="kafka-cluster:DescribeCluster")),
        "another version": json.dumps(fields | {"version": "2019_10_22"}),
        "a field too many": json.dumps(fields | {"x": "1"}),
        "a field too few": json.dumps({name: fields[name] for name in fields if name != "user-agent"}),
        "a security token": json.dumps(fields | {"x-amz-security-token": "anything"}),
        "oversized": json.dumps(fields | {"user-agent": "a" * 9000}),
        "repeated field": text.replace('"version"', '"x-amz-expires": "900", "version"', 1),
        "not JSON": "not a payload",
    }


def _altered(signed: str) -> str:
    """With another last digit of the signature."""

    def other(found: re.Match[str]) -> str:
        return found[1] + ("0" if found[2] != "0" else "1")

    return re.sub(r"(?i)(x-amz-signature\W+[0-9a-f]{63})([0-9a-f])", other, signed)


def _an_hour_ago(sign: Callable[[], Signed]) -> Signed:
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=then):
        return sign()
