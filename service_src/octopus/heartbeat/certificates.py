"""How long certificates are good for."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import structlog

from octopus.heartbeat.looking import begin
from octopus.kafka.servers import Address, open_tls

_DAY_S = 86_400
_EXPIRED = 10
"""Of OpenSSL's x509_vfy.h; Python's ssl has no name for it."""

_log = structlog.get_logger(__name__)


def days_left(
    addresses: Iterable[tuple[Address, Path | None]], *, clock: Callable[[], float] = time.time
) -> float | None:
    """Days until the first of the certificates ends, 0 for one that has; None where none is to be seen.

    Args:
        addresses: each with the PEM bundle that signs there; the system's roots when None.
    """
    # All at once: each of those that are away takes its time.
    asked = [begin(partial(_ends, address, ca_file)) for address, ca_file in addresses]
    known = [end for each in asked if (end := each.result()) is not None]
    return max(0.0, (min(known) - clock()) / _DAY_S) if known else None


def _ends(address: Address, ca_file: Path | None) -> float | None:
    """Seconds since the epoch; None when the other side shows no certificate that is good."""
    try:
        with open_tls(address, ca_file) as connection:
            return float(ssl.cert_time_to_seconds(str((connection.getpeercert() or {})["notAfter"])))
    except ssl.SSLCertVerificationError as error:
        return 0.0 if error.verify_code == _EXPIRED else None
    except OSError as error:
        _log.info("heartbeat.no_certificate", address=str(address), reason=type(error).__name__)
        return None
