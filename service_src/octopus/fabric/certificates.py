"""The private certificate authority of one machine's broker."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=397)
_RENEW_BEFORE = datetime.timedelta(days=30)


def ensure_certificates(folder: Path) -> bool:
    """Make the authority and the broker's certificate when they are missing or end within 30 days.

    Writes ``ca.pem``, ``broker.pem`` (key and chain, as Kafka's PEM key store wants them) and
    ``bundle.pem`` (the system's roots and ours) into ``folder``. The authority's key is thrown away:
    nothing else will ever be signed by it.

    Returns:
        Whether they were made anew.
    """
    if _still_good(folder / "ca.pem") and (folder / "broker.pem").is_file():
        _write_bundle(folder)
        return False
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Octopus fabric on this machine")])
    authority = (
        _certificate(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    broker_key = ec.generate_private_key(ec.SECP256R1())
    broker_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    broker = (
        _certificate(broker_name, authority_name, broker_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    key_pem = broker_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    key_store = folder / "broker.pem"
    key_store.touch(mode=0o600)
    key_store.write_bytes(key_pem + broker.public_bytes(serialization.Encoding.PEM) + authority_pem)
    (folder / "ca.pem").write_bytes(authority_pem)
    _write_bundle(folder)
    return True


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _still_good(path: Path) -> bool:
    if not path.is_file():
        return False
    end = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    return end - datetime.datetime.now(datetime.UTC) > _RENEW_BEFORE


def _write_bundle(folder: Path) -> None:
    system = ssl.get_default_verify_paths().cafile
    roots = Path(system) if system and Path(system).is_file() else Path(certifi.where())
    if roots == folder / "bundle.pem":  # the shell was set up by `octopus env`
        return
    (folder / "bundle.pem").write_bytes(
        roots.read_bytes().rstrip() + b"\n" + (folder / "ca.pem").read_bytes()
    )
