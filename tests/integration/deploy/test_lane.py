"""What of the lane on a real account (``tests/aws``) an emulator holds: so its tests are known to run."""

from __future__ import annotations

from tests.aws.test_gateway import (
    test_a_request_goes_through_link_and_balancer_to_a_task,
    test_a_request_without_a_good_token_is_refused_in_the_fabrics_words,
)
from tests.aws.test_identity import test_service_makes_users_keys_and_policies_in_its_bounds
from tests.aws.test_operation import (
    test_an_alarm_goes_through_its_encrypted_topic,
    test_an_event_goes_through_that_topic_too,
)

__all__ = [
    "test_a_request_goes_through_link_and_balancer_to_a_task",
    "test_a_request_without_a_good_token_is_refused_in_the_fabrics_words",
    "test_an_alarm_goes_through_its_encrypted_topic",
    "test_an_event_goes_through_that_topic_too",
    "test_service_makes_users_keys_and_policies_in_its_bounds",
]
