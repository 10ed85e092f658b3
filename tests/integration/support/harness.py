"""What all integration tests share: running the program, and a test loop that needs no framework beyond unittest."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from . import checker, corpus
from .dovecot import Dovecot, die_with_parent, installed

SCALE = float(os.environ.get("MAILFERRY_TEST_SCALE", "1"))


def program():
    path = os.environ.get("MAILFERRY")
    if not path:
        root = pathlib.Path(__file__).resolve().parents[3]
        path = next((str(p) for p in (root / "build/release/mailferry", root / "build/dev/mailferry") if p.exists()), None)
    if not path:
        raise SystemExit("MAILFERRY does not name the program to test, and none is built under build/")
    return path


def is_sanitized():
    """Whether the program is built with a sanitizer, whose memory is not that of the program."""
    octets = pathlib.Path(program()).read_bytes()
    return b"__asan_init" in octets or b"__tsan_init" in octets


class Run:
    """A finished run of the program."""

    def __init__(self, code, out, err, command):
        self.code, self.out, self.err, self.command = code, out, err, command

    def __str__(self):
        return f"exit {self.code}\n$ {' '.join(map(str, self.command))}\n{self.out[-3000:]}\n{self.err[-6000:]}"

    def events(self):
        """The events of --json, one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


def environment(home):
    kept = {key: value for key, value in os.environ.items()
            if key in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE")}
    return kept | {"HOME": str(home), "XDG_STATE_HOME": f"{home}/state", "XDG_CONFIG_HOME": f"{home}/config", "TERM": "dumb"}


class Folder:
    """A private folder for the state, the configuration and the home of the program under test."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="mft", dir="/tmp"))
        self.state = self.path / "copy.db"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        import shutil
        shutil.rmtree(self.path, ignore_errors=True)


def start(arguments, folder, **options):
    command = [program(), *map(str, arguments)]
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(command, env=environment(folder.path), cwd=folder.path, preexec_fn=die_with_parent, **options)


def run(arguments, folder, timeout=300):
    """Runs the program to its end; one that does not end in `timeout` seconds fails the test."""
    process = start(arguments, folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        try:
            out, err = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        raise AssertionError(f"did not end within {timeout} s: {Run(None, out, err, process.args)}") from None
    return Run(process.returncode, out, err, process.args)


def account_arguments(side, server, *, user="alice", tls=True, port=None):
    """The options that name `server` on one side ("from", "to"); the URL itself comes first."""
    options = [f"--{side}-password-file", server.password_file(user)]
    options += [f"--{side}-tls-ca", server.ca] if tls else [f"--{side}-plaintext"]
    return server.url(user, tls=tls, port=port), options


def copy_arguments(source, destination, folder, *extra, tls=True, from_port=None, to_port=None, to_user="alice", command="copy"):
    from_url, from_options = account_arguments("from", source, tls=tls, port=from_port)
    to_url, to_options = account_arguments("to", destination, user=to_user, tls=tls, port=to_port)
    confirm = ["--yes"] if command == "copy" else []
    return [command, from_url, to_url, *from_options, *to_options, "--state", folder.state, *confirm, *extra]


def config_text(source, destination, *, from_port=None, to_port=None, to_user="alice", timeout=None):
    """A mailferry.toml with the accounts "old" and "new"; with ports of proxies the connections are plain."""
    text = ""
    for name, server, user, port in (("old", source, "alice", from_port), ("new", destination, to_user, to_port)):
        text += f'[account.{name}]\nhost = "localhost"\nport = {port or server.tls_port}\nuser = "{user}"\n'
        text += f'password_file = "{server.password_file(user)}"\n'
        text += 'security = "plaintext"\n' if port else f'tls_ca = "{server.ca}"\n'
        if timeout:
            text += "".join(f'{key}_timeout = "{timeout}s"\n' for key in ("connect", "response", "write"))
    return text


class IntegrationTest(unittest.TestCase):
    """Servers and folders are closed after each test; differences of accounts are shown as text."""

    maxDiff = None

    def setUp(self):
        self.folder = self.enterContext(Folder())

    def server(self, **options):
        return self.enterContext(Dovecot(**options))

    def copy(self, source, destination, *extra, expect=0, timeout=300, **options):
        done = run(copy_arguments(source, destination, self.folder, *extra, **options), self.folder, timeout)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done

    def assert_same(self, source, destination, translate=None, note="", to_user="alice", **options):
        left, right = checker.read_account(source), checker.read_account(destination, to_user)
        differences = checker.compare(left, right, translate or checker.same_name(source, destination), **options)
        if differences:
            shown = "\n".join(differences[:40])
            self.fail(f"{note} {len(differences)} differences:\n{shown}")
        return left


def small_account(messages=400, seed=11, **options):
    return corpus.mixed(messages, messages * 12_000, seed=seed, largest=2_000_000, **options)


def main():
    """Runs the tests of the calling file; skips (ctest: 77) where there is no Dovecot."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders go too
    if not installed():
        print("dovecot-imapd is not installed (tools/packages.txt)")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
