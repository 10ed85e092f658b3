"""A SOCKS5 and HTTP CONNECT proxy in threads of the test, written from the RFCs; no code of the program's."""

import base64
import socket
import threading


def _pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class WayProxy:
    """Listens on .port. `user`, `password`: what it asks for. .reached: the "host:port" that clients asked for."""

    def __init__(self, *, user=None, password=None):
        self.user, self.password, self.reached = user, password, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            stream = client.makefile("rb", buffering=0)
            first = stream.read(1)
            target = self._socks5(client, stream) if first == b"\x05" else self._http(client, stream, first)
            if target is None:
                return
            self.reached.append(f"{target[0]}:{target[1]}")
            with socket.create_connection(("127.0.0.1", target[1])) as server:  # every name is this machine
                client.sendall(self._done)
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                _pump(client, server)

    def _socks5(self, client, stream):
        methods = stream.read(stream.read(1)[0])
        wanted = 2 if self.user else 0
        client.sendall(bytes([5, wanted if wanted in methods else 0xFF]))
        if wanted not in methods:
            return None
        if self.user:
            stream.read(1)
            user = stream.read(stream.read(1)[0]).decode()
            password = stream.read(stream.read(1)[0]).decode()
            right = (user, password) == (self.user, self.password)
            client.sendall(bytes([1, 0 if right else 1]))
            if not right:
                return None
        kind = stream.read(4)[3]
        size = {1: 4, 4: 16}.get(kind) or stream.read(1)[0]
        host = stream.read(size)
        self._done = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"
        return host.decode() if kind == 3 else str(host), int.from_bytes(stream.read(2), "big")

    def _http(self, client, stream, first):
        request = first
        while not request.endswith(b"\r\n\r\n"):
            request += stream.read(1)
        expected = base64.b64encode(f"{self.user}:{self.password}".encode())
        if self.user and b"Basic " + expected not in request:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n")
            return None
        host, port = request.split(b" ")[1].rsplit(b":", 1)
        self._done = b"HTTP/1.1 200 Connection established\r\n\r\n"
        return host.decode(), int(port)
