"""Whether mail arrives: of alarms, whose receivers confirm it, and of the fabric, from a verified sender."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, cannot_tell, fails, ok

_PENDING = "PendingConfirmation"


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield each receiver of alarms, and the sender."""
    if account.settings.alarm_mail:
        yield from _alarms(account)
    if account.settings.mail_from:
        yield from _sender(account)


def _alarms(account: Account) -> Iterator[Finding]:
    sns = account.client("sns")
    partition = account.caller.split(":")[1]
    region, name = account.settings.region, account.settings.named("alarms")
    topic = f"arn:{partition}:sns:{region}:{account.id}:{name}"
    try:
        pages = list(sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic))
    except sns.exceptions.NotFoundException:
        yield cannot_tell(
            "mail of alarms",
            f"the first deployment makes the topic {name}",
            "run this again after it: each receiver has to confirm a letter",
        )
        return
    subscribed = {
        each["Endpoint"].lower(): each["SubscriptionArn"] for page in pages for each in page["Subscriptions"]
    }
    for address in account.settings.alarm_mail:
        arn = subscribed.get(address.lower())
        if arn is None:
            yield fails("mail of alarms", f"{address} is not subscribed", "deploy the foundation once more")
        elif arn == _PENDING:
            yield fails(
                "mail of alarms",
                f"{address} has not confirmed",
                "follow the link in the letter from AWS; a new one: aws sns subscribe "
                f"--topic-arn {topic} --protocol email --notification-endpoint {address} --region {region}",
            )
        else:
            yield ok("mail of alarms", f"{address} confirmed")


def _sender(account: Account) -> Iterator[Finding]:
    ses = account.client("sesv2")
    address = account.settings.mail_from
    domain = address.rpartition("@")[2]
    verified = [name for name in (address, domain) if _is_verified(ses, name)]
    if not verified:
        yield fails(
            "sender of mail",
            f"SES has verified neither {address} nor {domain} in this region",
            f"verify it: aws sesv2 create-email-identity --email-identity {address} "
            f"--region {account.settings.region}, then follow the link in the letter",
        )
    elif not ses.get_account().get("ProductionAccessEnabled", False):
        yield fails(
            "sender of mail",
            f"SES has verified {verified[0]}, but sends to verified addresses only: the account is in its "
            "sandbox",
            "ask for production access: aws sesv2 put-account-details --production-access-enabled "
            f"--mail-type TRANSACTIONAL --website-url URL --region {account.settings.region}",
        )
    else:
        yield ok("sender of mail", f"SES has verified {verified[0]}")


def _is_verified(ses: Any, name: str) -> bool:
    try:
        answer = ses.get_email_identity(EmailIdentity=name)
    except ses.exceptions.NotFoundException:
        return False
    return bool(answer["VerifiedForSendingStatus"])
