#!/usr/bin/env python3
"""Mail that is alike: reports of a machine with equal headers and equal size that differ in a digit. Each arrives, a true copy of one
does not, and nothing is removed from the source that this bridge did not bring."""

import contextlib
import dataclasses
import datetime
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness, pairs  # noqa: E402
from support.bridging import NOW, QUICK, DefectTest, connect, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Report:
    """All that differs is the digit in the body."""
    digit: int
    named: bool = True   # has a Message-ID
    fields: bytes = b""  # more of them
    days: int = 20
    flags: tuple = ()

    def internal_date(self):
        return (NOW - datetime.timedelta(days=self.days)).strftime("%d-%b-%Y %H:%M:%S %z").encode()

    def octets(self):
        return (b"From: root@host\r\nTo: admin@example.net\r\nSubject: cron\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
                + (b"Message-ID: <report@host>\r\n" if self.named else b"") + self.fields + b"\r\ndisk %d failed\r\n" % self.digit)


@dataclasses.dataclass(frozen=True)
class Bare(Report):
    """Nothing but these octets."""
    digit: int = 0
    raw: bytes = b""

    def octets(self):
        return self.raw


class AlikeTest(DefectTest):
    def check_mail(self, wanted, bridge, server=None, user="archive"):
        """So many messages with these digits are there, and it stays so."""
        server = server or self.destination
        self.assertTrue(wait_until(lambda: count(server, user) == len(wanted)), f"{self.digits(server, user)}\n{bridge.log()}")
        self.settle(1.5)
        self.assertEqual(self.digits(server, user), sorted(wanted), bridge.log())

    def digits(self, server, user):
        with connect(server, user) as connection:
            connection.command(b"EXAMINE INBOX")
            answer = connection.command(b"UID FETCH 1:* (BODY.PEEK[TEXT])")
            return sorted(int(part.split()[1]) for line in answer for part in line if bytes(part).startswith(b"disk"))


class EachArrivesTest(AlikeTest):
    def check_all(self, named, **keys):
        self.put(self.source, "a", [Report(1, named), Report(2, named), Report(3, named)])
        bridge = self.bridge([self.one(**keys)], **QUICK).start()
        self.check_mail([1, 2, 3], bridge)
        self.put(self.source, "a", [Report(4, named)])
        self.check_mail([1, 2, 3, 4], bridge)
        bridge.stop()
        bridge.start()
        self.put(self.source, "a", [Report(5, named)])
        self.check_mail([1, 2, 3, 4, 5], bridge)

    def test_with_one_message_id(self):
        self.check_all(True)

    def test_without_message_id(self):
        self.check_all(False)

    def test_from_a_source_that_is_pruned(self):
        self.check_all(True, retention_days=5)
        self.assertTrue(wait_until(lambda: count(self.source, "a") <= 1))  # what came after the last look at what is old

    def test_from_two_sources_one_of_which_comes_later(self):
        other = self.server(any_user="secret")
        self.put(self.source, "a", [Report(1)])
        self.put(other, "b", [Report(2), Report(1)])
        self.put(other, "c", [Report(3), Report(2), Report(1)])
        bridge = self.bridge([self.one(), Source("two", other, "b")], **QUICK).start()
        self.check_mail([1, 2], bridge)
        bridge.stop()
        bridge.sources.append(Source("three", other, "c"))
        bridge.write_config()
        bridge.start()
        self.check_mail([1, 2, 3], bridge)

    def test_beside_one_that_was_there_and_killed_in_between(self):
        self.put(self.destination, "archive", [Report(2)])
        self.put(self.source, "a", [Report(1), Report(2), Report(3)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.check_mail([1, 2, 3], bridge)
        bridge.kill()
        self.put(self.source, "a", [Report(4), Report(3)])
        bridge.start()
        self.check_mail([1, 2, 3, 4], bridge)

    def test_what_was_there_in_great_number_is_not_read(self):
        mail = [message(n) for n in range(50)]
        self.put(self.destination, "archive", mail)
        self.put(self.source, "a", [*mail, message(60)])
        proxy = self.meddle(self.source)
        bridge = self.bridge([self.one(port=proxy.port)], **QUICK).start()
        self.assert_arrives(51, bridge=bridge)
        self.settle(1)
        self.assert_arrives(51, bridge=bridge)
        self.assertEqual(len([line for line in proxy.names("UID FETCH") if b"BODY.PEEK[]" in line]), 1)


class PrunedTest(AlikeTest):
    def pruned(self, **keys):
        return self.bridge([self.one(retention_days=5, **keys)], **QUICK)

    def check_left(self, wanted, bridge):
        """So many are left on the source, also after another start, which looks at what is old at once."""
        for _ in range(2):
            self.check_mail(wanted, bridge, self.source, "a")
            bridge.stop()
            bridge.start()
        self.check_mail(wanted, bridge, self.source, "a")

    def test_another_one_with_the_same_message_id_is_there(self):
        self.put(self.destination, "archive", [Report(1)])
        self.put(self.source, "a", [Report(2), Report(1), Report(3)])
        bridge = self.pruned().start()
        self.check_mail([1, 2, 3], bridge)
        self.check_left([1], bridge)

    def test_what_was_there_stays_also_when_it_is_deleted_there(self):
        self.put(self.destination, "archive", [Report(1), Report(2)])
        self.put(self.source, "a", [Report(1), Report(2)])
        bridge = self.pruned().start()
        self.check_left([1, 2], bridge)
        self.command(self.destination, "archive", b"SELECT INBOX", b"STORE 1:* +FLAGS (\\Deleted)", b"EXPUNGE")
        self.put(self.source, "a", [Report(3)])
        self.check_mail([3], bridge)
        bridge.stop()
        bridge.start()
        self.check_left([1, 2], bridge)

    def test_of_true_copies_one_is_delivered(self):
        self.put(self.source, "a", [Report(1), Report(1), Report(1), Report(2)])
        bridge = self.pruned().start()
        self.check_mail([1, 2], bridge)
        self.check_left([1, 1], bridge)

    def test_what_was_there_before_pruning_was_asked_for(self):
        self.put(self.destination, "archive", [Report(2)])
        self.put(self.source, "a", [Report(1)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.settle(2)
        bridge.stop()
        bridge.sources = [self.one(retention_days=5)]
        bridge.write_config()
        bridge.start()
        self.check_left([1], bridge)

    def test_what_an_interruption_left_in_doubt_is_proven_by_the_look_up(self):
        self.put(self.source, "a", [Report(1), Report(2), Report(2)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.check_mail([1, 2], bridge)
        bridge.kill()
        bridge.sources = [self.one(retention_days=5)]
        bridge.write_config()
        bridge.start()
        self.check_left([2], bridge)
        self.check_mail([1, 2], bridge)

    def test_a_state_that_does_not_tell_what_was_there(self):
        self.put(self.source, "a", [Report(1), Report(2)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.check_mail([1, 2], bridge)
        bridge.stop()
        with contextlib.closing(sqlite3.connect(bridge.state)) as state, state:
            state.execute("DELETE FROM note WHERE key LIKE 'there:%'")
        self.put(self.source, "a", [Report(3)])
        bridge.sources = [self.one(retention_days=5)]
        bridge.write_config()
        bridge.start()
        self.check_mail([1, 2, 3], bridge)
        self.check_left([1, 2], bridge)


class WithoutMessageIdTest(AlikeTest):
    KINDS = [Report(1, False), Report(2, False, b"Message-ID:\r\n"), Report(3, False, b"Message-ID: <gr\xfcn@x>\r\n"),
             Report(4, False, b"Message-ID: <gr\xc3\xbcn@x>\r\n"), Report(5)]

    def test_what_the_destination_has_is_not_sent_at_a_first_run_nor_without_the_state(self):
        self.put(self.destination, "archive", self.KINDS)
        self.put(self.source, "a", [*self.KINDS, Report(6, False)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.check_mail([1, 2, 3, 4, 5, 6], bridge)
        bridge.stop()
        for file in bridge.state.parent.glob(bridge.state.name + "*"):
            file.unlink()
        bridge.start()
        self.put(self.source, "a", [Report(7, False)])
        self.check_mail([1, 2, 3, 4, 5, 6, 7], bridge)

    def test_a_source_that_numbers_its_mailbox_anew(self):
        self.put_work(self.KINDS)
        bridge = self.bridge([self.one(mappings=[("Work", ["INBOX"], [])])], **QUICK).start()
        self.check_mail([1, 2, 3, 4, 5], bridge)
        bridge.stop()
        self.command(self.source, "a", b"DELETE Work")
        self.settle(1.1)  # UIDVALIDITY is a time
        # Later than before, by the date that the server gave.
        self.put_work([dataclasses.replace(one, days=19) for one in self.KINDS] + [Report(6, False, days=19)])
        bridge.start()
        self.check_mail([1, 2, 3, 4, 5, 6], bridge)

    def put_work(self, messages):
        self.create(self.source, "a", "Work")
        self.put(self.source, "a", messages, "Work")

    def test_without_a_date_the_subject_is_looked_for(self):
        bare = [message(n, kind="no-message-id") for n in range(3)]
        octets = b"Subject: nothing but a subject\r\n\r\ndisk %d failed\r\n"
        only = [Bare(raw=octets % digit) for digit in (1, 2)]
        self.put(self.destination, "archive", [*bare, only[0]])
        self.put(self.source, "a", [*bare, *only])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.assert_arrives(5, bridge=bridge)
        self.settle(2)
        self.assert_arrives(5, bridge=bridge)


class BrokenHeadersTest(AlikeTest):
    """A CR before a field: to Cyrus there is no header at all, to Dovecot not this field."""

    def test_after_a_kill_and_without_the_state(self):
        if pairs.Cyrus.missing():
            self.skipTest(pairs.Cyrus.missing())
        cyrus = self.enterContext(pairs.Cyrus(users={"a": "secret"}))
        whole = [Report(digit) for digit in (1, 2)]
        broken = [Bare(raw=b"\r" + Report(digit, fields=b"X: %d\r\n" % digit).octets()) for digit in (3, 4, 5)]
        self.put(cyrus, "a", [*whole, *broken])
        bridge = self.bridge([Source("one", cyrus, "a", poll_interval="1s")], **QUICK).start()
        self.check_mail([1, 2, 3, 4, 5], bridge)
        bridge.kill()
        self.put(cyrus, "a", [Report(6)])
        bridge.start()
        self.check_mail([1, 2, 3, 4, 5, 6], bridge)
        bridge.kill()
        for file in bridge.state.parent.glob(bridge.state.name + "*"):
            file.unlink()
        self.put(cyrus, "a", [Report(7)])
        bridge.start()
        self.check_mail([1, 2, 3, 4, 5, 6, 7], bridge)


if __name__ == "__main__":
    harness.main()
