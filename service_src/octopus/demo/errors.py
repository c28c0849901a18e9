"""What can go wrong with the main job, said for the person at the terminal."""

import httpx
from confluent_kafka import KafkaException
from globus_sdk import GlobusError

from octopus.errors import OctopusError


class DemoError(Exception):
    """The job can't go on, or what came out of it is not what went in."""


class InvalidEventError(DemoError):
    """A record is no event of this format, or one that must not be followed."""


class DeliveryError(DemoError):
    """The brokers did not acknowledge an event."""


EXPECTED = (DemoError, OctopusError, GlobusError, httpx.HTTPError, KafkaException)
"""What a process of the job tells in one line, without a trace."""
