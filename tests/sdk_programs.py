"""Programs for the published SDK, which runs in an environment of its own."""

from __future__ import annotations


def produce_and_consume(events: int) -> str:
    """A program that makes an account and a topic, sends numbers to it and prints those that come back."""
    return f"""
import json
from itertools import islice

from diaspora_event_sdk import Client, KafkaConsumer, KafkaProducer

client = Client()
assert client.create_user()["status"] == "success"
assert client.create_topic("readings")["status"] == "success"
topic = client.namespace + ".readings"
producer = KafkaProducer(topic)
for number in range({events}):
    producer.send(topic, {{"number": number}}).get(timeout=180)
producer.close()
consumer = KafkaConsumer(topic, auto_offset_reset="earliest", consumer_timeout_ms=180000)
numbers = [json.loads(record.value)["number"] for record in islice(consumer, {events})]
consumer.close()
print(json.dumps(numbers))
"""
