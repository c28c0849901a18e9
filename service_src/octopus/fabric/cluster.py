"""What a broker says of itself, asked on its inner listener, where no policy decides."""

from __future__ import annotations

import logging

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from octopus.fabric.broker import INNER_USER
from octopus.fabric.settings import BrokerNode

_ANSWER_SECONDS = 3.0


def in_sync(node: BrokerNode, inner_secret: str) -> bool:
    """Whether a broker takes part in the cluster and holds every record of the partitions that are its own.

    It is asked itself: the others take a broker that was killed for a living one for some seconds yet.
    """
    admin = AdminClient(
        {
            "bootstrap.servers": f"127.0.0.1:{node.inner_port}",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": INNER_USER,
            "sasl.password": inner_secret,
            "reconnect.backoff.max.ms": 500,
            "log_level": 0,  # a broker that is not there is what we ask about
        },
        logger=logging.getLogger("librdkafka"),
    )
    try:
        metadata = admin.list_topics(timeout=_ANSWER_SECONDS)
    except KafkaException:
        return False
    partitions = [partition for topic in metadata.topics.values() for partition in topic.partitions.values()]
    return node.number in metadata.brokers and all(
        node.number in partition.isrs for partition in partitions if node.number in partition.replicas
    )
