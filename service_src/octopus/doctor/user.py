"""The examination of a user's way to the records, with what a user has."""

from __future__ import annotations

from collections.abc import Iterator

from octopus.doctor import kafka_checks as kafka
from octopus.doctor import web_checks as web
from octopus.doctor.caller import Caller
from octopus.doctor.findings import Check, Result, examine, failed
from octopus.doctor.network import check_certificates, check_names, check_ports

USER_CHECKS: tuple[Check[Caller], ...] = (
    Check("dns", "names of the brokers", lambda caller: check_names(caller.servers)),
    Check("ports", "ports of the brokers", lambda caller: check_ports(caller.servers), ("dns",)),
    Check(
        "tls",
        "certificates of the brokers",
        lambda caller: check_certificates(caller.servers, caller.ca_file),
        ("ports",),
    ),
    Check("clock", "this machine's clock", web.check_clock),
    Check("service", "web service", web.check_service),
    Check("token", "Globus token", web.check_token),
    Check("account", "account", web.check_account, ("token",)),
    Check("key", "access key", web.check_key, ("account",)),
    Check("sign-in", "sign-in at Kafka", kafka.check_sign_in, ("tls", "key")),
    Check(
        "brokers",
        "addresses that the brokers give",
        lambda caller: kafka.check_brokers(caller.admin, caller.ca_file),
        ("sign-in",),
    ),
    Check("topic", "topic to try it on", kafka.check_topic, ("brokers",)),
    Check("policy", "rights to the topic", kafka.check_policy, ("topic",)),
    Check("records", "a record there and back", kafka.check_records, ("policy",)),
    Check("group", "consumer group's name", kafka.check_group, ("brokers",)),
)


def examine_user(caller: Caller) -> Iterator[Result]:
    """Each check's result; what the examination made is taken away at the end."""
    try:
        yield from examine(USER_CHECKS, caller)
    finally:
        left = caller.close()
    if left is not None:
        yield Result(
            "clean-up", "what was made for this", failed(f"{left} could not be deleted", "delete it")
        )
