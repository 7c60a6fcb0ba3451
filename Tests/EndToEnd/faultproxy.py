"""TCP proxies that do to connections what networks do: cut, slow, reset, silence, trickle.

Each proxy has a port of its own and one fault at a time, which holds for the connections that are there as well as
for new ones. All run on one event loop in a thread of their own.
"""

import asyncio
import enum
import socket
import struct
import threading
from contextlib import contextmanager


class Fault(enum.Enum):
    NONE = "none"
    # Connections are refused, those that are there are closed.
    DROP = "drop"
    # Everything is `DELAY_SECONDS` late.
    DELAY = "delay"
    # Connections are taken, and reset with the first byte; those that are there are reset.
    RESET = "reset"
    # Connections are taken, and then nothing: neither an answer nor an end.
    HALF_OPEN = "half-open"
    # One byte a second, in each direction.
    TRICKLE = "one byte a second"


DELAY_SECONDS = 0.3


class FaultProxies:
    """The event loop of all proxies."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()
        self._proxies: list[FaultProxy] = []

    def proxy(self, name: str, port: int, listen: int = 0, advertised: bool = False) -> "FaultProxy":
        """To a port of this machine. What listens there can tell its clients, as Kafka does, by which address it is to
        be reached (`advertised`): they are told the proxy's."""
        proxy = FaultProxy(name, port, self, advertised)
        self.call(proxy._listen(listen))
        self._proxies.append(proxy)
        return proxy

    def close(self):
        for proxy in self._proxies:
            self.call(proxy._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


class FaultProxy:
    """One port that leads to another."""

    def __init__(self, name: str, target: int, proxies: FaultProxies, advertised: bool = False):
        self.name = name
        self.advertised = advertised
        self.target = target
        self.port = 0
        self.accepted = 0
        self._proxies = proxies
        self._fault = Fault.NONE
        self._server: asyncio.Server | None = None
        self._connections: set["_Connection"] = set()

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault):
        self._proxies.call(self._set(fault))

    @contextmanager
    def suffering(self, fault: Fault):
        self.fault = fault
        try:
            yield
        finally:
            self.fault = Fault.NONE

    # Everything below runs on the event loop.

    async def _listen(self, port: int):
        # No reuse of the address of a connection that is not over: a port that was closed can be opened again.
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self):
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.end()

    def told(self, data: bytes) -> bytes:
        """What the target says, with the address that clients are to go to. It comes in one piece: answers that hold
        it are small."""
        if not self.advertised:
            return data
        return data.replace(_address(self.target), _address(self.port))

    async def _set(self, fault: Fault):
        before, self._fault = self._fault, fault
        if fault is Fault.DROP:
            self._server.close()
            self._server = None
        elif before is Fault.DROP:
            await self._listen(self.port)
        for connection in list(self._connections):
            # What has been held back cannot be made good: those connections end, as a network's would.
            if fault in (Fault.DROP, Fault.RESET) or before in (Fault.HALF_OPEN, Fault.TRICKLE):
                connection.end(reset=fault is not Fault.DROP)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.accepted += 1
        connection = _Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


def _address(port: int) -> bytes:
    """As Kafka's protocol has it, in all versions of its answers."""
    return b"127.0.0.1" + struct.pack(">i", port)


class _Connection:
    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._proxy = proxy
        self._inner = (reader, writer)
        self._writers = [writer]
        self._tasks: list[asyncio.Task] = []

    async def run(self):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._proxy.target)
        except OSError:
            return self.end()  # The target is away: so are we.
        self._writers.append(writer)
        self._tasks = [
            asyncio.create_task(self._pump(self._inner[0], writer)),
            asyncio.create_task(self._pump(reader, self._inner[1], self._proxy.told)),
        ]
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told=lambda data: data):
        try:
            while data := told(await reader.read(65536)):
                fault = self._proxy.fault
                if fault is Fault.RESET:
                    return self.end(reset=True)
                if fault is Fault.HALF_OPEN:
                    await asyncio.Event().wait()  # until the connection is ended
                if fault is Fault.DELAY:
                    await asyncio.sleep(DELAY_SECONDS)
                if fault is Fault.TRICKLE:
                    await self._trickle(data, writer)
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # One side has gone: so does the other.

    async def _trickle(self, data: bytes, writer: asyncio.StreamWriter):
        for byte in data:
            if self._proxy.fault is not Fault.TRICKLE:
                return
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)

    def end(self, reset: bool = False):
        for writer in self._writers:
            if reset and (sock := writer.get_extra_info("socket")):
                # No lingering: a reset instead of an orderly end.
                try:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass  # closed already
            writer.close()
        for task in self._tasks:
            task.cancel()
