"""An HTTP/1.1 client as thin as it can be, so that a round shows the server: keep-alive, no pipelining.

Task: ``host``, ``port``, ``method``, ``path``, ``headers``, ``body``, ``expected`` (text that each reply's
body must hold), ``count`` (requests a round) and ``connections`` (at once).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import uvloop

from load_tests.clients.rounds import Round, Task, serve
from load_tests.comparison import percentile
from load_tests.errors import BenchmarkError


def prepare(task: Task) -> Round:
    """Each round opens ``connections`` and shares ``count`` requests out among them."""
    request = _request(task)
    expected = task["expected"].encode()
    share = task["count"] // task["connections"]

    async def connection(milliseconds: list[float]) -> None:
        reader, writer = await asyncio.open_connection(task["host"], task["port"])
        for _ in range(share):
            began = time.perf_counter()
            writer.write(request)
            body = await _reply(reader)
            milliseconds.append((time.perf_counter() - began) * 1000)
            if expected not in body:
                raise BenchmarkError(f"{task['path']} answered without {task['expected']!r}")
        writer.close()
        await writer.wait_closed()

    async def all_connections() -> Mapping[str, float]:
        milliseconds: list[float] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(task["connections"]):
                group.create_task(connection(milliseconds))
        return {"p50 ms": percentile(milliseconds, 50), "p99 ms": percentile(milliseconds, 99)}

    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    return lambda: runner.run(all_connections())


def _request(task: Task) -> bytes:
    body: bytes = task["body"].encode()
    headers = {
        "Host": f"{task['host']}:{task['port']}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **task["headers"],
    }
    lines = [f"{task['method']} {task['path']} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _reply(reader: asyncio.StreamReader) -> bytes:
    head: bytes = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").splitlines()
    if status.split()[1] != "200":
        raise BenchmarkError(f"the answer was {status!r}")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return await reader.readexactly(int(fields["content-length"]))


if __name__ == "__main__":
    serve(prepare)
