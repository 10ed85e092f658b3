"""A headless Chromium over its own protocol (a WebSocket on a loopback port), with the standard library only."""

import base64
import itertools
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

from .dovecot import die_with_parent

_PATIENCE = 60  # seconds until Chromium is there, or answers


def installed():
    return shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")


class _WebSocket:
    """As much of RFC 6455 as a client of one well-behaved peer needs."""

    def __init__(self, port, path):
        self._stream = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        request = (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n")
        self._stream.sendall(request.encode())
        self._file = self._stream.makefile("rb")
        if b" 101 " not in self._file.readline():
            raise RuntimeError("chromium does not speak its protocol")
        while self._file.readline().strip():
            pass

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        size = len(data)
        length = (struct.pack("!B", 0x80 | size) if size < 126 else
                  struct.pack("!BH", 0x80 | 126, size) if size < 65536 else struct.pack("!BQ", 0x80 | 127, size))
        masked = bytes(octet ^ mask[i % 4] for i, octet in enumerate(data))
        self._stream.sendall(b"\x81" + length + mask + masked)

    def receive(self):
        text = b""
        while True:
            first, size = self._file.read(2)
            size &= 0x7F
            if size >= 126:
                size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
            text += self._file.read(size)
            if first & 0x0F in (0, 1) and first & 0x80:
                return text.decode()
            if first & 0x0F not in (0, 1):  # a ping or the end
                text = b""

    def close(self):
        self._file.close()
        self._stream.close()


class Browser:
    """One page. `messages` has what its console said, violations of its security policy among them; `requested` the
    addresses it asked for."""

    def __init__(self, width=1200, height=900, dark=False):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="mfb", dir="/tmp"))
        self._process = subprocess.Popen(
            [installed(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={self._folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.messages, self.requested = [], []
        self._ids = itertools.count(1)
        port = self._port()
        targets = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=_PATIENCE))
        page = next(target for target in targets if target["type"] == "page")
        self._socket = _WebSocket(port, "/" + page["webSocketDebuggerUrl"].split("/", 3)[3])
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        if dark:
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def _port(self):
        file = self._folder / "DevToolsActivePort"
        for _ in range(_PATIENCE * 10):
            if file.exists() and file.read_text().strip():
                return int(file.read_text().split()[0])
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("chromium did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method, **parameters):
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.receive())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def _note(self, message):
        kind, details = message.get("method"), message.get("params", {})
        if kind == "Log.entryAdded":
            self.messages.append(details["entry"]["text"])
        elif kind == "Runtime.exceptionThrown":
            self.messages.append(details["exceptionDetails"]["text"])
        elif kind == "Runtime.consoleAPICalled":
            self.messages.append(str([argument.get("value") for argument in details["args"]]))
        elif kind == "Network.requestWillBeSent":
            self.requested.append(details["request"]["url"])

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def open(self, address):
        self.call("Page.navigate", url=address)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? null")

    def wait_for(self, expression, patience=20):
        """Until the expression is true; fails with what the page shows."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.evaluate(expression):
                return
            time.sleep(0.1)
        raise AssertionError(f"never became true: {expression}\n{self.text('body')}\n{self.messages}")

    def picture(self, file):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        pathlib.Path(file).write_bytes(base64.b64decode(data))
