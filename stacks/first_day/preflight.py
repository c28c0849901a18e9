"""``scripts/preflight``: what would make the first deployment fail, before it is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from stacks.first_day import context, minutes
from stacks.first_day.account import Account
from stacks.first_day.checks import (
    bootstrap,
    brokers,
    certificate,
    credentials,
    earlier,
    existing_network,
    gateway_logs,
    globus,
    linked_roles,
    mail,
    one_fabric,
    quotas,
)
from stacks.first_day.findings import Finding, State, cannot_tell, fails
from stacks.settings import SettingsError

Check = Callable[..., Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "bootstrap": bootstrap.check,
    "earlier deployment": earlier.check,
    "quotas": quotas.check,
    "service-linked roles": linked_roles.check,
    "log role of API Gateway": gateway_logs.check,
    "network": existing_network.check,
    "brokers": brokers.check,
    "IAM users": one_fabric.check,
    "certificate": certificate.check,
    "Globus": globus.check,
    "mail": mail.check,
}
"""After the credentials, without which none can be asked; each yields what it found."""


def findings(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield what every check found; one that AWS does not answer is told and stops no other."""
    try:
        yield from credentials.check(account, fix=fix)
    except (BotoCoreError, ClientError) as error:
        yield fails(
            "credentials",
            f"AWS does not know you: {error}",
            "log in (aws sso login, or AWS_PROFILE), then try: aws sts get-caller-identity",
        )
        return
    for name, check in CHECKS.items():
        try:
            yield from check(account, fix=fix)
        except (BotoCoreError, ClientError) as error:
            yield cannot_tell(name, str(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a finding and return the exit status: 1 when something fails, 2 for wrong settings."""
    parser = context.parser(
        "preflight",
        "Say what would make a deployment with these settings fail. Reads alone, but for --fix.",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="make the account's service-linked roles and API Gateway's log role where there are none",
    )
    given = parser.parse_args(arguments)
    try:
        settings = context.read(given.context)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    account = Account(settings, words=context.as_words(given.context))
    failed = 0
    for finding in findings(account, fix=given.fix):
        sys.stdout.write(f"{finding}\n")
        sys.stdout.flush()
        failed += finding.state is State.FAILS
    sys.stdout.write(f"\n{minutes.told(settings)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
