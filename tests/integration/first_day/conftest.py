"""An AWS account of each test's own in the emulator, which tells them apart by key ids of twelve digits."""

from __future__ import annotations

import random
from collections.abc import Callable

import botocore.session
import pytest

from stacks.first_day.account import Account
from stacks.settings import Settings

MakeAccount = Callable[..., Account]
EXTERNAL = {
    "institution": "anl",
    "kafka": "external",
    "hosting": "external",
    "egress": "nat",
    "service_url": "https://octopus.example.org",
    "bootstrap_servers": "b1.example.org:9098",
}
"""Nothing but the foundation and the gateway."""
_LOADER = botocore.session.create_loader()


@pytest.fixture
def make_account(emulator: str, monkeypatch: pytest.MonkeyPatch) -> MakeAccount:
    """Settings in an empty account: of a preset, or of nothing but foundation and gateway."""
    for name, value in {
        "AWS_ENDPOINT_URL": emulator,
        "AWS_ACCESS_KEY_ID": f"{random.randrange(10**11, 10**12)}",  # noqa: S311 - an account's number
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    # Each account has clients of its own, which would read the descriptions of AWS's services anew.
    monkeypatch.setattr(botocore.session, "create_loader", lambda _path=None: _LOADER)

    def make(**context: object) -> Account:
        base = {"institution": "anl"} if "preset" in context else EXTERNAL
        return Account(Settings.from_context({**base, **context}, region="us-east-1"))

    return make


def words(**context: str) -> list[str]:
    """Settings as words of a command."""
    return [word for name, value in {**EXTERNAL, **context}.items() for word in ("-c", f"{name}={value}")]
