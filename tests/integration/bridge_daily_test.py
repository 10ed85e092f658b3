#!/usr/bin/env python3
"""The daily work of a bridge: its report, and another try for what is parked."""

import datetime
import email
import email.policy
import pathlib
import re
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402
from support.service import ServiceTest, message  # noqa: E402


class ReportTest(ServiceTest):
    def zone_shortly_before(self, hour, seconds):
        """A TZ in which it is `seconds` before `hour`:00 now."""
        now = datetime.datetime.now(datetime.timezone.utc)
        wanted = hour * 3600 - seconds
        offset = (wanted - (now.hour * 3600 + now.minute * 60 + now.second)) % 86400
        offset = offset if offset < 43200 else offset - 86400
        sign, offset = ("-", offset) if offset >= 0 else ("", -offset)
        return f"XXX{sign}{offset // 3600:02d}:{offset // 60 % 60:02d}:{offset % 60:02d}"

    def reports(self):
        with Connection(self.destination.port, "archive", "secret") as connection:
            connection.command(b"EXAMINE Bridge/Reports")
            tag = connection.send(b"FETCH 1:* (FLAGS BODY.PEEK[])")
            return [(pieces[0], email.message_from_bytes(bytes(pieces[1]), policy=email.policy.default)) for pieces in connection.untagged(tag) if len(pieces) > 1]

    def test_arrives_unread_at_its_hour_and_tells_what_was_delivered(self):
        bridge = self.bridge(report_mailbox="Bridge/Reports", daily_hour=7)
        self.start(bridge, TZ=self.zone_shortly_before(7, 8))
        self.put("a", [message(n) for n in range(3)])
        self.assert_arrives(3, bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        (flags, report), = self.reports()
        self.assertNotIn(b"\\Seen", flags)
        self.assertTrue(re.match(r"\[mailferry\] Daily report — \d{4}-\d\d-\d\d$", report["Subject"]), report["Subject"])
        kinds = [part.get_content_type() for part in report.walk()]
        self.assertEqual(kinds, ["multipart/alternative", "text/plain", "text/html"])
        self.assertRegex(report.get_body(("plain",)).get_content(), r"a@localhost.*\n?.*\b3\b")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_a_mailbox_that_was_deleted_is_made_again(self):
        source = Source("one", self.source, "a", mappings=[("INBOX", ["Bridge/Reports"], [])])
        bridge = self.bridge([source], report_mailbox="Bridge/Reports", daily_hour=7)
        self.put("a", [message(1)])
        self.start(bridge, TZ=self.zone_shortly_before(7, 8))
        self.assert_arrives(1, bridge, "Bridge/Reports")
        with Connection(self.destination.port, "archive", "secret") as connection:
            connection.command(b"DELETE Bridge/Reports")
        self.assertTrue(wait_until(lambda: "the daily report is delivered" in bridge.log(), 20), bridge.log())
        self.assertEqual(len(self.reports()), 1)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def refusing(self, to):
        """A proxy before the destination that refuses what goes to this mailbox while the list holds True."""
        refuses = [True]
        return refuses, self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                                  b"{tag} NO not this one\r\n" if name == "APPEND" and to in line and refuses[0] else None))

    def bridge_with_a_parked_message(self, **keys):
        """It is half a dozen seconds before seven, and what is parked would be taken now."""
        refuses, proxy = self.refusing(b"INBOX")
        bridge = self.bridge(port=proxy.port, message_attempts=1, backoff_most="1s", **keys)
        self.put("a", [message(1)])
        self.start(bridge, TZ=self.zone_shortly_before(7, 8))
        self.assertTrue(wait_until(lambda: "is parked" in bridge.log(), 6), bridge.log())
        refuses[0] = False
        time.sleep(1)
        self.assertEqual(count(self.destination, "archive"), 0, "what is parked waits for its hour")
        return bridge

    def test_l3_l4_what_is_parked_is_told_of_and_then_tried_again(self):
        bridge = self.bridge_with_a_parked_message(report_mailbox="Bridge/Reports")
        self.assert_arrives(1, bridge, "Bridge/Reports")
        self.assertIn("not this one", self.reports()[0][1].get_body(("plain",)).get_content())
        self.assertIn("Parked messages: 1", self.reports()[0][1].get_body(("plain",)).get_content())
        self.assert_arrives(1, bridge)
        self.assertEqual(self.command(bridge, "failures", "--json").events(), [])
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_l5_what_is_parked_is_tried_again_also_without_a_report(self):
        bridge = self.bridge_with_a_parked_message()
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_v6_the_hour_is_seven_unless_another_one_is_wanted(self):
        for hour, told in ((0, 0), (7, 1)):
            with self.subTest(hour=hour):
                bridge = self.bridge(report_mailbox="Bridge/Reports", state=self.folder.path / f"{hour}.db")
                self.start(bridge, TZ=self.zone_shortly_before(hour, 3))
                time.sleep(6)
                self.assertEqual(count(self.destination, "archive", "Bridge/Reports"), told, bridge.log())
                self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_v7_equal_errors_are_one_and_a_report_that_is_refused_is_kept(self):
        refuses, proxy = self.refusing(b"Reports")
        broken = []

        def on_source(number, tag, name, line):
            if name != "EXAMINE" or len(broken) == 4:
                return None
            broken.append(line)
            return b"{tag} NO [UNAVAILABLE] shard %d is busy, try %d\r\n" % (1_000 + 7 * len(broken), len(broken))
        source = self.enterContext(Meddler(self.source.port, on_source))
        bridge = self.bridge([Source("one", self.source, "a", port=source.port)], port=proxy.port, report_mailbox="Bridge/Reports",
                             backoff_first="1s", backoff_most="1s")
        self.put("a", [message(1)])
        self.start(bridge, TZ=self.zone_shortly_before(7, 12))
        self.assert_arrives(1, bridge)
        self.assertTrue(wait_until(lambda: "not this one" in bridge.log(), 20), bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())
        refuses[0] = False
        with sqlite3.connect(bridge.state) as connection:  # five minutes later
            (value,), = connection.execute("SELECT value FROM note WHERE key = 'daily_report'").fetchall()
            connection.execute("UPDATE note SET value = ? WHERE key = 'daily_report'",
                               ("2020-01-01T00:00:00Z\n" + value.split("\n", 1)[1],))
        connection.close()
        self.start(bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        text = self.reports()[0][1].get_body(("plain",)).get_content()
        self.assertIn("(x4)", text)
        self.assertEqual(text.count("is busy"), 1, text)
        self.assertIn("not this one", text)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_one_that_was_due_while_nothing_ran_goes_out_at_the_start(self):
        bridge = self.bridge(report_mailbox="Bridge/Reports", daily_hour=7)
        self.start(bridge, TZ=self.zone_shortly_before(7, 6))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        time.sleep(7)
        self.assertEqual(count(self.destination, "archive", "Bridge/Reports"), 0, bridge.log())
        self.start(bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def state_note(self, bridge, change):
        with sqlite3.connect(bridge.state) as connection:
            (value,), = connection.execute("SELECT value FROM note WHERE key = 'daily_report'").fetchall()
            times, rest = value.split("\n", 1)
            connection.execute("UPDATE note SET value = ? WHERE key = 'daily_report'", (change(times) + "\n" + rest,))
        connection.close()

    def test_a_clock_that_was_ahead_puts_no_report_off(self):
        bridge = self.start(self.bridge(report_mailbox="Bridge/Reports"), TZ=self.zone_shortly_before(7, 1_000))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.state_note(bridge, lambda times: "2199-01-01T07:00:00Z")
        self.start(bridge, TZ=self.zone_shortly_before(7, 5))
        self.assert_arrives(1, bridge, "Bridge/Reports")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_a_report_that_is_refused_again_and_again_does_not_try_what_is_parked_again_and_again(self):
        proxy = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                          b"{tag} NO not this one\r\n" if name == "APPEND" else None))
        tried = lambda: sum(b"INBOX" in line for line in proxy.names("APPEND"))  # noqa: E731
        bridge = self.bridge(port=proxy.port, message_attempts=1, backoff_most="1s", report_mailbox="Bridge/Reports")
        self.put("a", [message(1)])
        zone = self.zone_shortly_before(7, 6)
        self.start(bridge, TZ=zone)
        self.assertTrue(wait_until(lambda: tried() == 2, 20), bridge.log())
        time.sleep(1)
        for refused in (2, 3):
            self.assertEqual(bridge.stop(), 0, bridge.log())
            self.state_note(bridge, lambda times: "2020-01-01T00:00:00Z" + times[20:])  # five minutes later
            self.start(bridge, TZ=zone)
            self.assertTrue(wait_until(lambda n=refused: sum(b"Reports" in line for line in proxy.names("APPEND")) == n, 20), bridge.log())
            time.sleep(2)
        self.assertEqual(tried(), 2, bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())


if __name__ == "__main__":
    harness.main()
