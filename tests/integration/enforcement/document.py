"""The table of requests as the document that operators read.

``python -m tests.integration.enforcement.document`` writes ``docs/operations.md``.
"""

from __future__ import annotations

from tests.integration.broker.node import BROKER
from tests.integration.enforcement.operations import Request, operations, requests

DOCUMENT = BROKER.parents[1] / "docs" / "operations.md"


def document() -> str:
    """The table as Markdown."""
    return "\n".join([_OPENING, *_operations(), *_requests()]) + "\n"


def _operations() -> list[str]:
    known = operations()
    allowed = [
        f"| {name} | {each.action} | {', '.join(each.also_needs)} |"
        for name, each in known.items()
        if each.action
    ]
    denied = [f"| {name} | {each.denied} |" for name, each in known.items() if each.denied]
    return [
        *(_OPERATIONS, "| operation | IAM action | also needs, on the same resource |", "|---|---|---|"),
        *(*allowed, "", _DENIED, "| operation | why |", "|---|---|", *denied),
    ]


def _requests() -> list[str]:
    lines = ["", _REQUESTS]
    section = ""
    for request in requests():
        if request.section != section:
            section = request.section
            lines += ["", f"### {section}", "", _HEADINGS]
        cells = request.name, _asked(request), _actions(request), _notes(request), _refusals(request)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _asked(request: Request) -> str:
    return ", ".join(sorted(request.asks))


def _actions(request: Request) -> str:
    if request.fixed:
        return ""
    known = operations()
    return ", ".join(sorted({known[asked].action for asked in request.asks} - {""}))


def _notes(request: Request) -> str:
    elsewhere = [f"{name} {when}" for name, when in request.not_asked_here.items()]
    return "; ".join([*filter(None, [request.fixed]), *elsewhere])


def _refusals(request: Request) -> str:
    heard: dict[str, None] = {}
    for sent in request.sent:
        answer = sent.answers["person"]
        heard |= (
            {f"`{error}`": None for error in answer.values()} if isinstance(answer, dict) else {answer: None}
        )
        if sent.lists:
            heard["left out of lists"] = None
    return ", ".join(heard)


_OPENING = """\
# Which right each of Kafka's requests needs

Kafka asks its authorizer for *operations* on resources, and the plugin answers by IAM actions on ARNs, as
Amazon MSK does. This page is made from `service_src/broker/src/test/resources/operations.json` (`python -m
tests.integration.enforcement.document`). A test enumerates the requests of the Kafka that is installed,
sends each of them to a real broker, as a person and as an operator, and fails when a request has no row,
when the broker asks for anything else, or when a caller hears anything else.
"""
_OPERATIONS = """\
## Operations

Actions are of `kafka-cluster:`. Each also needs `Connect` on the cluster. A topic's ARN is
`arn:<partition>:kafka:<region>:<account>:topic/<cluster>/<uuid>/<name>`, and `group` and `transactional-id`
likewise; operations on the cluster are on its own ARN.
"""
_DENIED = """\
Denied to everybody but the cluster itself, whatever a policy says (and so is all of `WRITE_TXN_MARKERS`,
since `AlterCluster` does not mean to end others' transactions):
"""
_HEADINGS = """\
| request | Kafka asks for | IAM action | | who is refused hears |
|---|---|---|---|---|"""
_REQUESTS = """\
## Requests

A caller who asks what he may do (`include...AuthorizedOperations`) has each operation of the resource
decided; that is neither listed here nor audited. Requests that a broker forwards are decided by the
controller, by the rights of the client who sent them."""


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
