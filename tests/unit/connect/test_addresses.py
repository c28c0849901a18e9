from __future__ import annotations

import json

import pytest

from octopus.connect.addresses import holds_address, localised

OWN = "http://localhost:8000"


@pytest.mark.parametrize(
    ("method", "path", "holds"),
    [
        ("POST", "/api/v2/consumers/readers", True),
        ("POST", "/api/v2/consumers/a%2Fb", True),
        ("POST", "/api/v3/ns-1/consumers/readers", True),
        ("POST", "/api/v2/consumers/readers/instances/one/subscription", False),
        ("GET", "/api/v2/consumers/readers", False),
        ("POST", "/api/v3/ns-1/consumers", False),
    ],
)
def test_replies_with_an_address_are_those_that_make_a_consumer(method: str, path: str, holds: bool) -> None:
    assert holds_address(method, path) is holds


@pytest.mark.parametrize(
    "base_uri",
    [
        "https://octopus.lab.example/api/v2/consumers/g/instances/a%2Fb",
        "https://x.execute-api.us-east-1.amazonaws.com/live/api/v2/consumers/g/instances/a%2Fb",
        "/api/v2/consumers/g/instances/a%2Fb",
    ],
)
def test_address_of_a_consumer_comes_to_be_here(base_uri: str) -> None:
    body = json.dumps({"instance_id": "a/b", "base_uri": base_uri}).encode()
    expected = f"{OWN}/api/v2/consumers/g/instances/a%2Fb"
    assert json.loads(localised(body, OWN)) == {"instance_id": "a/b", "base_uri": expected}


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"1", b"{}", b'{"base_uri": 1}', b'{"base_uri": "https://elsewhere.example/x"}'],
)
def test_reply_without_such_an_address_stays_as_it_is(body: bytes) -> None:
    assert localised(body, OWN) == body
