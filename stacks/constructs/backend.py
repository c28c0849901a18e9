"""Where the gateway sends what it lets through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The web service as the gateway reaches it: over the internet, or through a link into a VPC."""

    base_url: str
    """Scheme, host and port, without a last slash."""
    vpc_link_id: str | None = None
    """Link (V2) through which it is reached; none over the internet."""
    target_arn: str | None = None
    """The balancer behind that link."""
