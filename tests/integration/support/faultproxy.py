"""A TCP proxy in a thread of the test: breaks connections in every way at a chosen octet, counts what passes by.

`plan(number)` is asked for each new connection (0, 1, …) and returns None, a fault (Cut and those that follow it), or a list
of faults. `way` is "up" (to the server) or "down". Only of plain connections the commands are known.
"""

import asyncio
import dataclasses
import re
import socket
import struct
import threading
from collections.abc import Callable

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


@dataclasses.dataclass(frozen=True)
class Cut:
    """After `after` octets in direction `way` ("up": to the server) both ends are reset; `stall` keeps them open, silent."""
    way: str
    after: int
    stall: bool = False


@dataclasses.dataclass(frozen=True)
class Delay:
    """Each of the first `pieces` pieces waits for `seconds` before it goes on."""
    way: str
    seconds: float
    pieces: int = 10


@dataclasses.dataclass(frozen=True)
class Fragments:
    """The first `octets` octets go on in pieces of `size`."""
    way: str
    size: int = 1
    octets: int = 10_000


@dataclasses.dataclass(frozen=True)
class Stall:
    """After `after` octets nothing more goes this way, for ever; nobody is told."""
    way: str
    after: int


@dataclasses.dataclass(frozen=True)
class Drop:
    """After `after` octets both ends are closed in order: what went before arrives."""
    way: str
    after: int


@dataclasses.dataclass(frozen=True)
class Reset:
    """After `after` octets both ends get a reset (RST)."""
    way: str
    after: int


@dataclasses.dataclass(frozen=True)
class HalfClose:
    """After `after` octets the receiver is told that this way has ended; the other way goes on. What still comes is lost."""
    way: str
    after: int


@dataclasses.dataclass(frozen=True)
class Garbage:
    """`octets` are put in after `after` octets; `between_lines`: at the first end of a line behind, outside literals."""
    way: str
    after: int
    octets: bytes
    between_lines: bool = False


@dataclasses.dataclass(frozen=True)
class Hold:
    """Behind the `nth` `command` of the connection, when it is answered, `do()` runs before anything else goes up."""
    command: str
    do: Callable
    nth: int = 1
    cut: bool = False  # and then both ends are reset
    way = "up"


class LineCounter:
    """Splits a stream into lines, passing over literals, and gives each line to `use`."""

    def __init__(self, use):
        self._use, self._line, self._skip = use, bytearray(), 0

    def feed(self, data):
        """How many octets were read: all, unless `use` returned True to stop behind its line."""
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
                return len(data)
            self._line += data[at:end + 1]
            at = end + 1
            literal = _LITERAL.search(self._line[-30:])
            if literal:
                self._skip = int(literal.group(1))
            else:
                line = bytes(self._line)
                self._line.clear()
                if self._use(line) is True:
                    return at
        return at


def command_name(line):
    """"UID FETCH", "APPEND" …; empty for what is not a command."""
    words = line.decode("latin-1").split()
    if len(words) < 2 or not re.fullmatch(r"[^\s+*]+", words[0]):
        return ""
    return " ".join(words[1:3]).upper() if words[1].upper() == "UID" else words[1].upper()


class Course:
    """One way of one connection: which octets go on in which pieces, and where which fault strikes. Does no I/O."""

    def __init__(self, faults):
        self._delay = next((fault for fault in faults if isinstance(fault, Delay)), None)
        self._fragments = next((fault for fault in faults if isinstance(fault, Fragments)), None)
        self._slowing = [fault for fault in (self._delay, self._fragments) if fault]
        placed = [fault for fault in faults if fault not in self._slowing]
        self._at_lines = [fault for fault in placed if isinstance(fault, Hold) or getattr(fault, "between_lines", False)]
        self._left = {id(fault): fault.nth for fault in self._at_lines if isinstance(fault, Hold)}
        self._at_octets = sorted((fault for fault in placed if fault not in self._at_lines), key=lambda fault: fault.after)
        self._due, self._lines, self._ended = [], LineCounter(self._on_line), None
        self._passed = self._pieces = 0
        self.tag = b""  # of the last command

    def steps(self, data):
        """Yields (piece, None) for what goes on and (b"", fault) for what then happens, whatever pieces the octets come in."""
        while True:
            while self._at_octets and self._at_octets[0].after <= self._passed:
                self._due.append(self._at_octets.pop(0))
            while self._due:
                yield b"", self._due.pop(0)
            if not data:
                return
            size = self._room(data)
            piece, data = data[:size], data[size:]
            self._passed += size
            self._pieces += 1
            yield piece, None

    def _room(self, data):
        size = len(data)
        if self._at_octets:
            size = min(size, self._at_octets[0].after - self._passed)
        if self.in_fragments():
            size = min(size, self._fragments.size)
        return self._to_line(data, size) if self._at_lines else size

    def _to_line(self, data, size):
        """Up to the end of the line where a fault strikes, at most `size`."""
        at = 0
        while at < size and not self._due:
            at += self._lines.feed(data[at:size])
            if self._ended is not None:
                self._end_line(self._ended, self._passed + at)
                self._ended = None
        return at

    def _on_line(self, line):
        self._ended = line
        return True

    def _end_line(self, line, place):
        self.tag = line.split(b" ", 1)[0]
        for fault in list(self._at_lines):
            if isinstance(fault, Hold):
                self._left[id(fault)] -= command_name(line) == fault.command
                due = self._left[id(fault)] == 0
            else:
                due = place >= fault.after
            if due:
                self._at_lines.remove(fault)
                self._due.append(fault)

    def take_slowing(self):
        """The faults that strike from the first octet on; once."""
        taken, self._slowing = self._slowing, []
        return taken

    def in_fragments(self):
        return self._fragments is not None and self._passed < self._fragments.octets

    def pause(self):
        """Seconds before the piece at hand goes on."""
        return self._delay.seconds if self._delay and self._pieces <= self._delay.pieces else 0


class Ends:
    """The two ends of a proxied connection."""

    def __init__(self, *writers):
        self._writers, self.silent, self.closed = writers, False, False
        self.answered = set()  # tags, where there is a Hold

    def abort(self):
        for writer in self._writers:
            writer.transport.abort()

    def reset(self):
        for writer in self._writers:
            end = writer.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    async def close(self):
        """FIN to both, behind what was written."""
        self.closed = True
        for writer in self._writers:
            if writer.can_write_eof():
                writer.write_eof()
            writer.close()
        closed = [asyncio.ensure_future(writer.wait_closed()) for writer in self._writers]
        await asyncio.wait(closed, timeout=2)


class FaultProxy:
    """Listens on .port, passes everything to `target` on 127.0.0.1. Use as a context manager."""

    def __init__(self, target, plan=None, count=False, silent_from=None, rewrite=None):
        """`silent_from`: a command name; from the first such command on, a connection passes nothing down any more.
        `rewrite(octets)` → octets: what the client is told instead (of each piece as it comes)."""
        self.target, self._plan, self._count = target, plan or (lambda number: None), count or silent_from
        self._silent_from, self._rewrite = silent_from, rewrite
        self.connections = self.cuts = self.silenced = self.rewritten = 0
        self.octets = {"up": 0, "down": 0}
        self.struck = []                        # faults whose octet or line came
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
        self.commands, self.responses, self.struck = [], [], []
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
        faults = self._plan(number) or []
        faults = faults if isinstance(faults, (list, tuple)) else [faults]
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 20)
        except OSError:
            writer.transport.abort()
            return
        ends = Ends(writer, server_writer)
        ways = asyncio.gather(self._pass("up", reader, server_writer, faults, ends),
                              self._pass("down", server_reader, writer, faults, ends))
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

    async def _pass(self, way, reader, writer, faults, ends):
        counter = self._counter(way, ends)
        course = Course([fault for fault in faults if fault.way == way])
        answers = LineCounter(lambda line: ends.answered.add(line.split(b" ", 1)[0])) \
            if way == "down" and any(isinstance(fault, Hold) for fault in faults) else None
        while data := await reader.read(1 << 18):
            self.struck += course.take_slowing()
            if way == "down" and self._rewrite and not ends.silent:
                told = self._rewrite(data)
                self.rewritten += told != data
                data = told
            for piece, fault in course.steps(data):
                if fault:
                    if not await self._strike(fault, reader, writer, ends, course.tag):
                        return
                    continue
                self.octets[way] += len(piece)
                for lines in filter(None, (counter, answers)):
                    lines.feed(piece)
                if not (way == "down" and ends.silent):
                    await self._send(piece, writer, course, ends)
        if writer.can_write_eof():
            writer.write_eof()

    async def _send(self, piece, writer, course, ends):
        if pause := course.pause():
            await asyncio.sleep(pause)
        if ends.closed:
            return
        writer.write(piece)
        await writer.drain()
        if course.in_fragments():
            await asyncio.sleep(0)  # the receiver gets a chance to see it alone

    async def _strike(self, fault, reader, writer, ends, tag):
        """Whether this way goes on."""
        self.struck.append(fault)
        if isinstance(fault, Garbage):
            writer.write(fault.octets)
            await writer.drain()
            return True
        if isinstance(fault, Hold):
            await self._hold(fault, ends, tag)
            return not fault.cut
        self.cuts += 1
        if isinstance(fault, HalfClose):
            writer.write_eof()
            while await reader.read(1 << 18):
                pass
        elif isinstance(fault, Stall) or getattr(fault, "stall", False):
            await asyncio.sleep(3600)
        elif isinstance(fault, Drop):
            await ends.close()
        else:
            await asyncio.sleep(0)  # lets what was written leave
            ends.reset() if isinstance(fault, Reset) else ends.abort()
        return False

    async def _hold(self, fault, ends, tag):
        while tag not in ends.answered:
            await asyncio.sleep(0.01)
        await self._loop.run_in_executor(None, fault.do)
        if fault.cut:
            self.cuts += 1
            ends.reset()

    def command_names(self):
        """The commands that came by, without tags: "UID FETCH", "APPEND" …; continuations of AUTHENTICATE and DONE left out."""
        return [name for name in map(command_name, self.commands) if name]
