from __future__ import annotations

import socket

import pytest

from octopus.connect.errors import ConnectError
from octopus.connect.server import bind, open_all
from tests.ports import free_port


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_port_that_another_program_has_on_one_loopback_address_is_taken_on_none(
    family: socket.AddressFamily, address: str
) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConnectError, match=f"^Port {port} is taken .* choose another port with --port.$"):
            bind(port, option="--port")
    for each in bind(port, option="--port"):
        each.close()


def test_port_that_somebody_took_during_the_login_is_said() -> None:
    port = free_port()
    (bound,) = bind(port, option="--auth-port", addresses=["127.0.0.1"])
    with bound, socket.socket() as other:
        # Linux lets two bind one port until one of them listens, when both allow it.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ConnectError, match="choose another port with --auth-port"):
            open_all({"--auth-port": [bound]})
