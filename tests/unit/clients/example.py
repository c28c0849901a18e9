"""The caller whose settings docs/clients.md shows."""

from __future__ import annotations

from pathlib import Path

from octopus.clients.snippets import Connection

EXAMPLE = Connection(
    bootstrap_servers="b1.anl.example:9098,b2.anl.example:9098",
    topic="ns-3f2a5c1b9e44.readings",
    group="ns-3f2a5c1b9e44.readers",
    ca_file=Path("/etc/octopus/ca.pem"),
    credential_process="/opt/octopus/bin/octopus key session --credential-process",
)
