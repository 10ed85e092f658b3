"""Accounts on servers of different makes: loaded with what each server can, and what a copy between two should give."""

import collections
import os
import pathlib
import shutil
import sys

from . import checker, corpus, harness
from .courier import Courier, NeedsRoot
from .cyrus import Cyrus
from .dovecot import Dovecot
from .mailutils import Imap4d
from .rawimap import Connection, ImapError, mailbox as mailbox_argument

MAKES = {"dovecot": lambda: Dovecot(escape_names=True), "cyrus": Cyrus, "courier": Courier}
PAIRS = [(one, other) for one in MAKES for other in MAKES]

# The first six every server can hold; of the others an account has the first four that its server can.
COMMON_NAMES = (("INBOX", 0.3), ("Sent", 0.2), ("Projects/2024/Übergrößen", 0.15), ("日本語/メール", 0.15), ("R&D", 0.1),
                ("Élan & Söhne/a&b", 0.1))
ODD_NAMES = ("v1.2/release.notes", "In%2FOut/and back", 'He said "hi"', "per%cent/back\\slash", "star*", "😀/ lead", "trail ",
             "#hash/~home", "{3}", "inbox")


def holds(server, name):
    """Whether `server` can have a mailbox of this corpus name."""
    inside = name.replace("/", "").replace("%2F", "/")
    return not set(inside) & {*server.refused_in_names, server.separator}


def names_for(server, full):
    """The mailboxes of an account on `server`; a full one has the oddest names that the server can hold."""
    odd = [name for name in ODD_NAMES if holds(server, name)]
    return COMMON_NAMES + tuple((name, 0.08) for name in odd[:4]) if full else COMMON_NAMES


def _append_one(server, connection, name, octets, flags=(), when=None):
    """One message with a synchronising literal, which every server takes; raises ImapError when it is refused."""
    words = [b"APPEND", mailbox_argument(name)]
    if server.has_flags and flags:
        words.append(b"(" + " ".join(flags).encode() + b")")
    if server.has_dates and when:
        words.append(b'"' + when + b'"')
    tag = connection.send(b" ".join(words) + b" {%d}" % len(octets))
    answer = connection.response()
    while answer[0].startswith(b"* "):
        answer = connection.response()
    if not answer[0].startswith(b"+"):
        raise ImapError(answer[0].split(b" ", 1)[1].decode(errors="replace"))
    connection.write(octets + b"\r\n")
    connection.finish(tag)


def append_octets(server, connection, name, octets):
    """Appends octets as they are; raises ImapError when the server refuses them."""
    _append_one(server, connection, corpus.server_name(server, name), octets)


def append(server, connection, name, messages):
    """Appends corpus messages, many in a command where the server can."""
    if server.has_multiappend:
        corpus.append(connection, name, messages)
        return
    for message in messages:
        _append_one(server, connection, name, message.octets(), message.flags, message.internal_date())


def connect(server, user="alice"):
    return Connection(server.port, server.login_name(user), server.users[user], timeout=600)


def load(server, account):
    """Creates the corpus in an account of `server`, and opens each mailbox once, as a mail program would have done: some
    servers give messages their lasting UIDs only then."""
    with connect(server) as connection:
        existing = {name for name, _, _ in connection.list_mailboxes()}
        for name, messages in account.mailboxes.items():
            spelled = corpus.server_name(server, name)
            if spelled not in existing:
                connection.command(b"CREATE " + mailbox_argument(spelled))
            append(server, connection, spelled, messages)
            connection.command(b"SELECT " + mailbox_argument(spelled))
        connection.command(b"EXAMINE INBOX")  # leaves the last one too; CLOSE would expunge
        for name in account.subscribed:
            connection.command(b"SUBSCRIBE " + mailbox_argument(corpus.server_name(server, name)))


def parents(account, separator):
    """The names above those of an account; some servers make them mailboxes, others do not."""
    return {separator.join(name.split(separator)[:count]) for name in account.mailboxes
            for count in range(1, name.count(separator) + 1)}


def _by_content(left, right, expected):
    """The destination's name of each mailbox: where exactly one has these messages it is that one, else `expected`; of
    empty ones any that is empty and nobody else's."""
    def digests(messages):
        return tuple(sorted(message.digest for message in messages))
    names = collections.defaultdict(list)
    for name, messages in right.mailboxes.items():
        names[digests(messages)].append(name)
    found = {}
    for name, messages in left.mailboxes.items():
        candidates = names[digests(messages)] if messages else []
        found[name] = candidates[0] if len(candidates) == 1 else expected(name)
    spare = [name for name, messages in right.mailboxes.items() if not messages and name not in found.values()]
    for name, messages in left.mailboxes.items():
        if not messages and found[name] not in right.mailboxes and spare:
            found[name] = spare.pop()
    return lambda name: found.get(name) or expected(name)


def differences(source, destination, *, renamed=False, what=("flags", "dates", "subscriptions")):
    """How the destination differs from the source, allowing for what its make changes in every message it stores, and
    when `renamed` for other names of mailboxes."""
    left, right = checker.read_account(source, kept=destination.keeps), checker.read_account(destination)
    translate = checker.same_name(source, destination)
    if renamed:
        translate = _by_content(left, right, translate)
        what = tuple(set(what) - {"subscriptions"})
    lines = checker.compare(left, right, translate, what=what, may_have=parents(right, destination.separator))
    if "subscriptions" in what:  # of parents too, which need not be mailboxes
        expected = set(map(translate, left.subscribed))
        lines += [f"{name}: subscribed only on the {side}" for side, names in
                  (("source", expected - right.subscribed), ("destination", right.subscribed - expected)) for name in names]
    return lines


class SteadyProgram:
    """The program as it is now, in a folder of its own: a build that goes on does not change it under the test."""

    def __enter__(self):
        self._folder = harness.Folder()
        copy = shutil.copy2(harness.program(), self._folder.path / "mailferry")
        self._before, os.environ["MAILFERRY"] = os.environ.get("MAILFERRY"), str(copy)
        return pathlib.Path(copy)

    def __exit__(self, *_):
        if self._before is None:
            del os.environ["MAILFERRY"]
        else:
            os.environ["MAILFERRY"] = self._before
        self._folder.__exit__()


class ServersTest(harness.IntegrationTest):
    def start(self, make):
        """Starts a server, `make` being a class or what calls one; skips the test where only root can."""
        try:
            server = make()
        except NeedsRoot as why:
            self.skipTest(str(why))
        return self.enterContext(server)


def main():
    """harness.main() with the program as it is now, where all servers are installed."""
    lacking = [make.missing() for make in (Courier, Cyrus, Imap4d) if make.missing()]
    if lacking:
        sys.exit("; ".join(lacking))
    with SteadyProgram():
        harness.main()
