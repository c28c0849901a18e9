"""KMS keys. What one encrypted is lost with it: they go last, with a week in which to take them back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover
from stacks.settings import Settings

_DAYS = 7
"""The least that KMS allows."""


def descriptions(settings: Settings) -> frozenset[str]:
    """Return how the stacks describe their keys.

    They are compared whole: the name of something in one institution is the name of another's cluster.
    """
    return frozenset(
        {
            f"Encrypts the secrets in {settings.named('credentials')}",
            f"Encrypts what goes through {settings.named('alarms')}",
            f"Records on the brokers of {settings.cluster_name}",
        }
    )


def find(account: Account, live: frozenset[str], unused: frozenset[str]) -> Iterator[Leftover]:
    """Yield each key that no live stack has; ``unused`` is what belonged to stacks that never came to be."""
    kms = account.client("kms")
    ours = descriptions(account.settings)
    aliases = {
        alias.get("TargetKeyId"): alias["AliasName"]
        for page in kms.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
    }
    keys = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
    for key_id in keys:
        try:
            key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            # Its policy keeps the account's own operators out: it is no key of ours.
            continue
        if key_id in live or key["KeyState"] == "PendingDeletion" or key["KeyManager"] != "CUSTOMER":
            continue
        if key.get("Description") in ours:
            alias = aliases.get(key_id)
            yield Leftover(
                kind="KMS key",
                name=f"{key_id} ({key['Description']})",
                # What it encrypted may be in a backup.
                holds_data=key_id not in unused,
                cost="1 USD",
                remove=partial(_remove, account, key_id, alias),
            )


def _remove(account: Account, key_id: str, alias: str | None) -> None:
    kms = account.client("kms")
    if alias is not None:
        kms.delete_alias(AliasName=alias)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=_DAYS)
