"""One connection to a broker, on which any request can be sent."""

from __future__ import annotations

import ssl

from tests.integration.broker.node import Node
from tests.integration.broker.wire import Connection as RawConnection
from tests.integration.enforcement.codec import Body, Codec


class Connection(RawConnection):
    """A connection to the listener for clients; a context manager that closes it."""

    def __init__(self, node: Node, codec: Codec) -> None:
        super().__init__(node)
        self._codec = codec

    def send(self, request: str, body: Body | None = None, *, version: int | None = None) -> Body:
        """The response to a request.

        Args:
            request: its name in Kafka's ``ApiKeys``.
            body: its fields, those with other values than Kafka's defaults.
            version: the latest stable one when None.

        Raises:
            ConnectionError: the broker closed the connection instead.
        """
        encoded = self._codec.encode(request, body or {}, version=version)
        try:
            answer = self.exchange(encoded.message)
        except ssl.SSLError as error:
            raise ConnectionResetError("the broker closed the connection") from error
        return self._codec.decode(encoded, answer)
