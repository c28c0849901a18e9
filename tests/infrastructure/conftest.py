"""The templates that the stacks make."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import pytest

from stacks import fabric
from stacks.settings import Settings
from tests.infrastructure.synthesis import FILES, ROOT, Made, Templates, flags, make

__all__ = ["CAMPUS", "ROOT", "Templates", "synthesize"]


def synthesize(context: Mapping[str, str]) -> Templates:
    """Return the templates by the name of their stack, as ``app.py`` with ``cdk.json`` makes them."""
    app = cdk.App(context=flags())
    fabric.build(app, Settings.from_context(context))
    return {stack.stack_name: stack.template for stack in app.synth().stacks}


@pytest.fixture(scope="session")
def local() -> Templates:
    """One machine's, where data may be lost."""
    return synthesize({"preset": "local"})


@pytest.fixture(scope="session")
def institutions(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """All that stand in ``institutions/``."""
    return [make(name, tmp_path_factory.mktemp(name)) for name in FILES]


@pytest.fixture(scope="session")
def campus() -> Templates:
    """An institution's, on AWS beside a cluster of its own; data is kept."""
    return synthesize(CAMPUS)


@pytest.fixture(scope="session")
def tasks() -> Templates:
    """One with brokers and tasks of its own on AWS, where people sign with keys of IAM users."""
    return synthesize({"institution": "anl", "globus_client_id": CAMPUS["globus_client_id"]})


@pytest.fixture(scope="session")
def sessions() -> Templates:
    """The same, where people sign with sessions."""
    return synthesize({"institution": "anl", "preset": "lab", "globus_client_id": CAMPUS["globus_client_id"]})


CAMPUS = {
    "institution": "anl",
    "kafka": "external",
    "hosting": "external",
    "service_url": "https://octopus.example.org",
    "bootstrap_servers": "b1.example.org:9098,b2.example.org:9098",
    "public_url": "https://octopus.example.org",
    "globus_client_id": "7c7b1f2e-8a57-4a8a-9a0c-0a8d1f6b2c11",
}
