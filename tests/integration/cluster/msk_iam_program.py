"""Writes a record and reads it, by SASL/AWS_MSK_IAM; run in the environment of other people's clients."""

from __future__ import annotations

import sys
import uuid

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

servers, ca_file, topic, group = sys.argv[1:]
settings = {
    "bootstrap_servers": servers.split(","),
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "AWS_MSK_IAM",
    "ssl_cafile": ca_file,
}
value = uuid.uuid4().bytes
try:
    producer = KafkaProducer(**settings, acks="all", max_block_ms=60000)
    producer.send(topic, value).get(timeout=60)
    consumer = KafkaConsumer(topic, **settings, group_id=group, auto_offset_reset="earliest")
    if any(record.value == value for record in consumer):
        sys.stdout.write("written and read")
except KafkaError as error:
    sys.stdout.write(type(error).__name__.removesuffix("Error").removeprefix("Sasl"))
