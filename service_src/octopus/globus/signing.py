"""Id tokens (OpenID Connect Core, section 2), signed with the store's RSA key."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from octopus.globus.clients import Subject
from octopus.globus.database import Database

ALGORITHM = "RS512"
"""What Globus Auth signs with."""
_KEY_NAME = "id-token-signing"


class Signer:
    """Signs id tokens as ``issuer``. The key is made on first use and kept in the store."""

    def __init__(self, database: Database, *, issuer: str) -> None:
        # Made only when missing: an RSA key costs a noticeable part of a second.
        made = None if database.has_key(_KEY_NAME) else _new_key()
        key = load_pem_private_key(database.key(_KEY_NAME, made), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the store's signing key is not an RSA key")
        self._key = key
        self._issuer = issuer
        public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        # The thumbprint of RFC 7638, so that the id follows from the key.
        members = json.dumps({name: public[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
        self._key_id = _base64url(hashlib.sha256(members.encode()).digest())
        self.key_set = {
            "keys": [
                {name: public[name] for name in ("kty", "n", "e")}
                | {"kid": self._key_id, "use": "sig", "alg": ALGORITHM}
            ]
        }
        """The JSON Web Key Set to publish."""

    def id_token(
        self, *, subject: Subject, client_id: str, access_token: str, nonce: str | None, life: int
    ) -> str:
        """A signed statement to the client of who logged in, for ``life`` seconds."""
        now = int(time.time())
        # OpenID Connect Core, section 3.1.3.6: the left half of the hash that the algorithm uses.
        half = hashlib.sha512(access_token.encode()).digest()[:32]
        claims = {
            "iss": self._issuer,
            "aud": client_id,
            "sub": subject.id,
            "iat": now,
            "exp": now + life,
            "last_authentication": now,
            "at_hash": _base64url(half),
            "preferred_username": subject.username,
            "name": subject.name,
            "email": subject.username,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
