"""How a person may call a group or a topic, and where groups may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from octopus.errors import OctopusError
from octopus.topics.names import PERSONAL, namespace_of


class Caller(Protocol):
    """Whoever is logged in at the web service."""

    @property
    def subject(self) -> str:
        """UUID of the Globus identity."""

    def call(self, method: str, path: str) -> Mapping[str, Any]:
        """Call a management route, or raise its refusal."""


def complete(namespace: str, name: str) -> str:
    """The name at Kafka: a name without a dot gets the namespace in front, any other is taken as it is.

    ``readers`` becomes ``ns-3f2a5c1b9e44.readers``.
    """
    return name if "." in name else f"{namespace}.{name}"


def namespace_of_groups(caller: Caller, topic: str) -> str:
    """Where the caller's groups and transactional ids for a topic are.

    The topic's own namespace when it is the caller's, or a project that he is in; else the caller's own, as
    for a topic that is shared with him.

    Args:
        topic: full name.
    """
    own, namespace = namespace_of(caller.subject), topic.partition(".")[0]
    if namespace == own:
        return own
    try:
        if namespace.startswith(PERSONAL):
            usable = namespace in caller.call("GET", "namespace")["namespaces"]
        else:
            project = caller.call("GET", f"projects/{quote(namespace, safe='')}")["project"]
            usable = "member" in project["my_rights"]
    except OctopusError:
        return own  # no such project, or he has no right on it as a whole
    return namespace if usable else own
