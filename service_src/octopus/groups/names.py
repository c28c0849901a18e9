"""How a person may call a group or a topic of his own."""

from __future__ import annotations


def complete(namespace: str, name: str) -> str:
    """The name at Kafka: a name without a dot gets the namespace in front, any other is taken as it is.

    ``readers`` becomes ``ns-3f2a5c1b9e44.readers``.
    """
    return name if "." in name else f"{namespace}.{name}"
