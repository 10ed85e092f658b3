"""A small IMAP client on raw sockets for the harness: no cleverness, shares no code with the engine.

Responses come back as lists of pieces: bytes of the line, with each literal replaced by a Literal object.
"""

import base64
import re
import socket
import ssl


class Literal(bytes):
    """The octets of a literal inside a response."""


class ImapError(Exception):
    pass


def to_utf7(name):
    """A mailbox name for people → modified UTF-7 (RFC 3501 §5.1.3)."""
    out, pending = [], []

    def flush():
        if pending:
            coded = base64.b64encode("".join(pending).encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            out.append(f"&{coded}-")
            pending.clear()

    for letter in name:
        if 0x20 <= ord(letter) <= 0x7E:
            flush()
            out.append("&-" if letter == "&" else letter)
        else:
            pending.append(letter)
    flush()
    return "".join(out).encode()


def from_utf7(raw):
    def decode(match):
        coded = match.group(1).replace(",", "/")
        if not coded:
            return "&"
        return base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be")
    return re.sub(r"&([^-]*)-", decode, raw.decode("ascii"))


def quoted(raw):
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def mailbox(name):
    """The argument that names a mailbox in a command."""
    return quoted(to_utf7(name))


def tokens(pieces):
    """Flattens a response into atoms, quoted strings (bytes), Literal, and nested lists."""
    stack = [[]]
    for piece in pieces:
        if isinstance(piece, Literal):
            stack[-1].append(piece)
            continue
        for match in re.finditer(rb'\(|\)|"((?:[^"\\]|\\.)*)"|[^\s()"]+', piece):
            token = match.group(0)
            if token == b"(":
                stack.append([])
            elif token == b")":
                done = stack.pop()
                stack[-1].append(done)
            elif token.startswith(b'"'):
                stack[-1].append(re.sub(rb"\\(.)", rb"\1", match.group(1)))
            else:
                stack[-1].append(token)
    return stack[0]


_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class Connection:
    """One logged-in connection. Commands may be queued with send() and their answers read with finish()."""

    def __init__(self, port, user="alice", password="secret", *, ca=None, host="localhost", timeout=120):
        sock = socket.create_connection(("127.0.0.1" if host == "localhost" else host, port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca is not None:
            sock = ssl.create_default_context(cafile=str(ca)).wrap_socket(sock, server_hostname=host)
        self._sock, self._file, self._count = sock, sock.makefile("rb", 1 << 20), 0
        self.greeting = self._file.readline()
        try:
            if user is not None:
                self.command(b"LOGIN " + quoted(user.encode()) + b" " + quoted(password.encode()))
        except ImapError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self._sock.sendall(b"zz LOGOUT\r\n")
        except OSError:
            pass
        self._file.close()
        self._sock.close()

    def write(self, data):
        self._sock.sendall(data)

    def send(self, command):
        self._count += 1
        tag = b"h%d" % self._count
        self.write(tag + b" " + command + b"\r\n")
        return tag

    def next_tag(self):
        self._count += 1
        return b"h%d" % self._count

    def response(self):
        """The next whole response as pieces."""
        pieces = []
        while True:
            line = self._file.readline()
            if not line:
                raise ImapError("the server closed the connection")
            found = _LITERAL.search(line)
            if not found:
                pieces.append(line[:-2] if line.endswith(b"\r\n") else line)
                return pieces
            size = int(found.group(1))
            pieces.append(line[:found.start()])
            body = self._file.read(size)
            if len(body) != size:
                raise ImapError("the server closed the connection inside a literal")
            pieces.append(Literal(body))

    def untagged(self, tag):
        """Yields untagged responses until `tag` completes; raises on NO and BAD. The completion is in .last."""
        while True:
            pieces = self.response()
            first = pieces[0]
            if first.startswith(tag + b" "):
                self.last = first[len(tag) + 1:]
                if not self.last.startswith(b"OK"):
                    raise ImapError(self.last.decode(errors="replace"))
                return
            if not first.startswith(b"+"):
                yield pieces

    def finish(self, tag):
        return list(self.untagged(tag))

    def command(self, command):
        return self.finish(self.send(command))

    def list_mailboxes(self, options=b"LIST"):
        """[(name, attributes, separator)] of everything `LIST "" *` or `LSUB "" *` says."""
        found = []
        for pieces in self.command(options + b' "" "*"'):
            parts = tokens(pieces)
            if parts[1] in (b"LIST", b"LSUB"):
                attributes = {a.decode().lower() for a in parts[2]}
                found.append((from_utf7(bytes(parts[4])), attributes, bytes(parts[3]).decode()))
        return found
