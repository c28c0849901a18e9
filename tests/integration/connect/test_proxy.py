"""What programs of a machine see of the fabric that a person is connected to."""

from __future__ import annotations

import socket
from contextlib import closing

import httpx
import psutil
import pytest

from tests.integration.connect.conftest import Connected
from tests.integration.connect.institution import Institution
from tests.patience import PATIENCE_S


def test_only_loopback_addresses_are_listened_on(connected: Connected) -> None:
    listening = {
        (each.laddr.ip, each.laddr.port)
        for each in psutil.Process(connected.command.process.pid).net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN
    }
    expected = {("127.0.0.1", connected.port), ("127.0.0.1", connected.auth_port)}
    if _has_ipv6():
        expected.add(("::1", connected.port))
    assert listening == expected
    for host, port in listening - {("127.0.0.1", connected.auth_port)}:
        base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        reply = httpx.get(f"{base}/api/v3/namespace", headers=connected.headers)
        assert reply.status_code == 200, base


def test_request_comes_to_the_fabric_as_it_was_sent_but_with_the_persons_token(
    connected: Connected, lab: Institution
) -> None:
    sent = {
        **connected.headers,
        "Content-Type": "application/vnd.kafka.v2+json",
        "X-Request-Id": "mine",
        "Cookie": "of=another-server-on-localhost",
        "TE": "trailers",
        "Connection": "X-Dropped",
        "X-Dropped": "1",
    }
    path = "/api/v3/a%2Fb/topics/x%7Cy%20z/records:batch?after=%2F&q=a+b"
    with httpx.Client() as program:
        program.headers.clear()
        reply = program.request("GET", connected.url + path, headers=sent, content=b'{"partitions": []}')

    assert reply.status_code == 200
    received = reply.json()
    headers = dict(received["headers"])
    assert received["method"] == "GET"
    assert received["target"] == f"/live{path}"
    assert received["body"] == '{"partitions": []}'
    scheme, _, token = headers.pop("authorization").partition(" ")
    assert (scheme, token == connected.token) == ("Bearer", False)
    assert headers == {
        "host": f"localhost:{lab.port}",
        "subject": connected.who.id,
        "content-type": "application/vnd.kafka.v2+json",
        "content-length": "18",
        "x-request-id": "mine",
    }
    assert reply.headers["x-request-id"] == "r-1"
    assert reply.headers.keys() & {"set-cookie", "x-hop"} == set()


def test_body_without_a_length_is_passed_on_in_pieces(connected: Connected) -> None:
    pieces = iter([b"one ", b"two"])
    received = httpx.post(f"{connected.url}/api/v3/a/b", headers=connected.headers, content=pieces).json()
    headers = dict(received["headers"])
    assert received["body"] == "one two"
    assert (headers.get("transfer-encoding"), headers.get("content-length")) == ("chunked", None)


@pytest.mark.parametrize("status", [204, 404, 429, 503])
def test_status_goes_through(connected: Connected, status: int) -> None:
    reply = httpx.delete(f"{connected.url}/api/v3/ns/t?status={status}", headers=connected.headers)
    assert reply.status_code == status


def test_reply_to_head_goes_through_without_its_body(connected: Connected) -> None:
    reply = httpx.head(f"{connected.url}/api/v3/ns/t", headers=connected.headers)
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 0


def test_stream_arrives_as_it_is_made_and_ends_with_its_reader(
    connected: Connected, lab: Institution
) -> None:
    lab.stream_ended.clear()
    lab.stream_goes_on.clear()
    with httpx.stream("GET", f"{connected.url}/api/v3/stream", headers=connected.headers) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "data: 1"
        lab.stream_goes_on.set()
        assert [line for line in lines if line] == ["data: 2"]
    assert lab.stream_ended.wait(PATIENCE_S)

    lab.stream_ended.clear()
    lab.stream_goes_on.clear()
    with httpx.stream("GET", f"{connected.url}/api/v3/stream", headers=connected.headers) as reply:
        assert next(reply.iter_lines()) == "data: 1"
    assert lab.stream_ended.wait(PATIENCE_S)


def test_reply_that_breaks_off_there_breaks_off_here(connected: Connected) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{connected.url}/api/v3/cut", headers=connected.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_address_of_a_consumer_is_on_the_address_that_was_called(connected: Connected, host: str) -> None:
    base = f"http://{host}:{connected.port}"
    reply = httpx.post(f"{base}/api/v2/consumers/g", headers=connected.headers, json={})
    told = {"instance_id": "one", "base_uri": f"{base}/api/v2/consumers/g/instances/one"}
    assert reply.json() == told


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5"])
def test_program_that_was_not_let_in_is_refused(connected: Connected, authorization: str | None) -> None:
    headers = {"Subject": connected.who.id}
    if authorization is not None:
        headers["Authorization"] = authorization
    reply = httpx.get(f"{connected.url}/api/v3/namespace", headers=headers)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json().keys() == {"status", "error_code", "message"}
    assert "not one that the `octopus connect` of this machine gave out" in reply.json()["message"]


def test_persons_own_token_is_no_key_to_this_machine(connected: Connected, lab: Institution) -> None:
    httpx.get(f"{connected.url}/api/v3/namespace", headers=connected.headers)
    headers = {**connected.headers, "Authorization": lab.received[-1]}
    assert httpx.get(f"{connected.url}/api/v3/namespace", headers=headers).status_code == 401


def test_subject_of_somebody_else_is_refused_here(connected: Connected, lab: Institution) -> None:
    before = len(lab.received)
    headers = {**connected.headers, "Subject": "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"}
    reply = httpx.post(f"{connected.url}/api/v3/user", headers=headers)
    assert (reply.status_code, len(lab.received)) == (403, before)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "rebound.example", 421),
        ("Host", "localhost:1", 421),
        ("Origin", "https://page.example", 403),
        ("Origin", "null", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Sec-Fetch-Site", "same-site", 403),
    ],
)
def test_page_of_another_site_is_refused(connected: Connected, header: str, value: str, status: int) -> None:
    reply = httpx.get(f"{connected.url}/api/v3/namespace", headers={**connected.headers, header: value})
    assert reply.status_code == status
    assert reply.json()["error_code"] == status
    assert "access-control-allow-origin" not in reply.headers


def test_login_endpoint_answers_under_its_own_name_alone(connected: Connected) -> None:
    reply = httpx.get(f"{connected.auth_url}v2/oauth2/userinfo", headers={"Host": "rebound.example"})
    assert reply.status_code == 421


def test_token_that_the_fabric_refuses_is_renewed_for_the_next_call(
    connected: Connected, lab: Institution
) -> None:
    call = f"{connected.url}/api/v3/namespace"
    assert httpx.get(call, headers=connected.headers).status_code == 200
    refused = lab.received[-1]
    lab.refuses.add(refused)

    assert httpx.get(call, headers=connected.headers).status_code == 401
    assert httpx.get(call, headers=connected.headers).status_code == 200
    assert lab.received[-1] != refused


def _has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
