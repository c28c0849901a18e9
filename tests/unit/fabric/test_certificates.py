"""The private authority of one machine's broker."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from octopus.fabric import certificates
from octopus.fabric.certificates import ensure_certificates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert ensure_certificates(tmp_path / "tls")
    return tmp_path / "tls"


def test_broker_certificate_is_for_this_machine_alone_and_signed_by_the_authority(folder: Path) -> None:
    broker, authority = x509.load_pem_x509_certificates((folder / "broker.pem").read_bytes())
    names = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1"]
    broker.verify_directly_issued_by(authority)
    assert authority == x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())


def test_key_store_is_private_to_its_owner(folder: Path) -> None:
    assert (folder / "broker.pem").stat().st_mode & 0o077 == 0


def test_certificates_are_kept_while_they_are_good(folder: Path) -> None:
    before = (folder / "broker.pem").read_bytes()
    assert not ensure_certificates(folder)
    assert (folder / "broker.pem").read_bytes() == before


def test_certificates_near_their_end_are_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "ca.pem").read_bytes()
    monkeypatch.setattr(certificates, "_RENEW_BEFORE", certificates._LIFE)
    assert ensure_certificates(folder)
    assert (folder / "ca.pem").read_bytes() != before


def test_bundle_holds_the_system_roots_and_ours(folder: Path) -> None:
    context = ssl.create_default_context(cafile=str(folder / "bundle.pem"))
    assert context.cert_store_stats()["x509_ca"] > 1
    assert (folder / "ca.pem").read_bytes() in (folder / "bundle.pem").read_bytes()
