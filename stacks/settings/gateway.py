"""The gateway in front of the web service."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The gateway."""

    public_url: str = variable(
        read.url,
        "Address at which clients reach the fabric; base of every address in a reply",
        default="",
        shown="`https://<domain>`, else the gateway's own address",
    )
    domain: str = variable(
        read.matching(
            r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "must be a domain name such as octopus.example.org",
        ),
        "Own domain of the gateway, which turns its execute-api address off; needs `certificate_arn`",
        default="",
    )
    certificate_arn: str = variable(
        read.matching(
            r"arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}",
            "must be the ARN of a certificate in ACM",
        ),
        "Certificate for that domain, issued, in ACM of this region",
        default="",
    )
    hosted_zone_id: str = variable(
        read.matching(r"Z[A-Z0-9]{5,31}", "must be the id of a hosted zone such as Z0123456789ABC"),
        "Route 53 zone of that domain, in which its address is written; without one the operator writes it",
        default="",
    )
    api_allowed_cidrs: tuple[str, ...] = variable(
        # They stand in the policy of the API, which holds 8 KB.
        read.several(read.any_network, most=100),
        "Networks, with commas between, from which alone the gateway may be called; at most 100",
        default=(),
        shown="everywhere",
    )
    browser_origins: tuple[str, ...] = variable(
        read.several(read.origin),
        "Origins, with commas between, whose pages may call the fabric from a browser; `*`: any",
        default=(),
    )
    waf: bool = variable(read.truth, "`true`: a web ACL in front of the gateway", default=False)
    waf_requests: int = variable(
        read.whole_number(100, 2_000_000),
        "Requests in five minutes from one address beyond which the web ACL says 429",
        default=10_000,
    )
    authorizer_cache_seconds: int = variable(
        # The service checks each token again; this bounds what the gateway lets through after a revocation.
        read.whole_number(0, 300),
        "Seconds for which the gateway trusts what it learnt of a token",
        default=60,
    )
    gateway_rate_limit: int = variable(
        read.whole_number(1, 10_000),
        "Requests a second, over all callers, beyond which the gateway says 429",
        default=500,
    )
    gateway_burst_limit: int = variable(
        read.whole_number(1, 5_000), "Requests that may come at once above that rate", default=1_000
    )
    public_requests: int = variable(
        read.whole_number(0, 10_000),
        "HTTPS requests a second for public records, of all callers together; `0`: no public reading",
        default=10,
    )
