"""A caller with a complaint: what is asked on the caller's behalf, each thing once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
from botocore.credentials import Credentials
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from globus_sdk import GlobusError

from octopus.doctor.findings import NotKnownError
from octopus.errors import OctopusError
from octopus.fabric.errors import FabricError
from octopus.groups.names import complete, namespace_of_groups
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.kafka.client import TOKEN_REGION, client_settings, region_to_sign_for
from octopus.kafka.servers import Address, parse_servers
from octopus.topics.names import full_name, namespace_of

ANSWER_S = 20.0


class Login(Protocol):
    """Whoever is logged in."""

    @property
    def subject(self) -> str:
        """UUID of the Globus identity."""

    @property
    def authorization(self) -> str:
        """The header's value."""

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Call a management route, or raise its refusal."""


@dataclass(kw_only=True)
class Caller:
    """A user, with no more than a user has: an address, a login, a key.

    What is found out is kept, so that a check may use what one before it has asked.
    """

    url: str
    """The web service."""
    login: Callable[[], Login]
    given_servers: str | None = None
    """Bootstrap servers that the caller named, or those that this machine's fabric is known to have."""
    ca_file: Path | None = None
    shell_key: Credentials | None = None
    """The key that clients started from this shell would sign with, if any."""
    topic: str | None = None
    """As the caller gave it."""
    group: str | None = None
    made_topic: str | None = field(default=None, init=False)
    """A topic that exists for this examination only, without its namespace."""
    made_group: str | None = field(default=None, init=False)
    allowed: frozenset[str] = field(default=frozenset(), init=False)
    """Which of ``read`` and ``write`` the policies let the caller do with the topic."""

    @cached_property
    def session(self) -> Login:
        """Who is logged in; whatever is raised says why nobody is."""
        return self.login()

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the fabric says of itself to everybody; nothing when it does not."""
        try:
            reply = httpx.get(f"{self.url}/api/v3/public/about", timeout=ANSWER_S)
            return dict(reply.json()) if reply.is_success else {}
        except (httpx.HTTPError, ValueError):
            return {}

    @property
    def has_sessions_only(self) -> bool:
        """Whether the fabric issues no keys that last."""
        return self.about.get("credentials") == "session"

    @property
    def region(self) -> str:
        """In whose scope tokens are signed."""
        return region_to_sign_for(self.about.get("kafka_regions") or [TOKEN_REGION])

    @cached_property
    def namespace(self) -> str:
        """The caller's own."""
        return namespace_of(self.session.subject)

    @cached_property
    def namespace_of_groups(self) -> str:
        """Where the caller's groups for the topic are: its project, or his own namespace."""
        if self.topic is None:
            return self.namespace
        return namespace_of_groups(self.session, complete(self.namespace, self.topic))

    def rights_on(self, topic: str) -> frozenset[str]:
        """What the caller may do with a topic, given by full name; nothing if the service does not say."""
        if topic == HEARTBEAT:
            # As everybody; it is in no namespace that the service could be asked about.
            return frozenset({"read"})
        namespace, _, name = topic.partition(".")
        try:
            reply = self.get(f"{quote(namespace, safe='')}/{quote(name, safe='')}")
            return frozenset(reply.json().get("rights", ()))
        except (NotKnownError, ValueError):
            return frozenset()

    def get(self, path: str) -> httpx.Response:
        """The service's reply, whatever it is.

        Raises:
            NotKnownError: there was none.
        """
        headers = {"Subject": self.session.subject, "Authorization": self.session.authorization}
        try:
            return httpx.get(f"{self.url}/api/v3/{path}", headers=headers, timeout=ANSWER_S)
        except httpx.HTTPError as error:
            raise NotKnownError(f"the web service did not answer ({type(error).__name__})") from None

    @cached_property
    def keys(self) -> list[dict[str, Any]]:
        """The caller's keys, newest first, without their secrets."""
        reply = self.get("keys")
        if not reply.is_success:
            raise NotKnownError(f"the service does not list keys (HTTP {reply.status_code})")
        return list(reply.json()["keys"])

    @cached_property
    def key(self) -> Mapping[str, Any]:
        """The caller's key with its secret, as the service hands it out; never issued for the first time.

        Where there are no keys, a session of all of the caller's namespace, for a quarter of an hour.

        Raises:
            NotKnownError: there is none, or the service does not hand it out.
        """
        if self.has_sessions_only:
            wanted = {
                "topics": [f"{self.namespace}.*"],
                "actions": ["read", "write"],
                "duration_seconds": 900,
                "label": "octopus doctor",
            }
            return self._handed_out("sessions", wanted)
        if not any(key["kind"] != "session" for key in self.keys):
            raise NotKnownError("you have no key yet")
        return self._handed_out("key")

    @cached_property
    def credentials(self) -> Credentials:
        """What a client would sign with: the shell's key, else the service's."""
        return self.shell_key or Credentials(
            self.key["access_key"], self.key["secret_key"], self.key.get("session_token")
        )

    @cached_property
    def servers(self) -> tuple[Address, ...]:
        """Bootstrap servers.

        Raises:
            NotKnownError: nobody has said where the brokers are.
        """
        if self.given_servers is not None:
            return parse_servers(self.given_servers)
        try:
            return parse_servers(self.key["endpoint"])
        except (NotKnownError, OctopusError, FabricError, GlobusError, httpx.HTTPError) as error:
            raise NotKnownError(
                "where the brokers are is told with your key, which could not be had "
                f"({error}); --bootstrap-servers names them"
            ) from None

    @cached_property
    def kafka_settings(self) -> dict[str, Any]:
        """Settings of a librdkafka client that is the caller."""
        settings = client_settings(
            bootstrap_servers=",".join(map(str, self.servers)),
            ca_file=self.ca_file,
            credentials=self.credentials,
            region=self.region,
        )
        return {**settings, "log_level": 0}

    @cached_property
    def admin(self) -> AdminClient:
        """Kafka's admin protocol."""
        return AdminClient(self.kafka_settings, logger=logging.getLogger("librdkafka"))

    def use_topic_of_its_own(self, name: str) -> str:
        """Make a topic for this examination; returns its full name.

        Raises:
            OctopusError: the service refused.
        """
        self.session.call("POST", f"{self.namespace}/{name}")
        self.made_topic = name
        return full_name(self.namespace, name)

    def close(self) -> str | None:
        """Take away what was made; returns what was left behind, if anything."""
        left = []
        # A session deletes no group; one whose topic is gone holds nothing, and Kafka forgets it.
        if self.made_group is not None and not self.has_sessions_only:
            try:
                for future in self.admin.delete_consumer_groups([self.made_group]).values():
                    future.result(timeout=ANSWER_S)
            except (KafkaException, TimeoutError):
                left.append(f"consumer group {self.made_group}")
        if self.made_topic is not None:
            try:
                self.session.call("DELETE", f"{self.namespace}/{self.made_topic}")
            except (OctopusError, httpx.HTTPError):
                left.append(f"topic {self.made_topic}")
        return " and ".join(left) or None

    def _handed_out(self, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        try:
            return self.session.call("POST", path, body)
        except (OctopusError, httpx.HTTPError) as error:
            raise NotKnownError(f"the service hands out no key: {error}") from None
