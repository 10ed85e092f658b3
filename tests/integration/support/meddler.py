"""A proxy that knows a little IMAP: it answers chosen commands itself, loses or delays chosen answers, and writes down when
each line went by. One thread a direction, plain connections only.

`on_command(connection, tag, name, line)` is asked for each command before it goes on; it returns
  None         pass it on
  bytes        what the client is told instead ("{tag}" is replaced); the server never hears of the command
  LOSE         it goes on, but its answer and all that follow are lost, and the connection is cut when the answer has come
  CUT          both ends are reset at once
  STALL        it goes on, and nothing is ever answered on this connection
A command with a literal is judged when its first line is here; an answer instead of it is given once its octets have come.
"""

import re
import socket
import threading
import time

LOSE, CUT, STALL = object(), object(), object()
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


class Meddler:
    def __init__(self, target, on_command=None, on_line=None, on_request=None):
        """`on_line(line)` → line: what the client is told instead of a line of the server; `on_request` the same of what the server hears."""
        self.target, self.on_command, self.on_line, self.on_request = target, on_command, on_line, on_request
        self.commands, self.connections = [], 0  # (moment, connection, line)
        self.open = self.most_open = 0           # connections at a time
        self.lines = []                          # (moment, connection, line) of the server; EXISTS only
        self._sockets, self._closed, self._counting = [], False, threading.Lock()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        self._closed = True
        self._listener.shutdown(socket.SHUT_RDWR)  # a thread that waits in accept() would take a connection of the next test
        self._acceptor.join()
        self._listener.close()
        self.cut_all()

    def cut_all(self):
        """Resets every connection of now."""
        sockets, self._sockets = self._sockets, []
        for one in sockets:
            _reset(one)

    def names(self, name):
        return [line for _, _, line in self.commands if _name(line) == name]

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target()
                                                   if callable(self.target) else self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(one)
            number, self.connections = self.connections, self.connections + 1
            self._count(1)
            state = {"number": number, "lose": None, "stall": False, "lock": threading.Lock()}
            threading.Thread(target=self._up_to_its_end, args=(client, server, state), daemon=True).start()
            threading.Thread(target=self._guard, args=(self._down, client, server, state), daemon=True).start()

    def _count(self, change):
        with self._counting:
            self.open += change
            self.most_open = max(self.most_open, self.open)

    def _up_to_its_end(self, client, server, state):
        self._guard(self._up, client, server, state)
        self._count(-1)

    @staticmethod
    def _guard(work, client, server, state):
        try:
            work(client, server, state)
        except OSError:
            pass
        for one in (client, server):
            _reset(one) if state.get("cut") else _close(one)

    def _up(self, client, server, state):
        reader = client.makefile("rb", 1 << 18)
        answer = None   # of the command that is being swallowed
        begins = True   # of a command
        while line := reader.readline():
            if begins:
                answer = self._judge(state, line)
                if answer is CUT:
                    state["cut"] = True
                    return
            literal = _LITERAL.search(line)
            if answer is None:
                server.sendall(self.on_request(line) if self.on_request else line)
            elif literal and not literal.group(2):
                client.sendall(b"+ go ahead\r\n")
            if literal:
                self._literal(reader, server if answer is None else None, int(literal.group(1)))
            begins = not literal
            if begins and answer is not None:
                with state["lock"]:
                    client.sendall(answer)
        _half_close(server)

    def _judge(self, state, line):
        self.commands.append((time.monotonic(), state["number"], line))
        tag = line.split(b" ", 1)[0]
        verdict = self.on_command(state["number"], tag, _name(line), line) if self.on_command else None
        if verdict is LOSE:
            state["lose"] = tag
            return None
        if verdict is STALL:
            state["stall"] = True
            return None
        return verdict.replace(b"{tag}", tag) if isinstance(verdict, bytes) else verdict

    @staticmethod
    def _literal(reader, to, size):
        while size:
            piece = reader.read1(min(size, 1 << 18))
            if not piece:
                return
            size -= len(piece)
            if to is not None:
                to.sendall(piece)

    def _down(self, client, server, state):
        reader = server.makefile("rb", 1 << 18)
        while line := reader.readline():
            _acknowledge(server)
            if state["lose"] and line.startswith(state["lose"] + b" "):
                state["cut"] = True
                return
            if b" EXISTS" in line:
                self.lines.append((time.monotonic(), state["number"], line))
            told = self.on_line(line) if self.on_line else line
            with state["lock"]:
                self._tell(state, client, told)
                literal = _LITERAL.search(line)
                left = int(literal.group(1)) if literal else 0
                while left:
                    piece = reader.read1(min(left, 1 << 18))
                    if not piece:
                        return
                    left -= len(piece)
                    _acknowledge(server)
                    self._tell(state, client, piece)
        _half_close(client)

    @staticmethod
    def _tell(state, client, octets):
        if not state["stall"] and not state["lose"]:
            client.sendall(octets)


def _name(line):
    words = line.decode("latin-1").split()
    if len(words) < 2:
        return words[0].upper() if words else ""
    return " ".join(words[1:3]).upper() if words[1].upper() == "UID" else words[1].upper()


def _acknowledge(one):
    """At once: Cyrus sends each 4 KiB by themselves and waits for the acknowledgement with the last of them."""
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _reset(one):
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    except OSError:
        pass
    _close(one)


def _close(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()


def _half_close(one):
    try:
        one.shutdown(socket.SHUT_WR)
    except OSError:
        pass
