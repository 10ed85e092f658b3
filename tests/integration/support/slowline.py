"""A line on which everything takes its time: passes a TCP connection on, each way late by a fixed number of seconds."""

import socket
import threading
import time


class SlowLine:
    """Listens on .port, passes everything to `target` on 127.0.0.1, `seconds` later. Use as a context manager."""

    def __init__(self, target, seconds):
        self._target, self._seconds, self._open = target, seconds, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in [self._listener, *self._open]:
            try:
                one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
            except OSError:
                pass
            one.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one, other):
        try:
            while data := one.recv(1 << 18):
                time.sleep(self._seconds)
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass
