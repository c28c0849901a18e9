"""Gateway authorizer: is this Globus access token good for this service?

- no bearer token, inactive, expired, for another audience, without a subject: 401
- good, but without this service's scope: 403
- good: access to the whole stage, since the gateway remembers the answer for every route
- Globus Auth gives no usable answer, or cannot be asked, since the fabric has no client there yet: an error,
  which the gateway turns into 503; never access

The token is in no log line, exception or answer. Nothing but the Lambda runtime's own libraries is needed.
Each call writes one line of which CloudWatch makes a metric: taken, refused or unchecked.
Source of the answers' form: https://docs.globus.org/api/auth/reference/#token-introspect
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import boto3
import urllib3
from botocore.exceptions import BotoCoreError, ClientError

TAKEN, REFUSED, UNCHECKED = "TokensTaken", "TokensRefused", "TokensUnchecked"
"""The metrics, by their names in CloudWatch."""
_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/-]+=*)")

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


class Unauthorized(Exception):  # noqa: N818 - the gateway reads the message, and wants this one
    """The caller is not known; the gateway answers 401 to exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class ClientRefusedError(Exception):
    """Globus Auth does not take this service's own id and secret."""


class AuthAwayError(Exception):
    """Globus Auth gave no usable answer, or cannot be asked yet."""


def authorize(
    *,
    authorization: str | None,
    method_arn: str,
    client_id: str,
    introspect: Callable[[str], Mapping[str, object]],
    now: float,
) -> dict[str, Any]:
    """Return the gateway policy for a caller: allow or deny the whole stage to the token's subject.

    Args:
        authorization: the ``Authorization`` header.
        method_arn: ``arn:...:<api>/<stage>/<method>/<path>`` of the request.
        introspect: from a token to what Globus Auth says of it.
        now: seconds since epoch.

    Raises:
        Unauthorized: the token is not good, or not for this service.
        AuthAwayError: it could not be found out.
    """
    match = _BEARER.fullmatch(authorization or "")
    if match is None:
        raise Unauthorized
    if not client_id:
        raise AuthAwayError("the fabric has no globus_client_id yet")
    token = introspect(match[1])
    subject = _subject(token, client_id=client_id, now=now)
    if subject is None:
        raise Unauthorized
    scopes = set(str(token.get("scope") or "").split())
    allowed = f"https://auth.globus.org/scopes/{client_id}/action_all" in scopes
    return _policy(subject=subject, method_arn=method_arn, effect="Allow" if allowed else "Deny")


def _subject(token: Mapping[str, object], *, client_id: str, now: float) -> str | None:
    """Return whose token it is, or None when it is not good here."""
    audience, expires = token.get("aud"), token.get("exp")
    audiences = (
        {audience} if isinstance(audience, str) else set(audience) if isinstance(audience, list) else set()
    )
    if token.get("active") is not True or client_id not in audiences:
        return None
    if not isinstance(expires, int | float) or expires <= now:
        return None
    try:
        return str(UUID(str(token.get("sub"))))
    except ValueError:
        return None


def _policy(*, subject: str, method_arn: str, effect: str) -> dict[str, Any]:
    api, stage = method_arn.split("/")[:2]
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    return {"principalId": subject, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


class GlobusAuth:
    """Introspection with the service's client, whose secret is read once and again when it is refused."""

    def __init__(self, *, url: str, client_id: str, read_secret: Callable[[], str]) -> None:
        self._endpoint = f"{url.rstrip('/')}/v2/oauth2/token/introspect"
        self._client_id = client_id
        self._read_secret = read_secret
        self._secret: str | None = None
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=2, read=6),
            # Asking changes nothing, so that a POST may be sent again.
            retries=urllib3.Retry(total=1, redirect=False, allowed_methods=None),
        )

    def introspect(self, token: str) -> Mapping[str, object]:
        """Return what Globus Auth says of ``token``.

        Raises:
            AuthAwayError: it says nothing usable, there is no secret, or it refuses the newest one.
        """
        if self._secret is not None:
            try:
                return self._ask(token, self._secret)
            except ClientRefusedError:
                logger.warning("Globus Auth refused the client: reading its secret again")
        self._secret = self._read_secret()
        try:
            return self._ask(token, self._secret)
        except ClientRefusedError:
            self._secret = None
            raise AuthAwayError("Globus Auth refuses this service's client id and secret") from None

    def _ask(self, token: str, secret: str) -> Mapping[str, object]:
        try:
            reply = self._http.request(
                "POST",
                self._endpoint,
                fields={"token": token},
                encode_multipart=False,
                headers=urllib3.make_headers(basic_auth=f"{self._client_id}:{secret}"),
            )
            if reply.status in (401, 403):
                raise ClientRefusedError
            answer = json.loads(reply.data) if reply.status == 200 else None
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            # By its kind only: the text of an error may quote what was sent.
            raise AuthAwayError(f"Globus Auth gave no answer: {type(error).__name__}") from None
        if not isinstance(answer, dict):
            raise AuthAwayError(f"Globus Auth answered {reply.status}")
        return answer


def read_secret(secrets: Any, name: str) -> str:
    """Return the Globus client's secret.

    Args:
        secrets: client of Secrets Manager.
        name: of the secret.

    Raises:
        AuthAwayError: there is none, or it cannot be read.
    """
    try:
        secret: str = secrets.get_secret_value(SecretId=name)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        # By its kind only; it will be read again with the next token.
        raise AuthAwayError(f"the secret {name} cannot be read: {type(error).__name__}") from None
    return secret


def metric_line(outcome: str, *, institution: str, now: float) -> str:
    """Return a log line in CloudWatch's embedded metric format that says: one more with this outcome.

    It needs no call and no right, so that counting neither delays an answer nor fails.

    Args:
        outcome: ``TAKEN``, ``REFUSED`` or ``UNCHECKED``.
        institution: whose metrics they are.
        now: seconds since epoch.

    Source of the format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
    CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directive = {
        "Namespace": f"Octopus/{institution}",
        "Dimensions": [[]],
        "Metrics": [{"Name": outcome, "Unit": "Count"}],
    }
    metadata = {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": metadata, outcome: 1}, separators=(",", ":"))


@cache
def _globus_auth() -> GlobusAuth:
    name = os.environ["OCTOPUS_GLOBUS_SECRET_NAME"]
    secrets = boto3.client("secretsmanager")
    return GlobusAuth(
        url=os.environ["OCTOPUS_GLOBUS_AUTH_URL"],
        client_id=os.environ.get("OCTOPUS_GLOBUS_CLIENT_ID", ""),
        read_secret=lambda: read_secret(secrets, name),
    )


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer the gateway's TOKEN event, and count how it went."""
    outcome = UNCHECKED
    try:
        policy = authorize(
            authorization=event.get("authorizationToken"),
            method_arn=event["methodArn"],
            client_id=os.environ.get("OCTOPUS_GLOBUS_CLIENT_ID", ""),
            introspect=_globus_auth().introspect,
            now=time.time(),
        )
        (statement,) = policy["policyDocument"]["Statement"]
        outcome = TAKEN if statement["Effect"] == "Allow" else REFUSED
    except Unauthorized:
        outcome = REFUSED
        raise
    finally:
        line = metric_line(outcome, institution=os.environ["OCTOPUS_INSTITUTION"], now=time.time())
        sys.stdout.write(f"{line}\n")
    return policy
