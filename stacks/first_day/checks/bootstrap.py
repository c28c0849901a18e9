"""Whether the CDK was prepared in this account and region."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok

NEEDED_VERSION = 6
"""Of the bootstrap stack, as the assemblies of the pinned CDK library ask for it."""
_USUAL_QUALIFIER = "hnb659fds"


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield how the bootstrap stack of this qualifier stands, by the version that it wrote down."""
    qualifier, region = account.settings.bootstrap_qualifier, account.settings.region
    ssm = account.client("ssm")
    command = f"node_modules/.bin/cdk bootstrap aws://{account.id}/{region} {account.words}"
    if qualifier != _USUAL_QUALIFIER:
        command += f" --qualifier {qualifier} --toolkit-stack-name CDKToolkit-{qualifier}"
    try:
        version = int(ssm.get_parameter(Name=f"/cdk-bootstrap/{qualifier}/version")["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        yield fails("bootstrap", f"no bootstrap stack {qualifier} in {region}", f"prepare the CDK: {command}")
        return
    if version < NEEDED_VERSION:
        yield fails(
            "bootstrap",
            f"version {version}, and {NEEDED_VERSION} is needed",
            f"bring it up to date: {command}",
        )
    else:
        yield ok("bootstrap", f"{qualifier}, version {version}")
