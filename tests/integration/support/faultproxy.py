"""A TCP proxy in a thread of the test: cuts connections at a chosen octet, counts what IMAP clients ask and servers say.

`plan(number)` is asked for each new connection (0, 1, …) and returns None or a Cut. Plain connections only are counted.
"""

import asyncio
import dataclasses
import re
import threading

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


@dataclasses.dataclass(frozen=True)
class Cut:
    """After `after` octets in direction `way` ("up": to the server) both ends are reset; `stall` keeps them open, silent."""
    way: str
    after: int
    stall: bool = False


class LineCounter:
    """Splits a stream into lines, passing over literals, and gives each line to `use`."""

    def __init__(self, use):
        self._use, self._line, self._skip = use, bytearray(), 0

    def feed(self, data):
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self._line += data[at:]
                return
            self._line += data[at:end + 1]
            at = end + 1
            literal = _LITERAL.search(self._line[-30:])
            if literal:
                self._skip = int(literal.group(1))
            else:
                self._use(bytes(self._line))
                self._line.clear()


def command_name(line):
    """"UID FETCH", "APPEND" …; empty for what is not a command."""
    words = line.decode("latin-1").split()
    if len(words) < 2 or not re.fullmatch(r"[^\s+*]+", words[0]):
        return ""
    return " ".join(words[1:3]).upper() if words[1].upper() == "UID" else words[1].upper()


class Ends:
    """The two ends of a proxied connection."""

    def __init__(self, *writers):
        self._writers, self.silent = writers, False

    def abort(self):
        for writer in self._writers:
            writer.transport.abort()


class FaultProxy:
    """Listens on .port, passes everything to `target` on 127.0.0.1. Use as a context manager."""

    def __init__(self, target, plan=None, count=False, silent_from=None, rewrite=None):
        """`silent_from`: a command name; from the first such command on, a connection passes nothing down any more.
        `rewrite(octets)` → octets: what the client is told instead (of each piece as it comes)."""
        self.target, self._plan, self._count = target, plan or (lambda number: None), count or silent_from
        self._silent_from, self._rewrite = silent_from, rewrite
        self.connections = self.cuts = self.silenced = self.rewritten = 0
        self.octets = {"up": 0, "down": 0}
        self.commands, self.responses = [], []  # lines (without literals) when counting
        self._loop, self._ready, self._tasks = asyncio.new_event_loop(), threading.Event(), set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def reset_counters(self):
        self.commands, self.responses = [], []
        self.octets = {"up": 0, "down": 0}
        self.connections = self.cuts = self.silenced = self.rewritten = 0

    def set_plan(self, plan):
        self._plan = plan

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # lets aborted transports close

    async def _accept(self, reader, writer):
        self._tasks.add(asyncio.current_task())  # the loop itself holds tasks only weakly
        number, self.connections = self.connections, self.connections + 1
        cut = self._plan(number)
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 20)
        except OSError:
            writer.transport.abort()
            return
        ends = Ends(writer, server_writer)
        ways = asyncio.gather(self._pass("up", reader, server_writer, cut, ends),
                              self._pass("down", server_reader, writer, cut, ends))
        try:
            await ways
        except (asyncio.CancelledError, OSError):  # one way broke: the other one would wait for ever
            pass
        finally:
            ends.abort()
            ways.cancel()

    def _counter(self, way, ends):
        lines = self.commands if way == "up" else self.responses

        def use(line):
            lines.append(line)
            if way == "up" and self._silent_from and command_name(line) == self._silent_from and not ends.silent:
                ends.silent = True
                self.silenced += 1
        return LineCounter(use) if self._count else None

    async def _pass(self, way, reader, writer, cut, ends):
        counter = self._counter(way, ends)
        passed = 0
        while data := await reader.read(1 << 18):
            if cut and cut.way == way and passed + len(data) >= cut.after:
                writer.write(data[:cut.after - passed])
                await self._break(cut, ends)
                return
            passed += len(data)
            self.octets[way] += len(data)
            if counter:
                counter.feed(data)
            if way == "down" and ends.silent:
                continue
            if way == "down" and self._rewrite:
                told = self._rewrite(data)
                self.rewritten += told != data
                data = told
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _break(self, cut, ends):
        self.cuts += 1
        if cut.stall:
            await asyncio.sleep(3600)
        await asyncio.sleep(0)  # lets what was written leave
        ends.abort()

    def command_names(self):
        """The commands that came by, without tags: "UID FETCH", "APPEND" …; continuations of AUTHENTICATE and DONE left out."""
        return [name for name in map(command_name, self.commands) if name]
