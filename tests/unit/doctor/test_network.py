"""Names, ports and certificates, each wrong in its own way, and what the doctor says to it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from octopus.doctor.findings import Finding, Status
from octopus.doctor.network import check_certificates, check_expiry, check_names, check_ports
from octopus.kafka.servers import Address, parse_servers
from tests.ports import free_port
from tests.unit.doctor.servers import DAY, Authority, make_authority, plain_server, tls_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The one that signs here."""
    return make_authority(tmp_path_factory.mktemp("authority") / "ca.pem", "Brokers of Example")


def _failed(finding: Finding, detail: str, fix: str) -> None:
    assert finding.status is Status.FAILED
    assert detail in finding.detail
    assert finding.fix is not None
    assert fix in finding.fix


def test_servers_are_parsed_with_ports_and_ipv6() -> None:
    assert parse_servers("b1.example:9098, [::1]:9099") == (Address("b1.example", 9098), Address("::1", 9099))
    assert str(Address("::1", 9099)) == "[::1]:9099"
    with pytest.raises(ValueError, match=r"'b1\.example' is not host:port"):
        parse_servers("b1.example")


def test_unknown_name_is_said_to_be_unknown_to_dns() -> None:
    _failed(check_names([Address("no-such-broker.invalid", 9098)]), "no-such-broker.invalid", "DNS")


def test_known_name_is_ok() -> None:
    assert check_names([Address("127.0.0.1", 9098)]).status is Status.OK


def test_closed_port_is_named() -> None:
    port = free_port()
    _failed(check_ports([Address("127.0.0.1", port)]), f"nothing listens at 127.0.0.1:{port}", "is down")


def test_good_certificate_is_believed(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path)) as address:
        assert check_ports([address]).status is Status.OK
        assert check_certificates([address], authority.file).status is Status.OK
        assert check_expiry([address], authority.file).status is Status.OK


def test_unknown_authority_asks_for_its_file(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path)) as address:
        _failed(check_certificates([address], None), "signed by CN=Brokers of Example", "ssl.ca.location")


def test_wrong_authority_names_the_file_and_the_right_issuer(authority: Authority, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "other.pem", "Somebody Else")
    with tls_server(authority.issue(tmp_path)) as address:
        finding = check_certificates([address], other.file)
    _failed(finding, "signed by CN=Brokers of Example, which is not in", "of another fabric")
    assert str(other.file) in finding.detail


def test_wrong_host_name_lists_the_right_ones(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path, names=["b1.example", "b2.example"])) as address:
        finding = check_certificates([address], authority.file)
    _failed(finding, "is for b1.example, b2.example", "127.0.0.1")


def test_ended_certificate_says_when_it_ended(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path, begins=-3 * DAY, ends=-DAY)) as address:
        finding = check_certificates([address], authority.file)
    yesterday = datetime.datetime.now(datetime.UTC) - DAY
    _failed(finding, f"{yesterday:%Y-%m}", "renew")


def test_certificate_of_tomorrow_blames_the_clock(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path, begins=DAY)) as address:
        _failed(check_certificates([address], authority.file), "begins on", "clock is behind")


def test_listener_without_tls_is_said_to_be_another(authority: Authority) -> None:
    with plain_server() as address:
        _failed(check_certificates([address], authority.file), "does not speak TLS", "SASL_SSL")


def test_certificate_that_ends_soon_is_to_be_renewed(authority: Authority, tmp_path: Path) -> None:
    with tls_server(authority.issue(tmp_path, ends=20 * DAY)) as address:
        assert check_certificates([address], authority.file).status is Status.OK
        _failed(check_expiry([address], authority.file), "ends on", "octopus up")


def test_authority_that_ends_soon_needs_a_successor(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "ca.pem", "Brokers of Example", ends=20 * DAY)
    with tls_server(authority.issue(tmp_path)) as address:
        _failed(check_expiry([address], authority.file), "signed for 127.0.0.1", "successor")
