"""A running `mailferry bridge` of one test: its configuration, its life and its death."""

import pathlib
import signal
import sqlite3
import subprocess
import time

from . import checker, harness
from .rawimap import Connection


class Source:
    """One source account of a bridge. `mappings`: [(from, [to…], [labels…])]."""

    def __init__(self, name, server, user, mappings=None, port=None, account_keys=None, **keys):
        self.name, self.server, self.user, self.port, self.account_keys = name, server, user, port, account_keys or {}
        self.mappings = mappings or [("INBOX", ["INBOX"], [])]
        self.keys = keys

    def account(self, timeout):
        return _account(self.name, self.server, self.user, self.port, timeout, self.account_keys)

    def toml(self):
        text = f'[[bridge.source]]\naccount = "{self.name}"\n'
        for key, value in self.keys.items():
            text += f"{key} = {_toml(value)}\n"
        rows = ", ".join(f"{{from = {_toml(source)}, to = {_toml(to)}, labels = {_toml(labels)}}}" for source, to, labels in self.mappings)
        return text + f"mappings = [{rows}]\n"


def _toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, (int, float)):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _account(name, server, user, port, timeout, keys):
    text = f'[account.{name}]\nhost = "localhost"\nport = {port or server.port}\nuser = "{server.login_name(user)}"\n'
    text += f'password_file = "{server.password_file(user)}"\n'
    text += "".join(f"{key} = {_toml(value)}\n" for key, value in ({"security": "plaintext"} | keys).items())
    return text + "".join(f'{key}_timeout = "{timeout}s"\n' for key in ("connect", "response", "write"))


class Bridge:
    """`keys` go into [bridge]."""

    def __init__(self, folder, destination, sources, *, user="archive", port=None, timeout=20, account_keys=None,
                 **keys):
        self.folder, self.destination, self.sources, self.user = folder, destination, sources, user
        self.port, self.timeout, self.keys, self.account_keys = port, timeout, keys, account_keys or {}
        self.config = folder.path / "bridge.toml"
        self.state = self.keys.pop("state", folder.path / "bridge.db")
        self.log_file = folder.path / "bridge.log"
        self.process, self.log_begin = None, 0
        self.write_config()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def write_config(self):
        text = _account("archive", self.destination, self.user, self.port, self.timeout, self.account_keys)
        text += "".join({source.name: source.account(self.timeout) for source in self.sources}.values())
        text += f'[bridge]\nto = "archive"\nstate = "{self.state}"\n'
        text += "".join(f"{key} = {_toml(value)}\n" for key, value in self.keys.items())
        self.config.write_text(text + "".join(source.toml() for source in self.sources))

    def start(self):
        self.log_begin = len(self.log()) if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self.process = harness.start(["bridge", "--config", self.config], self.folder, stdout=log, stderr=log)
        return self

    def stop(self, by=signal.SIGTERM, timeout=30):
        """The exit code. One that has only just begun would be ended by the signal as any program is."""
        wait_until(lambda: "the bridge works" in self.log()[self.log_begin:] or self.process.poll() is not None, 20)
        self.process.send_signal(by)
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def failures(self):
        """The parked messages, as the command lists them."""
        done = harness.run(["failures", "--config", self.config, "--json"], self.folder, 30)
        return [event for event in done.events() if "reason" in event]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def written_octets(self):
        """What the process caused to be written to disk so far."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/io").read_text().splitlines():
            if line.startswith("write_bytes"):
                return int(line.split()[1])
        return 0

    def rss(self):
        """(now, at most) in KiB."""
        values = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines())
        return int(values["VmRSS"].split()[0]), int(values["VmHWM"].split()[0])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def rows(self, query):
        """Of the state; only while the daemon does not run."""
        with sqlite3.connect(self.state) as connection:
            return connection.execute(query).fetchall()


def count(server, user, mailbox="INBOX"):
    """Messages in a mailbox; 0 if there is none."""
    try:
        with Connection(server.port, server.login_name(user), password_of(server, user)) as connection:
            answer = connection.command(b"STATUS " + checker.mailbox_argument(mailbox) + b" (MESSAGES)")
    except Exception:  # noqa: BLE001: no such mailbox yet
        return 0
    import re
    found = re.search(rb"MESSAGES (\d+)", b" ".join(b"".join(bytes(p) for p in line) for line in answer))
    return int(found.group(1)) if found else 0


def password_of(server, user):
    return server.users.get(user) or server.settings["any_user"]


def wait_until(condition, timeout=30, every=0.05):
    """Whether `condition()` came true in time."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())
