"""What the tests of a bridge share: a destination, messages of known content, and waiting for what arrives."""

import collections
import datetime
import re
import time

from . import checker, corpus, daemon, harness
from .daemon import Bridge, Source, count, wait_until
from .meddler import Meddler
from .rawimap import Connection, mailbox as mailbox_argument

QUICK = {"backoff_first": "1s", "backoff_most": "2s"}
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def message(number, size=2000, flags=(), days=0, kind="plain", seed=None):
    return corpus.Message(number, size, flags, NOW - datetime.timedelta(days=days), kind, number if seed is None else seed)


def literal_size(line):
    """Of the literal that a command announces at its end; 0: none."""
    found = re.search(rb"\{(\d+)\+?\}\r\n$", line)
    return int(found.group(1)) if found else 0


def connect(server, user):
    return Connection(server.port, server.login_name(user), daemon.password_of(server, user))


class BridgeTest(harness.IntegrationTest):
    """A destination is there; `bridge` makes one into it that ends with the test."""

    def setUp(self):
        super().setUp()
        self.destination = self.make_destination()

    def make_destination(self):
        return self.server(any_user="secret")

    def bridge(self, sources, **options):
        return self.enterContext(Bridge(self.folder, self.destination, sources, **options))

    def put(self, server, user, messages, mailbox="INBOX"):
        with connect(server, user) as connection:
            corpus.append(connection, mailbox, messages)

    def command(self, server, user, *commands):
        with connect(server, user) as connection:
            return [connection.command(command) for command in commands]

    def create(self, server, user, *mailboxes):
        self.command(server, user, *(b"CREATE " + mailbox_argument(name) for name in mailboxes))

    def mailboxes(self, server, user):
        return checker.read_account(server, user).mailboxes

    def stored(self, server, user, mailbox="INBOX"):
        return collections.Counter((m.digest, m.flags, m.instant) for m in self.mailboxes(server, user).get(mailbox, []))

    def assert_arrives(self, wanted, mailbox="INBOX", timeout=30, bridge=None, exactly=True):
        ended = lambda: bridge and bridge.process.poll() is not None  # noqa: E731
        arrived = wait_until(lambda: count(self.destination, "archive", mailbox) >= wanted or ended(), timeout)
        have = count(self.destination, "archive", mailbox)
        self.assertTrue(arrived, f"{have} of {wanted} in {mailbox}\n{bridge.log() if bridge else ''}")
        if exactly:
            self.assertEqual(have, wanted, bridge.log() if bridge else "")

    def assert_logged(self, bridge, text, timeout=20):
        self.assertTrue(wait_until(lambda: text in bridge.log(), timeout), bridge.log())

    def assert_same_mail(self, source, user, mailbox="INBOX", to="INBOX"):
        self.assertEqual(self.stored(source, user, mailbox), self.stored(self.destination, "archive", to))


class DefectTest(BridgeTest):
    """With one source, and ways to put a Meddler between."""

    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")

    def meddle(self, server, on_command=None, on_line=None):
        return self.enterContext(Meddler(lambda: server.port, on_command, on_line))

    def one(self, **keys):
        return Source("one", self.source, "a", **keys)

    def settle(self, seconds=2):
        time.sleep(seconds)
