#!/usr/bin/env python3
"""What must not stop a bridge for good: a connection that stalls while it ends, a message that its source refuses, a mailbox that is
set back, dates and numbers that a source does not tell, an account that moves to another port."""

import contextlib
import datetime
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.bridging import QUICK, DefectTest, literal_size, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import STALL  # noqa: E402

RELAY = pathlib.Path(__file__).resolve().parent / "support" / "relay.py"


def names(asked, uid):
    """Whether a set of UIDs as in a command holds this one."""
    for part in asked.split(","):
        first, _, last = part.partition(":")
        if last == "*" and uid >= int(first) or int(first) <= uid <= int((last if last != "*" else "") or first):
            return True
    return False


class EndTest(DefectTest):
    def test_a_stalled_connection_does_not_end_a_bridge_that_reads_its_configuration_again(self):
        stalls = [True]
        proxy = self.meddle(self.source, lambda number, tag, name, line: STALL if stalls[0] and name == "UID FETCH" else None)
        other = self.server(any_user="secret")
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(port=proxy.port)], timeout=120, **QUICK).start()
        self.assertTrue(wait_until(lambda: proxy.names("UID FETCH"), 20), bridge.log())
        stalls[0] = False
        bridge.sources.append(Source("two", other, "b"))
        bridge.write_config()
        bridge.process.send_signal(signal.SIGHUP)
        self.put(other, "b", [message(2)])
        self.assert_arrives(2, timeout=50, bridge=bridge)
        self.assertIn("read again", bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())


LONG = "K" * 60


class KeywordTest(DefectTest):
    """A destination takes keywords of 50 octets, this source longer ones."""

    def setUp(self):
        super().setUp()
        self.source.stop()
        self.source = self.server(any_user="secret", extra="mail_max_keyword_length = 200\n")

    def flags(self, mailbox="INBOX"):
        return sorted(sorted(m.flags) for m in self.mailboxes(self.destination, "archive").get(mailbox, []))

    def test_a_message_whose_keywords_are_refused_arrives_at_once_with_those_that_fit(self):
        mail = [message(1), message(2, flags=(LONG, "short", "\\Flagged")), message(3, flags=(LONG,)), message(4, flags=("short",))]
        self.put(self.source, "a", mail)
        bridge = self.bridge([self.one()], **QUICK).start()
        self.assert_arrives(4, timeout=15, bridge=bridge)
        self.assertEqual(self.flags(), [[], [], ["\\flagged", "short"], ["short"]])
        self.assertNotIn("parked", bridge.log())
        self.assertIn("refuses keywords", bridge.log())
        self.assertIn(LONG, bridge.log())

    def test_a_label_that_is_too_long_holds_up_no_message_and_costs_few_attempts(self):
        proxy = self.meddle(self.destination)
        self.put(self.source, "a", [message(n) for n in range(3)])
        bridge = self.bridge([self.one(mappings=[("INBOX", ["INBOX"], [LONG, "fits"])])], port=proxy.port, **QUICK).start()
        self.assert_arrives(3, timeout=15, bridge=bridge)
        before = len(proxy.names("APPEND"))
        self.put(self.source, "a", [message(9)])
        self.assert_arrives(4, timeout=15, bridge=bridge)
        self.assertEqual(self.flags(), [["fits"]] * 4)
        self.assertEqual(len(proxy.names("APPEND")), before + 1)
        self.assertEqual(bridge.log().count("refuses keywords"), 1)

    def test_flags_follow_where_new_keywords_are_refused(self):
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(follow_flags=True, poll_interval="2s")], **QUICK).start()
        self.assert_arrives(1, timeout=15, bridge=bridge)
        self.command(self.source, "a", b"SELECT INBOX", b"STORE 1 +FLAGS (\\Flagged " + LONG.encode() + b")")
        self.assertTrue(wait_until(lambda: self.flags() == [["\\flagged"]], 15), bridge.log())


class RefusalTest(DefectTest):
    """Of some messages the source says NO, also when they are asked for with others."""

    def refusing(self, uids, item):
        """A proxy that refuses every UID FETCH of `item` for one of these; what it refuses may change."""
        def on_command(number, tag, name, line):
            if name != "UID FETCH" or item not in line:
                return None
            asked = line.split()[3].decode()
            if not any(names(asked, uid) for uid in uids):
                return None
            time.sleep(0.1)  # the server answers the EXAMINE before it first
            return b"{tag} NO [UNAVAILABLE] not readable\r\n"
        return self.meddle(self.source, on_command)

    def assert_only_it_is_parked(self, bridge, uid):
        self.assertTrue(wait_until(lambda: bridge.failures(), 30, 0.5), bridge.log())
        self.assertEqual([one["uid"] for one in bridge.failures()], [uid])
        self.assertIn("not readable", bridge.failures()[0]["reason"])
        self.assertIn(f"refuses UID {uid}", bridge.log())

    def test_a_message_whose_body_is_refused_holds_up_no_other(self):
        proxy = self.refusing([2], b"BODY.PEEK[]")
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one(port=proxy.port)], message_attempts=3, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.assert_only_it_is_parked(bridge, 2)
        self.put(self.source, "a", [message(9)])
        self.assert_arrives(4, bridge=bridge)

    def test_a_message_whose_header_is_refused_holds_up_no_other(self):
        proxy = self.refusing([4], b"HEADER")
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one(port=proxy.port)], message_attempts=3, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.assert_only_it_is_parked(bridge, 4)

    def test_a_source_that_sends_nothing_for_a_while_has_none_parked(self):
        uids = [1, 2, 3]
        proxy = self.refusing(uids, b"BODY.PEEK[]")
        self.put(self.source, "a", [message(n) for n in range(3)])
        bridge = self.bridge([self.one(port=proxy.port)], message_attempts=2, **QUICK).start()
        self.assert_logged(bridge, "refuses UID")
        self.settle(6)
        self.assertEqual(bridge.failures(), [])
        uids.clear()
        self.assert_arrives(3, bridge=bridge)



class ParkedTest(DefectTest):
    """What is parked is known also while nobody can look at the source."""

    def setUp(self):
        super().setUp()
        self.is_down, self.refuses = [False], [True]
        source = self.meddle(self.source, lambda number, tag, name, line:
                             b"{tag} NO [UNAVAILABLE] down\r\n" if self.is_down[0] and name in ("LOGIN", "AUTHENTICATE") else None)
        destination = self.meddle(self.destination, lambda number, tag, name, line:
                                  b"{tag} NO not this one\r\n" if name == "APPEND" and self.refuses[0] else None)
        self.put(self.source, "a", [message(1)])
        self.running = self.bridge([self.one(port=source.port)], port=destination.port, message_attempts=1, **QUICK).start()
        self.assertTrue(wait_until(lambda: self.parked() == [1], 20, 0.5), self.running.log())

    def parked(self):
        return [one["uid"] for one in self.running.failures()]

    def run_command(self, *arguments):
        return harness.run([*arguments, "--state", self.running.state], self.folder)

    def start_again_with_the_source_down(self):
        self.assertEqual(self.running.stop(), 0, self.running.log())
        self.is_down[0] = True
        self.running.start()
        self.assertTrue(wait_until(lambda: "down" in self.running.log()[self.running.log_begin:], 20), self.running.log())

    def test_it_is_told_of_and_tried_when_the_source_is_back(self):
        self.start_again_with_the_source_down()
        self.assertEqual(self.parked(), [1])
        self.assertIn("1", self.run_command("retry").out)
        self.assertEqual(self.parked(), [1])
        self.is_down[0] = self.refuses[0] = False
        self.assert_arrives(1, bridge=self.running)
        self.assertTrue(wait_until(lambda: self.parked() == [], 10, 0.5), self.running.log())

    def test_it_can_be_given_up(self):
        self.start_again_with_the_source_down()
        self.assertEqual(self.run_command("failures", "--clear", "all").code, 0)
        self.assertEqual(self.parked(), [])
        self.is_down[0] = self.refuses[0] = False
        self.put(self.source, "a", [message(2)])
        self.assert_arrives(1, bridge=self.running)
        self.assertEqual(self.running.stop(), 0, self.running.log())
        self.running.start()
        self.settle(3)
        self.assert_arrives(1, bridge=self.running)
        self.assertEqual(self.parked(), [])

    def test_it_is_still_parked_while_it_is_tried_again(self):
        self.is_down[0] = True
        self.source.stop()
        self.run_command("retry")
        self.settle(2)
        self.assertEqual(self.parked(), [1])
        self.assertEqual(self.run_command("failures", "--clear", "all").code, 0)
        self.assertEqual(self.parked(), [])
        self.assertEqual(self.running.stop(), 0, self.running.log())
        self.assertEqual(self.parked(), [])


class UntoldTest(DefectTest):
    """What servers leave out."""

    def without_dates(self):
        def on_line(line):
            return re.sub(rb"\(INTERNALDATE \"[^\"]*\" ", b"(", re.sub(rb" INTERNALDATE \"[^\"]*\"", b"", line))
        return self.meddle(self.source, on_line=on_line)

    def test_a_message_without_a_date_is_not_old_mail_that_nobody_wants(self):
        self.put(self.source, "a", [message(1), message(2)])
        bridge = self.bridge([self.one(port=self.without_dates().port, since="7d")], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)

    def test_a_message_without_a_date_is_not_pruned(self):
        self.put(self.source, "a", [message(1), message(2)])
        bridge = self.bridge([self.one(port=self.without_dates().port, retention_days=5)], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.settle(3)
        self.assertEqual(count(self.source, "a"), 2, bridge.log())

    def test_a_message_that_goes_while_it_waits_keeps_nobody_busy_where_no_uidnext_is_told(self):
        source = self.meddle(self.source, on_line=lambda line: b"" if b"[UIDNEXT" in line else line)
        destination = self.meddle(self.destination, lambda number, tag, name, line:
                                  b"{tag} NO not now\r\n" if name == "APPEND" and abs(literal_size(line) - 3_000) < 20 else None)
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(port=source.port, idle=False, poll_interval="1h")], port=destination.port,
                             message_attempts=100, backoff_first="2s", backoff_most="2s").start()
        self.assert_arrives(1, bridge=bridge)
        bridge.stop()
        self.put(self.source, "a", [message(2, size=3_000)])
        bridge.start()
        self.assertTrue(wait_until(lambda: destination.names("APPEND")[1:], 20), bridge.log())
        self.command(self.source, "a", b"SELECT INBOX", b"UID STORE 2 +FLAGS (\\Deleted)", b"EXPUNGE")
        self.settle(4)
        before = len(source.names("EXAMINE"))
        self.settle(5)
        self.assertLessEqual(len(source.names("EXAMINE")) - before, 3, bridge.log())


class QuotaTest(DefectTest):
    def test_a_long_wait_for_room_in_a_quota_holds_up_no_other_mailbox(self):
        self.create(self.source, "a", "Other")
        self.put(self.source, "a", [message(n, size=100_000) for n in range(3)])
        source = self.one(mappings=[("INBOX", ["INBOX"], []), ("Other", ["Other"], [])], account_keys={"daily_download": "400KB"})
        bridge = self.bridge([source], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.settle(2)
        self.put(self.source, "a", [message(9)], "Other")
        self.assert_arrives(1, "Other", timeout=20, bridge=bridge)
        self.assertEqual(count(self.destination, "archive"), 2, bridge.log())


    def test_new_mail_does_not_wait_for_what_trickles_through_a_quota(self):
        # Beyond half of the quota there is a short pause before each message.
        self.create(self.source, "a", "Big")
        self.put(self.source, "a", [message(n, size=10_000) for n in range(700)], "Big")
        source = self.one(mappings=[("INBOX", ["INBOX"], []), ("Big", ["Big"], [])], account_keys={"daily_download": "10MB"})
        bridge = self.bridge([source], **QUICK).start()
        self.assertTrue(wait_until(lambda: count(self.destination, "archive", "Big") > 500, 60), bridge.log())
        self.put(self.source, "a", [message(900)])
        self.assert_arrives(1, timeout=25, bridge=bridge)
        before = count(self.destination, "archive", "Big")
        self.assertLess(before, 600, "there were no pauses: nothing is shown")
        self.assertTrue(wait_until(lambda: count(self.destination, "archive", "Big") > before + 1, 60), "it goes on as well")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_it_is_said_when_what_waits_for_room_will_be_done(self):
        self.put(self.source, "a", [message(n, size=100_000) for n in range(8)])
        bridge = self.bridge([self.one(account_keys={"daily_download": "400KB"})], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.settle(2)
        done = harness.run(["status", "--json", "--state", bridge.state], self.folder)
        done_at = {one["account"].split("@")[0]: one["quota"]["done_at"] for one in json.loads(done.out)["accounts"]}
        self.assertIsNone(done_at["archive"], "it has no limit")
        waits = datetime.datetime.fromisoformat(done_at["a"]) - datetime.datetime.now(datetime.timezone.utc)
        self.assertGreater(waits, datetime.timedelta(hours=24), "it is more than a day's limit")
        self.assertLess(waits, datetime.timedelta(days=4))
        self.assertIn("the queue will be done about", harness.run(["status", "--state", bridge.state], self.folder).out)


class FollowedTest(DefectTest):
    def test_what_is_gone_from_the_source_takes_no_room_in_the_state(self):
        mail = [message(n, flags=("\\Seen",) if n % 2 else ()) for n in range(20)]
        self.put(self.source, "a", mail)
        bridge = self.bridge([self.one(follow_flags=True)], **QUICK).start()
        self.assert_arrives(20, bridge=bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        before = self.runs(bridge)
        self.command(self.source, "a", b"SELECT INBOX", b"UID STORE 1:18 +FLAGS (\\Deleted)", b"EXPUNGE")
        bridge.start()
        self.put(self.source, "a", [message(50)])
        self.assert_arrives(21, bridge=bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertLess(self.runs(bridge), before / 2)

    @staticmethod
    def runs(bridge):
        """The octets that the settled messages of the state take."""
        with contextlib.closing(sqlite3.connect(bridge.state)) as connection:
            return connection.execute("SELECT sum(length(runs)) FROM settled").fetchone()[0]


class SetBackTest(DefectTest):
    def test_mail_after_a_mailbox_was_restored_from_a_copy_is_carried(self):
        folder, copy = self.source.mail / "a", self.folder.path / "copy"
        self.put(self.source, "a", [message(n, days=9) for n in range(2)])
        subprocess.run(["cp", "-a", folder, copy], check=True)
        bridge = self.bridge([self.one(retention_days=5)], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        bridge.stop()
        self.put(self.source, "a", [message(2, days=9), message(3, days=9), message(4)])
        bridge.start()
        self.assert_arrives(5, bridge=bridge)
        bridge.stop()
        shutil.rmtree(folder)
        subprocess.run(["cp", "-a", copy, folder], check=True)
        bridge.start()
        self.settle(2)
        self.put(self.source, "a", [message(7), message(8, kind="no-message-id")])
        self.assert_arrives(7, timeout=60, bridge=bridge)
        self.assertIn("counts its messages from UID 3 again", bridge.log())
        self.put(self.source, "a", [message(9)])
        self.assert_arrives(8, bridge=bridge)
        self.settle(2)
        self.assert_arrives(8, bridge=bridge)


class PortTest(DefectTest):
    def test_an_account_that_moves_to_the_other_port_is_the_same(self):
        """What comes between a stop and a start, too, and nothing that was filed away comes again."""
        for name in ("source", "destination"):
            for ports in ((143, 993), (993, 143)):
                with self.subTest(account=name, ports=ports):
                    self.move_to_other_port(name, *ports)

    def move_to_other_port(self, name, before, after):
        user, archive = f"{name}{before}", f"archive{name}{before}"
        keys = {"tunnel": f'"{sys.executable}" "{RELAY}" {getattr(self, name).port}'}
        sources = lambda port: [Source("one", self.source, user, new_only=True, **(  # noqa: E731
            {"port": port, "account_keys": keys} if name == "source" else {}))]
        own = {"port": before, "account_keys": keys} if name == "destination" else {}
        bridge = self.bridge(sources(before), user=archive, state=self.folder.path / f"{user}.db", **own).start()
        self.settle(1)
        arrived = lambda: count(self.destination, archive)  # noqa: E731
        self.put(self.source, user, [message(n, kind="no-message-id" if n % 2 else "plain") for n in range(4)])
        self.assertTrue(wait_until(lambda: arrived() == 4), bridge.log())
        self.assertEqual(bridge.stop(), 0)
        self.command(self.destination, archive, b"CREATE Filed", b"SELECT INBOX", b"MOVE 1:2 Filed")
        self.put(self.source, user, [message(50)])
        bridge.sources = sources(after)
        bridge.port = after if own else None
        bridge.write_config()
        bridge.start()
        self.assertTrue(wait_until(lambda: arrived() >= 3), bridge.log())
        self.settle(1)
        self.assertEqual(arrived(), 3, bridge.log())
        self.assertEqual(bridge.stop(), 0)


if __name__ == "__main__":
    harness.main()
