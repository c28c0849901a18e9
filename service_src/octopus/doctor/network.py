"""Names, ports and certificates of the addresses that a client is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from octopus.doctor.findings import Finding, failed, ok
from octopus.kafka.servers import CONNECT_S, Address, open_tls

RENEW_BEFORE = timedelta(days=30)
"""Life that a certificate should still have."""

# Of OpenSSL's x509_vfy.h; Python's ssl has no names for them.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_ISSUER = (2, 18, 19, 20, 21)
_WRONG_NAME = (62, 64)


def check_names(addresses: Iterable[Address]) -> Finding:
    """Whether every host's name can be resolved."""
    resolved = []
    for host in dict.fromkeys(address.host for address in addresses):
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            return failed(
                f"the name {host} cannot be resolved ({getattr(error, 'strerror', None) or error})",
                f"correct the name if it is misspelt; if not, this machine's DNS does not know it: try "
                f"`getent hosts {host}`, and the network or VPN from which the fabric is meant to be reached",
            )
        ips = sorted({str(sockaddr[0]) for *_, sockaddr in found})
        resolved.append(host if ips == [host] else f"{host} is {', '.join(ips)}")
    return ok("; ".join(resolved))


def check_ports(addresses: Iterable[Address]) -> Finding:
    """Whether every address takes a connection."""
    opened = []
    for address in dict.fromkeys(addresses):
        try:
            socket.create_connection((address.host, address.port), timeout=CONNECT_S).close()
        except ConnectionRefusedError:
            return failed(
                f"nothing listens at {address}",
                "the process is down, or the port is another one; on this machine see `octopus status`",
            )
        except OSError as error:
            return failed(
                f"{address} cannot be reached ({error.strerror or type(error).__name__.lower()})",
                f"a firewall between here and there drops it: open port {address.port} for this machine",
            )
        opened.append(str(address))
    return ok(", ".join(opened))


def check_certificates(addresses: Iterable[Address], ca_file: Path | None) -> Finding:
    """Whether every address speaks TLS with a certificate that a client believes."""
    ends = []
    for address in dict.fromkeys(addresses):
        try:
            with open_tls(address, ca_file) as connection:
                certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
        except ssl.SSLCertVerificationError as error:
            return _disbelieved(address, ca_file, error)
        except (ssl.SSLError, OSError) as error:
            return _no_tls(address, error)
        ends.append(f"{address} until {certificate.not_valid_after_utc:%Y-%m-%d}")
    return ok(", ".join(ends))


def check_expiry(addresses: Iterable[Address], ca_file: Path | None) -> Finding:
    """Whether every certificate, and the authority in ``ca_file`` that signed it, lives for long enough."""
    known = x509.load_pem_x509_certificates(ca_file.read_bytes()) if ca_file is not None else []
    for address in dict.fromkeys(addresses):
        shown = _certificate(address)
        if _ends_soon(shown):
            return failed(
                f"the certificate of {address} ends on {shown.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
                "put a new certificate into the broker's key store and restart that broker; on this machine "
                "`octopus up` renews it",
            )
        if any(one.subject == shown.issuer and _ends_soon(one) for one in known):
            return failed(
                f"the authority in {ca_file} that signed for {address} ends within {RENEW_BEFORE.days} days",
                "give every client a file with its successor before that day",
            )
    return ok(f"all live for {RENEW_BEFORE.days} days at least")


def _certificate(address: Address) -> x509.Certificate:
    """Whatever certificate the other side shows, believed or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address.host, address.port), timeout=CONNECT_S) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def _ends_soon(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE


def _disbelieved(address: Address, ca_file: Path | None, error: ssl.SSLCertVerificationError) -> Finding:
    shown = _certificate(address)
    if error.verify_code in _WRONG_NAME:
        return failed(
            f"the certificate of {address} is for {', '.join(_names(shown)) or 'no name'}",
            "use one of these names as the bootstrap server, or give the broker a certificate for "
            f"{address.host}",
        )
    if error.verify_code == _EXPIRED:
        return failed(
            f"a certificate in the chain of {address} has ended; the broker's own ends on "
            f"{shown.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
            "the operator must renew it; if that day is still to come, this machine's clock is ahead",
        )
    if error.verify_code == _NOT_YET_VALID:
        return failed(
            f"the certificate of {address} begins on {shown.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            "this machine's clock is behind: set it by NTP",
        )
    if error.verify_code in _UNKNOWN_ISSUER:
        issuer = shown.issuer.rfc4514_string()
        if ca_file is None:
            return failed(
                f"the certificate of {address} is signed by {issuer}, which this system does not know",
                "ask the operator for that authority's PEM file and name it: here with --ca-file, in "
                "librdkafka as ssl.ca.location, in Java as ssl.truststore.location (type PEM)",
            )
        return failed(
            f"the certificate of {address} is signed by {issuer}, which is not in {ca_file}",
            "that file is of another fabric, or of an earlier life of this one: get the present one from the "
            "operator (on this machine it is tls/ca.pem in the state folder)",
        )
    return failed(
        f"the certificate of {address} is not believed: {error.verify_message}",
        "show this line to the operator",
    )


def _no_tls(address: Address, error: OSError) -> Finding:
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return failed(
            f"{address} does not speak TLS",
            "this is another listener: ask for the port of the brokers' SASL_SSL listener (9098 by habit)",
        )
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return failed(
        f"{address} ended the TLS handshake ({reason or type(error).__name__})",
        "look for a proxy between here and the broker, and into the broker's log",
    )


def _names(certificate: x509.Certificate) -> Sequence[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]
