"""Stands before a PostgreSQL server and cuts a connection at the next COMMIT of a snapshot.

Usage: cutting_proxy.py <server's socket>. Prints its port. Takes a line from standard input:
`reply` forwards the COMMIT and drops the server's reply, `before` drops the COMMIT itself, `late`
drops the connection and forwards the COMMIT a while after. Prints `cut` when it has done so.
"""

import asyncio
import contextlib
import struct
import sys

LATE_S = 0.3
NEGOTIATIONS = {80877103, 80877104}  # SSLRequest, GSSENCRequest: the startup message follows
COMMIT = b"COMMIT\x00"
SNAPSHOT = b".ducklake_snapshot VALUES"  # DuckLake commits what it only read as well


async def _messages(reader: asyncio.StreamReader):
    """Yield each message of a client (https://www.postgresql.org/docs/current/protocol.html)."""
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!II", head)
        yield head + await reader.readexactly(length - 8)
        if code not in NEGOTIATIONS:
            break
    while True:
        head = await reader.readexactly(5)
        yield head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


class Proxy:
    def __init__(self, upstream: str) -> None:
        self.upstream, self.cut = upstream, ""

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_unix_connection(self.upstream)
        replies = asyncio.create_task(self._pass_on(answers, back))
        is_writing = False
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            async for message in _messages(client):
                is_writing = is_writing or SNAPSHOT in message
                if message[5:] == COMMIT and is_writing and self.cut:
                    how, self.cut = self.cut, ""
                    replies.cancel()
                    await asyncio.wait([replies])
                    await self._cut(how, message, answers, server, back)
                    break
                if message[5:] == COMMIT:
                    is_writing = False
                server.write(message)
                await server.drain()
        server.close()

    async def _cut(self, how, message, answers, server, back) -> None:
        if how == "late":
            back.transport.abort()
            await asyncio.sleep(LATE_S)
        if how != "before":
            server.write(message)
            with contextlib.suppress(ConnectionError):
                await answers.read(1)
        back.transport.abort()
        say("cut")

    async def _pass_on(self, answers: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await answers.read(65536):
                back.write(data)
                await back.drain()
        back.close()


async def main() -> None:
    proxy = Proxy(sys.argv[1])
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        proxy.cut = line.strip()
        say("ready")


if __name__ == "__main__":
    asyncio.run(main())
