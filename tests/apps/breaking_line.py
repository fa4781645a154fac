"""A proxy for TCP connections that cuts them in the middle of things, when told to."""

import asyncio
import contextlib
import random
import threading

PATIENCE = 10.0


class BreakingLine:
    """Forwards what comes on `port` to another port. While `breaks`, each 3rd to 9th read ends it.

    Sometimes what was read still arrives, and only the answer is lost; sometimes it does not.
    """

    def __init__(self, target: int, seed: int = 1) -> None:
        self.target = target
        self.port = 0
        self.breaks = False
        self.cuts = 0
        self._dice = random.Random(seed)
        self._reads_left = 0
        self._conversations: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="line")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "BreakingLine":
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._join(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ways = [
            asyncio.create_task(self._forward(reader, far_writer)),
            asyncio.create_task(self._forward(far_reader, writer)),
        ]
        try:
            # When one way ends, so does the other.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, far_writer):
                end.transport.abort()
                with contextlib.suppress(ConnectionError):
                    await end.wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            cut = self.breaks and self._is_time_to_cut()
            if not cut or self._dice.random() < 1 / 2:
                writer.write(data)
                await writer.drain()
            if cut:
                return

    def _is_time_to_cut(self) -> bool:
        if self._reads_left:
            self._reads_left -= 1
            return False
        self._reads_left = self._dice.randrange(2, 9)
        self.cuts += 1
        return True
