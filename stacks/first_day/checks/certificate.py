"""Whether the certificate of the gateway's own domain is issued and for that domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield how the certificate stands."""
    arn, domain = account.settings.certificate_arn, account.settings.domain
    if not arn:
        return
    acm = account.client("acm")
    asked = f"ask for one: aws acm request-certificate --domain-name {domain} --validation-method DNS"
    try:
        certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except acm.exceptions.ResourceNotFoundException:
        yield fails("certificate", f"this account has no {arn}", asked)
        return
    names = [certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])]
    if certificate["Status"] == "PENDING_VALIDATION":
        yield fails("certificate", "it waits for validation", _records(certificate))
    elif certificate["Status"] != "ISSUED":
        yield fails("certificate", f"its state is {certificate['Status']}", asked)
    elif not any(_covers(name, domain) for name in names):
        yield fails("certificate", f"it is for {', '.join(dict.fromkeys(names))}, not for {domain}", asked)
    else:
        yield ok("certificate", f"issued, for {domain}")


def _covers(name: str, domain: str) -> bool:
    # A star stands for one label.
    return name == domain or (name.startswith("*.") and name[2:] == domain.partition(".")[2])


def _records(certificate: dict[str, Any]) -> str:
    records = [
        each["ResourceRecord"] for each in certificate["DomainValidationOptions"] if "ResourceRecord" in each
    ]
    shown = "; ".join(f"{each['Name']} {each['Type']} {each['Value']}" for each in records)
    return f"write into the domain's DNS: {shown}" if shown else "confirm the mail that ACM sent"
