"""Tokens: what published signers make is verified, anything else is refused."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from octopus.judge.errors import RefusedError
from octopus.judge.signature import Presented, require_signature, signing_key
from octopus.judge.token import LONGEST_TOKEN, parse
from tests.unit.judge.tokens import (
    KEY_ID,
    SECRET,
    decode,
    encode,
    published_token,
    query,
    signed_at,
    signed_url,
)

ROOT = Path(__file__).parents[3]
REGIONS = frozenset({"us-east-1", "eu-central-1"})


def verify(token: str, *, now: float | None = None, secret: str = SECRET) -> Presented:
    presented = parse(token, regions=REGIONS, now=time.time() if now is None else now)
    key = signing_key(secret_access_key=secret, date=presented.date, region=presented.region)
    require_signature(presented, key)
    return presented


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_token_of_awss_signer_is_verified(region: str) -> None:
    token = published_token(region)
    presented = verify(token)
    assert (presented.access_key_id, presented.region) == (KEY_ID, region)
    assert presented.expires == signed_at(token) + 900


def test_token_of_the_published_sdk_is_verified() -> None:
    made = subprocess.run(
        [
            ROOT / ".venv-sdk/bin/python",
            "-c",
            "from diaspora_event_sdk.sdk.aws_iam_msk import generate_auth_token as sign\n"
            "print(sign('us-east-1')[0])",
        ],
        env={
            **os.environ,
            "OCTOPUS_AWS_ACCESS_KEY_ID": KEY_ID,
            "OCTOPUS_AWS_SECRET_ACCESS_KEY": SECRET,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert verify(made.stdout.strip()).access_key_id == KEY_ID


def test_hand_made_token_is_verified_so_that_the_refusals_below_mean_something() -> None:
    assert verify(encode(signed_url())).access_key_id == KEY_ID


def test_security_token_is_signed_and_told_by_its_hash_alone() -> None:
    token = published_token(session="FwoGZXIvYXdzEXAMPLE/+==//token")
    presented = verify(token)
    assert presented.security_token_sha256 == sha256(b"FwoGZXIvYXdzEXAMPLE/+==//token").hexdigest()
    assert verify(published_token()).security_token_sha256 is None
    other = decode(token).replace("FwoGZX", "FwoGZY")
    with pytest.raises(RefusedError, match="signature"):
        verify(encode(other))


def test_user_agent_is_left_out_of_the_signature() -> None:
    url = signed_url()
    assert verify(encode(url + "&User-Agent=anything%2F1.0")).access_key_id == KEY_ID
    assert "User-Agent" in query(published_token())


def test_order_of_the_fields_does_not_matter() -> None:
    base, fields = signed_url().split("?")
    assert verify(encode(f"{base}?{'&'.join(reversed(fields.split('&')))}")).access_key_id == KEY_ID


def test_wrong_secret_is_refused() -> None:
    with pytest.raises(RefusedError, match="signature"):
        verify(published_token(), secret=SECRET + "x")


@pytest.mark.parametrize("field", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature"])
def test_altered_field_is_refused(field: str) -> None:
    url = decode(published_token())
    value = query(encode(url))[field]
    altered = {
        "X-Amz-Credential": value.replace(KEY_ID, KEY_ID[:-1] + "F"),
        "X-Amz-Date": value[:-2] + ("1Z" if value[-2] != "1" else "2Z"),
        "X-Amz-Expires": "899",
        "X-Amz-Signature": value[:-1] + ("0" if value[-1] != "0" else "1"),
    }[field]
    quoted = value.replace("/", "%2F")
    assert quoted in url
    with pytest.raises(RefusedError, match="signature"):
        verify(encode(url.replace(f"{field}={quoted}", f"{field}={altered.replace('/', '%2F')}")))


def test_life_may_have_milliseconds() -> None:
    token = encode(signed_url(expires=12.345))
    assert verify(token, now=signed_at(token) + 12.3)
    with pytest.raises(RefusedError, match="expired"):
        verify(token, now=signed_at(token) + 12.4)


def test_token_without_a_path_is_the_same_token() -> None:
    assert verify(encode(signed_url().replace(".com/?", ".com?")))


def test_token_is_good_until_its_expiry_and_not_after() -> None:
    token = published_token()
    assert verify(token, now=signed_at(token) + 899.9)
    with pytest.raises(RefusedError, match="expired"):
        verify(token, now=signed_at(token) + 900)


def test_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    token = published_token()
    assert verify(token, now=signed_at(token) - 300)
    with pytest.raises(RefusedError, match="future"):
        verify(token, now=signed_at(token) - 301)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: signed_url(expires=901), "X-Amz-Expires"),
        (lambda: signed_url(expires=900.001), "X-Amz-Expires"),
        (lambda: signed_url(expires=3600), "X-Amz-Expires"),
        (lambda: signed_url(expires=0), "X-Amz-Expires"),
        (lambda: signed_url(expires=-5), "X-Amz-Expires"),
        (lambda: signed_url(region="eu-west-1"), "region"),
        (lambda: signed_url(region="us-east-1", host_region="eu-central-1"), "region"),
        (lambda: signed_url(service="kafka"), "kafka-cluster"),
        (lambda: signed_url(action="kafka-cluster:Describe"), "Action"),
        (lambda: signed_url(more={"Extra": "1"}), "fields"),
        (lambda: signed_url() + "&Action=kafka-cluster%3AConnect", "repeats"),
        (lambda: signed_url() + "&User-Agent=a&User-Agent=b", "repeats"),
        (lambda: signed_url() + "&%41ction=x", "fields"),
        (lambda: signed_url() + "&", "malformed"),
        (lambda: signed_url() + "&User-Agent=a=b", "malformed"),
        (lambda: signed_url() + "&User-Agent=%FF", "ASCII"),
        (lambda: signed_url().replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "Algorithm"),
        (lambda: signed_url().replace("SignedHeaders=host", "SignedHeaders=host%3Bx"), "SignedHeaders"),
        (lambda: signed_url().replace("aws4_request", "aws4_other"), "scope"),
        (lambda: signed_url().replace("https://", "http://"), "presigned URL"),
        (lambda: signed_url().replace(".com/?", ".com/x?"), "presigned URL"),
        (lambda: signed_url().replace(".com/?", ".com:443/?"), "presigned URL"),
        (lambda: signed_url().replace("amazonaws.com", "example.org"), "presigned URL"),
        (lambda: signed_url().replace("kafka.us", "user@kafka.us"), "presigned URL"),
        (lambda: signed_url() + "#fragment\n", "presigned URL"),
        (lambda: signed_url() + "&User-Agent=a b", "presigned URL"),
        (lambda: signed_url() + "&User-Agent=ä", "ASCII"),
        (lambda: signed_url().replace("X-Amz-Expires=900", "X-Amz-Expires=0900"), "X-Amz-Expires"),
        (lambda: signed_url().replace("X-Amz-Date=2", "X-Amz-Date=3"), "X-Amz-Date"),
        (lambda: signed_url(key_id="short"), "scope"),
        (lambda: signed_url(key_id="AKIAIOSFODNN7EXAMPLE/x"), "scope"),
        (lambda: signed_url().split("&X-Amz-Signature")[0], "fields"),
    ],
)
def test_what_no_signer_writes_is_refused(make: Callable[[], str], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        verify(encode(make()))


def test_time_that_does_not_exist_is_refused() -> None:
    url = signed_url()
    date = query(encode(url))["X-Amz-Date"]
    with pytest.raises(RefusedError, match="not a time"):
        verify(encode(url.replace(f"Date={date}", f"Date={date[:9]}996060Z")))


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "characters"),
        ("A" * (LONGEST_TOKEN + 1), "characters"),
        ("A" * 5, "base64url of ASCII"),
        ("abc=", "without padding"),
        ("ab+/", "without padding"),
        ("ab\n", "without padding"),
        ("äöü", "without padding"),
        ("__79", "base64url of ASCII"),
        ("aGk", "presigned URL"),
        ("aGl", "canonical"),
    ],
)
def test_what_is_no_base64url_text_is_refused(token: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        verify(token)


def test_refusal_never_repeats_the_token_or_its_signature() -> None:
    token = published_token()
    with pytest.raises(RefusedError) as refused:
        verify(token, secret="other")
    assert query(token)["X-Amz-Signature"] not in str(refused.value)
    assert base64.b64encode(token.encode()).decode()[:40] not in str(refused.value)


def test_signing_key_is_of_one_day_and_region() -> None:
    key = signing_key(secret_access_key=SECRET, date="20150830", region="us-east-1")
    assert key != signing_key(secret_access_key=SECRET, date="20150831", region="us-east-1")
    assert key != signing_key(secret_access_key=SECRET, date="20150830", region="eu-central-1")
