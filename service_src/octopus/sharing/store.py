"""What must hold in the registry at the moment in which something is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus.access.models import EVERY_TOPIC
from octopus.accounts.models import State as NamespaceState
from octopus.topics.models import State as TopicState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def in_use(table: str, namespace: str, topic: str) -> list[TransactWriteItemTypeDef]:
    """Items that make a transaction fail unless the namespace is in use and the topic is one of it.

    Args:
        table: the registry.
        namespace: its check comes first.
        topic: without its namespace, or `EVERY_TOPIC`, of which nothing is checked.
    """
    namespace_in_use: TransactWriteItemTypeDef = {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": "NAMESPACE"}},
            "ConditionExpression": "#state = :active",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":active": {"S": NamespaceState.ACTIVE}},
        }
    }
    if topic == EVERY_TOPIC:
        return [namespace_in_use]
    topic_in_use: TransactWriteItemTypeDef = {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"pk": {"S": f"NAMESPACE#{namespace}"}, "sk": {"S": f"TOPIC#{topic}"}},
            "ConditionExpression": "attribute_exists(pk) AND NOT #state IN (:creating, :deleting)",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":creating": {"S": TopicState.CREATING},
                ":deleting": {"S": TopicState.DELETING},
            },
        }
    }
    return [namespace_in_use, topic_in_use]
