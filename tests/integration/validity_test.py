#!/usr/bin/env python3
"""A UIDVALIDITY that changes, before a run or in its middle, on either side: nothing is lost, doubled or deleted.

Mailboxes change in two ways: renumbered on disk (a new UIDVALIDITY, and the same UIDs now name other messages), and made
anew by IMAP with the same messages in another order.
"""

import dataclasses
import datetime
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import FaultProxy, Hold, Reset  # noqa: E402
from support.rawimap import Connection, ImapError, mailbox, to_utf7  # noqa: E402

NAMES = (("INBOX", 0.3), ("Projects/2024", 0.4), ("R&D", 0.2), ("Sent", 0.1))
INCOMPLETE, UNREACHABLE = 1, 3
MESSAGES = 150


def validity(server, name):
    """Of the mailbox opened anew. A Dovecot whose files have just been changed needs a moment."""
    for _ in range(50):
        try:
            with Connection(server.port) as connection:
                said = b"".join(map(b"".join, connection.command(b"EXAMINE " + mailbox(name))))
            return int(re.search(rb"UIDVALIDITY (\d+)", said).group(1))
        except ImapError:
            time.sleep(0.1)
    raise AssertionError(f"{name} cannot be opened")


def renumber(server, name):
    """On disk: a new UIDVALIDITY; each UID now names the message that was as far from the other end."""
    folder = server.mail / "alice"
    if name != "INBOX":
        folder /= "." + to_utf7(name).decode().replace("/", ".")
    before = validity(server, name)
    listed = folder / "dovecot-uidlist"
    head, *lines = listed.read_text().splitlines()
    old = re.search(r"\bV(\d+)", head).group(1)
    numbers, files = [line.split(" ", 1)[0] for line in lines], [line.split(" ", 1)[1] for line in lines]
    lines = [head.replace("V" + old, f"V{int(old) + 1000}"), *map(" ".join, zip(numbers, reversed(files)))]
    new = folder / "dovecot-uidlist.new"
    new.write_text("\n".join(lines) + "\n")
    os.chown(new, listed.stat().st_uid, listed.stat().st_gid)
    new.rename(listed)
    for index in (*folder.glob("dovecot.index*"), *folder.glob("dovecot.list.index*")):
        index.unlink()
    if validity(server, name) == before:
        raise AssertionError(f"{name}: the UIDVALIDITY is still {before}")


def make_anew(server, name):
    """By IMAP: another mailbox of that name with the same messages, the last one first."""
    before, wire, away = validity(server, name), mailbox(name), mailbox(name + "-away")
    with Connection(server.port) as connection:
        subscribed = name in (listed for listed, _, _ in connection.list_mailboxes(b"LSUB"))
        connection.command(b"RENAME " + wire + b" " + away)
        connection.command(b"CREATE " + wire)
        connection.command(b"SELECT " + away)
        uids = [uid for pieces in connection.command(b"UID SEARCH ALL") for uid in pieces[0].split()[2:]]
        for uid in reversed(uids):
            connection.command(b"UID COPY " + uid + b" " + wire)
        connection.command(b"CLOSE")
        connection.command(b"DELETE " + away)
        connection.command(b"UNSUBSCRIBE " + away)
        connection.command((b"SUBSCRIBE " if subscribed else b"UNSUBSCRIBE ") + wire)
    if validity(server, name) == before:
        raise AssertionError(f"{name}: the UIDVALIDITY is still {before}")


class ValidityTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        self.near = self.enterContext(FaultProxy(self.source.port))  # the same ports always: the state knows accounts by them
        self.far = self.enterContext(FaultProxy(self.destination.port))
        corpus.load(self.source, corpus.mixed(MESSAGES, MESSAGES * 12_000, seed=7, names=NAMES, largest=300_000))

    def start_anew(self):
        """An empty destination, and no state."""
        self.destination.forget_user("alice")
        self.folder.state.unlink(missing_ok=True)

    def sides(self, which):
        return {"source": [self.source], "destination": [self.destination], "both": [self.source, self.destination]}[which]

    def change_source(self):
        """New messages and new flags, in every mailbox."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.news = getattr(self, "news", 0) + 1000
        with Connection(self.source.port) as connection:
            for number, (name, _) in enumerate(NAMES):
                new = [corpus.Message(990_000 + self.news + 10 * number + i, 4000, ("\\Flagged",), now) for i in range(5)]
                corpus.append(connection, name, new)
                connection.command(b"SELECT " + mailbox(name))
                connection.command(b"STORE 2:6 +FLAGS (\\Flagged news%d)" % self.news)

    def arguments(self):
        return harness.copy_arguments(self.source, self.destination, self.folder, tls=False, from_port=self.near.port,
                                      to_port=self.far.port)

    def run_copy(self):
        return harness.run(self.arguments(), self.folder, timeout=120)

    def assert_complete(self, note=""):
        """The run that nothing disturbs ends with 0, and all is there once; one more changes nothing."""
        done = self.run_copy()
        self.assertEqual(done.code, 0, f"{done}\nbefore: {note}")
        self.assert_same(self.source, self.destination, note=f"{done}\nbefore: {note}")
        before = checker.fingerprint(checker.read_account(self.destination))
        done = self.run_copy()
        self.assertEqual(done.code, 0, done)
        self.assertEqual(checker.fingerprint(checker.read_account(self.destination)), before, done)


class BeforeTheRunTest(ValidityTest):
    def check(self, which, change, name, *, news=False):
        self.assertEqual(self.run_copy().code, 0)
        for server in self.sides(which):
            change(server, name)
        if news:
            self.change_source()

        self.assert_complete()

    def test_source_renumbered(self):
        self.check("source", renumber, "INBOX")

    def test_source_made_anew(self):
        self.check("source", make_anew, "Projects/2024")

    def test_destination_renumbered(self):
        self.check("destination", renumber, "INBOX")

    def test_destination_made_anew(self):
        self.check("destination", make_anew, "Projects/2024")

    def test_both_renumbered(self):
        self.check("both", renumber, "Projects/2024")

    def test_both_made_anew(self):
        self.check("both", make_anew, "R&D")

    def test_source_renumbered_with_news(self):
        self.check("source", renumber, "Projects/2024", news=True)

    def test_destination_renumbered_with_news(self):
        self.check("destination", renumber, "Projects/2024", news=True)

    def test_destination_restored_from_a_copy(self):
        """The same UIDVALIDITY, and a UIDNEXT of before."""
        self.assertEqual(self.run_copy().code, 0)
        mail, kept = self.destination.mail / "alice", self.folder.path / "kept"
        subprocess.run(["cp", "-a", mail, kept], check=True)
        self.change_source()
        self.assertEqual(self.run_copy().code, 0)
        time.sleep(1)
        shutil.rmtree(mail)
        subprocess.run(["cp", "-a", kept, mail], check=True)

        self.assert_complete()

    def test_after_a_run_that_was_killed(self):
        """What was in doubt is in doubt between UIDVALIDITYs that are gone."""
        for which in ("source", "destination", "both"):
            with self.subTest(which=which):
                self.start_anew()
                self.far.reset_counters()
                self.far.set_plan(lambda number: Hold("APPEND", lambda: process.send_signal(signal.SIGKILL)))
                process = harness.start(self.arguments(), self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.assertEqual(process.wait(timeout=60), -signal.SIGKILL)
                self.far.set_plan(lambda number: None)
                time.sleep(1)  # the servers may still be at work for the one that was killed
                for server in self.sides(which):
                    renumber(server, "INBOX")

                self.assert_complete(which)


class InTheMiddleTest(ValidityTest):
    """The run in which it happens ends with 0 or says what failed; the next one completes what is missing."""

    def disturbed(self, which, change, name, moment):
        """A run in which `moment` strikes the first connection to that side: a Hold, which changes the mailbox, or what breaks
        the connection; then the mailbox changes before there is another."""
        [server] = self.sides(which)
        proxy = self.near if which == "source" else self.far
        changed = threading.Event()

        def do():
            change(server, name)
            changed.set()

        def plan(number):
            if number == 1 and not isinstance(moment, Hold):
                do()
            if number == 0:
                return dataclasses.replace(moment, do=do) if isinstance(moment, Hold) else moment
            return None

        proxy.reset_counters()
        proxy.set_plan(plan)
        done = self.run_copy()
        proxy.set_plan(lambda number: None)
        self.assertTrue(proxy.struck, f"the moment never came: {done}")
        self.assertTrue(changed.wait(20), f"it was not changed: {done}")
        return done

    def check(self, which, change, name, moment, *, news=False):
        if news:
            self.assertEqual(self.run_copy().code, 0)
            self.change_source()
        done = self.disturbed(which, change, name, moment)
        if done.code == 0:
            self.assert_same(self.source, self.destination)
        else:
            self.assertIn(done.code, (INCOMPLETE, UNREACHABLE), done)
            told = "\n".join(line for line in done.err.splitlines() if "is not encrypted" not in line)
            self.assertRegex(told, f"{re.escape(name)}|localhost|answered BYE", f"what failed is named: {done}")
            left, right = checker.read_account(self.source), checker.read_account(self.destination)
            differences = checker.compare(left, right, what=())
            self.assertEqual([line for line in differences if "surplus" in line or "only on" in line], [], done)
        self.assert_complete(done)
        return done

    def check_named(self, *arguments, **options):
        """There is no way around it: the mailbox is named, with the reason."""
        done = self.check(*arguments, **options)
        self.assertEqual(done.code, INCOMPLETE, done)
        name = arguments[2]
        self.assertRegex(done.err, f"(?m)^{re.escape(name)}: .*UIDVALIDITY of {re.escape(name)} changed.*run again", done)

    def test_source_between_list_and_opening(self):
        self.check_named("source", make_anew, "Projects/2024", Hold("LIST", None))

    def test_source_between_list_and_opening_with_news(self):
        self.check_named("source", make_anew, "Projects/2024", Hold("LIST", None), news=True)

    def test_source_between_connections(self):
        for change, name in ((renumber, "INBOX"), (make_anew, "Projects/2024")):
            with self.subTest(change=change.__name__):
                self.start_anew()
                self.check_named("source", change, name, Reset("down", 60_000))

    def test_source_while_its_messages_are_read(self):
        moments = (("EXAMINE", 1, False), ("EXAMINE", 2, False), ("UID FETCH", 1, False), ("UID FETCH", 3, True))
        for command, nth, cut in moments:
            for change in (renumber, make_anew):
                with self.subTest(command=command, nth=nth, cut=cut, change=change.__name__):
                    self.start_anew()
                    self.check("source", change, "Projects/2024", Hold(command, None, nth, cut))

    def test_source_while_news_are_read(self):
        for command, nth in (("EXAMINE", 2), ("UID FETCH", 1), ("UID FETCH", 5)):
            with self.subTest(command=command, nth=nth):
                self.start_anew()
                self.check("source", renumber, "Projects/2024", Hold(command, None, nth), news=True)

    def test_destination_between_list_and_opening(self):
        self.check_named("destination", make_anew, "Projects/2024", Hold("LIST", None), news=True)

    def test_destination_between_connections(self):
        for change, name in ((renumber, "INBOX"), (make_anew, "Projects/2024")):
            with self.subTest(change=change.__name__):
                self.start_anew()
                self.check("destination", change, name, Hold("APPEND", None, 4, True))

    def test_destination_while_messages_arrive(self):
        for nth, cut in ((1, False), (1, True), (2, True), (3, False)):
            for change, name in ((renumber, "INBOX"), (make_anew, "Projects/2024")):
                with self.subTest(nth=nth, cut=cut, change=change.__name__):
                    self.start_anew()
                    self.check("destination", change, name, Hold("APPEND", None, nth, cut))

    def test_destination_while_news_arrive(self):
        for command, cut in (("SELECT", False), ("APPEND", False), ("APPEND", True)):
            with self.subTest(command=command, cut=cut):
                self.start_anew()
                self.check("destination", renumber, "Projects/2024", Hold(command, None, 1, cut), news=True)

    def test_destination_before_flags_are_stored(self):
        for change in (renumber, make_anew):
            with self.subTest(change=change.__name__):
                self.start_anew()
                self.check("destination", change, "Projects/2024", Hold("UID STORE", None), news=True)


if __name__ == "__main__":
    harness.main()
