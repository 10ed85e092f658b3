#!/usr/bin/env python3
"""How a bridge learns of new mail in many mailboxes of one source: all of them over one connection (NOTIFY) where the server
can, however it goes wrong, and else some with IDLE and the others by looking. Nothing here waits for a poll, unless said."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.bridging import DefectTest, connect, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import STALL  # noqa: E402

NAMES = ["INBOX", "Work", "Lists", "Entwürfe", "Two words", "R&D", "Box 7", "Box 8", "Box 9", "Box 10", "Box 11", "Box 12"]


class WatchTest(DefectTest):
    def setUp(self):
        super().setUp()
        self.create(self.source, "a", *NAMES[1:])

    def watching(self, on_command=None, names=NAMES, timeout=20, account_keys=None, settled=True, **keys):
        """A bridge that has looked at all of them, once, and now waits."""
        self.proxy = self.meddle(self.source, on_command)
        keys = {"poll_interval": "10min"} | keys
        mappings = [(name, [f"From/{name}"], []) for name in names]
        source = Source("one", self.source, "a", mappings, port=self.proxy.port, account_keys=account_keys, **keys)
        bridge = self.bridge([source], timeout=timeout, backoff_first="1s", backoff_most="2s").start()
        if settled:
            self.assertTrue(wait_until(lambda: self.proxy.names("IDLE"), 20), bridge.log())
        return bridge

    def how(self, bridge):
        done = harness.run(["status", "--json", "--state", bridge.state], self.folder)
        return next(one["watching"] for one in json.loads(done.out)["accounts"] if not one["is_destination"])

    def assert_each_wakes(self, bridge, names=NAMES, wanted=1, timeout=6):
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(100 * wanted + number)], name)
            self.assert_arrives(wanted, f"From/{name}", timeout, bridge)


class NotifyTest(WatchTest):
    def test_one_connection_watches_twelve_mailboxes(self):
        bridge = self.watching()
        self.assert_each_wakes(bridge)
        self.assertEqual(self.how(bridge), "NOTIFY")
        self.assertEqual(self.proxy.connections, 1, bridge.log())
        self.assertNotIn("does not tell of", bridge.log())
        self.assertEqual(bridge.stop(), 0)

    def test_mail_in_many_at_once_is_not_lost(self):
        bridge = self.watching()
        for number in range(36):
            self.put(self.source, "a", [message(number)], NAMES[number * 5 % len(NAMES)])
        for name in NAMES:
            self.assert_arrives(3, f"From/{name}", 15, bridge)
        self.assertEqual(self.proxy.connections, 1, bridge.log())

    def test_a_cut_is_followed_by_a_look_at_all(self):
        bridge = self.watching()
        for number in range(3):
            self.proxy.cut_all()
            self.put(self.source, "a", [message(number)], "Box 7")  # while nobody listens
            self.put(self.source, "a", [message(10 + number)], "Entwürfe")
            self.assert_arrives(number + 1, "From/Box 7", 15, bridge)
            self.assert_arrives(number + 1, "From/Entwürfe", 15, bridge)
        self.assert_each_wakes(bridge, ["INBOX", "Box 12"])

    def test_a_connection_that_died_silently_is_noticed_at_the_refresh(self):
        stalled = []

        def on_command(number, tag, name, line):
            if name == "IDLE" and not stalled:
                stalled.append(number)
                return STALL
            return None

        bridge = self.watching(on_command, timeout=3, idle_refresh="10s")
        self.put(self.source, "a", [message(1)], "Box 9")
        self.assert_arrives(1, "From/Box 9", 25, bridge)
        self.assert_each_wakes(bridge, ["Box 10"])

    def test_the_wait_begins_anew_at_each_refresh(self):
        bridge = self.watching(idle_refresh="10s")
        self.assertTrue(wait_until(lambda: len(self.proxy.names("IDLE")) >= 2, 20), bridge.log())
        self.assert_each_wakes(bridge, ["INBOX", "Lists"])
        self.assertEqual(self.proxy.connections, 1, bridge.log())

    def test_mailboxes_that_are_renamed_or_deleted_disturb_no_other(self):
        bridge = self.watching()
        self.assert_each_wakes(bridge, ["Work", "Lists"])
        self.command(self.source, "a", b'RENAME Work "Old work"', b"CREATE Work")
        self.put(self.source, "a", [message(50)], "Work")
        self.assert_arrives(2, "From/Work", 15, bridge)
        self.command(self.source, "a", b"DELETE Lists")
        self.assert_each_wakes(bridge, ["Box 7", "Box 8"])

    def test_the_first_mailbox_may_be_deleted_while_it_is_open(self):
        bridge = self.watching(names=["Box 7", "Work", "Lists", "Box 8", "Box 9", "Box 10"], idle_refresh="10s")
        self.command(self.source, "a", b'DELETE "Box 7"')
        time.sleep(11)
        self.assert_each_wakes(bridge, ["Work", "Box 10"], timeout=15)

    def test_flags_are_followed_at_once(self):
        self.put(self.source, "a", [message(1)], "Box 11")
        bridge = self.watching(follow_flags=True)
        self.assert_arrives(1, "From/Box 11", bridge=bridge)
        self.command(self.source, "a", b'SELECT "Box 11"', b"STORE 1 +FLAGS (\\Flagged)")
        flags = lambda: [flags for _, flags, _ in self.stored(self.destination, "archive", "From/Box 11")]  # noqa: E731
        self.assertTrue(wait_until(lambda: flags() == [{"\\flagged"}], 10), f"{flags()}\n{bridge.log()}")

    def test_as_few_connections_as_the_account_allows(self):
        bridge = self.watching(names=NAMES[:3], account_keys={"connections": 1})
        self.assert_each_wakes(bridge, NAMES[:3])
        self.assertEqual((self.how(bridge), self.proxy.connections), ("NOTIFY", 1), bridge.log())

    def test_few_mailboxes_have_a_connection_each(self):
        bridge = self.watching(names=NAMES[:4])
        self.assertTrue(wait_until(lambda: len(self.proxy.names("IDLE")) >= 4, 20), bridge.log())
        self.assert_each_wakes(bridge, NAMES[:4])
        self.assertEqual((self.how(bridge), self.proxy.names("NOTIFY")), ("IDLE", []), bridge.log())


class RefusalTest(WatchTest):
    def falls_back(self, answer):
        bridge = self.watching(lambda number, tag, name, line: answer if name == "NOTIFY" else None, settled=False,
                               poll_interval="3s")
        self.assertTrue(wait_until(lambda: len(self.proxy.names("IDLE")) >= 4, 20), bridge.log())
        self.assert_each_wakes(bridge, timeout=10)
        self.assertEqual(self.how(bridge), "IDLE")
        self.assertEqual(len(self.proxy.names("NOTIFY")), 1)
        self.assertEqual(bridge.log().count("does not tell of several mailboxes"), 1, bridge.log())
        self.assertLessEqual(self.proxy.connections, 5, bridge.log())

    def test_too_many(self):
        self.falls_back(b"{tag} NO [NOTIFICATIONOVERFLOW] too many mailboxes\r\n")

    def test_events(self):
        self.falls_back(b"{tag} BAD [BADEVENT (MessageNew)] not these\r\n")

    def test_overflow_of_a_set_that_was_accepted(self):
        self.falls_back(b"* OK [NOTIFICATIONOVERFLOW] enough\r\n{tag} OK done\r\n")

    def test_servers_without_notify(self):
        self.source.set(hide=("NOTIFY",))
        bridge = self.watching(settled=False, poll_interval="3s")
        self.assertTrue(wait_until(lambda: len(self.proxy.names("IDLE")) >= 4, 20), bridge.log())
        self.assert_each_wakes(bridge, timeout=10)
        self.assertEqual((self.how(bridge), self.proxy.names("NOTIFY")), ("IDLE", []))


class EndedTest(WatchTest):
    """A server that ends connections which are to tell of news."""

    def test_one_that_answers_idle_with_bye_is_polled(self):
        bridge = self.watching(lambda number, tag, name, line: b"* BYE too many idlers\r\n" if name == "IDLE" else None,
                               names=NAMES[:2], poll_interval="3s")
        self.assertTrue(wait_until(lambda: self.how(bridge) == "polling", 20, 0.5), bridge.log())
        self.assertIn("too many idlers", bridge.log())
        before = self.proxy.connections
        self.assertLessEqual(before, 8, bridge.log())
        self.assert_each_wakes(bridge, NAMES[:2], timeout=10)
        self.settle(6)
        self.assertEqual(self.proxy.connections, before, bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_one_that_answers_notify_with_bye_is_watched_with_idle(self):
        bridge = self.watching(lambda number, tag, name, line: b"* BYE no\r\n" if name == "NOTIFY" else None, settled=False,
                               poll_interval="3s")
        self.assertTrue(wait_until(lambda: len(self.proxy.names("IDLE")) >= 4, 30), bridge.log())
        self.assert_each_wakes(bridge, timeout=10)
        self.assertEqual(self.how(bridge), "IDLE")
        self.assertEqual(len(self.proxy.names("NOTIFY")), 3, bridge.log())

    def test_one_connection_of_several_that_is_ended_each_time_is_polled(self):
        ends = lambda number, tag, name, line: b"* BYE too many\r\n" if name == "IDLE" and number > 0 else None  # noqa: E731
        bridge = self.watching(ends, names=NAMES[:2], poll_interval="5s")
        self.assertTrue(wait_until(lambda: self.proxy.connections >= 4, 30), bridge.log())
        before = self.proxy.connections
        self.settle(12)
        self.assertLessEqual(self.proxy.connections, before + 3, "once each poll_interval")
        self.assert_each_wakes(bridge, NAMES[:2], timeout=10)
        self.assertEqual(self.how(bridge), "IDLE")

    def test_cuts_of_connections_over_which_mail_came_are_no_reason_to_poll(self):
        bridge = self.watching(names=NAMES[:2])
        for number in range(5):
            self.proxy.cut_all()
            self.put(self.source, "a", [message(number)], NAMES[0])
            self.assert_arrives(number + 1, f"From/{NAMES[0]}", 15, bridge)
        self.assertEqual(self.how(bridge), "IDLE")


class BacklogTest(DefectTest):
    """A mailbox with much to carry, and new mail in another one."""

    MESSAGES = 2_000

    def begin(self, names=("INBOX", "Big"), **keys):
        """A bridge in the middle of the backlog; the destination is slow."""
        slow = lambda number, tag, name, line: time.sleep(0.4) if name == "APPEND" else None  # noqa: E731
        proxy = self.meddle(self.destination, slow)
        self.create(self.source, "a", *[name for name in names if name != "INBOX"])
        self.put(self.source, "a", [message(n) for n in range(self.MESSAGES)], "Big")
        mappings = [(name, [f"From/{name}"], []) for name in names]
        bridge = self.bridge([Source("one", self.source, "a", mappings, poll_interval="10min", **keys)], port=proxy.port).start()
        self.assertTrue(wait_until(lambda: self.carried() > 0, 30), bridge.log())
        return bridge

    def carried(self):
        return count(self.destination, "archive", "From/Big")

    def assert_overtakes(self, bridge, names):
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(5_000 + number)], name)
            self.assert_arrives(1, f"From/{name}", 15, bridge)
        self.assertLess(self.carried(), self.MESSAGES, "the backlog was over before: nothing is shown")

    def test_new_mail_in_another_mailbox_does_not_wait_for_its_end(self):
        bridge = self.begin(("INBOX", "Big", "Work"))
        self.assert_overtakes(bridge, ["INBOX", "Work"])
        self.assert_arrives(self.MESSAGES, "From/Big", 120, bridge)
        self.put(self.source, "a", [message(6_000)], "Big")
        self.assert_arrives(self.MESSAGES + 1, "From/Big", 20, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_nor_where_one_connection_watches_all(self):
        bridge = self.begin(("INBOX", "Big", "Work", "Lists", "Sent", "Other"))
        self.assert_overtakes(bridge, ["INBOX", "Other"])
        self.assert_arrives(self.MESSAGES, "From/Big", 120, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_new_mail_without_end_does_not_hold_up_the_backlog(self):
        bridge = self.begin()
        sent = 0
        with connect(self.source, "a") as connection:
            until = time.monotonic() + 120
            while self.carried() < self.MESSAGES and time.monotonic() < until:
                corpus.append(connection, "INBOX", [message(5_000 + sent)])
                sent += 1
                time.sleep(0.2)
        self.assert_arrives(self.MESSAGES, "From/Big", 1, bridge)
        self.assert_arrives(sent, "From/INBOX", 30, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_stopped_in_the_middle_it_loses_and_doubles_nothing(self):
        bridge = self.begin()
        for number in range(3):
            self.put(self.source, "a", [message(5_000 + number)])
            self.settle(2)
            self.assertEqual(bridge.stop(), 0, bridge.log())
            bridge.start()
        self.assert_arrives(self.MESSAGES, "From/Big", 120, bridge)
        self.assert_arrives(3, "From/INBOX", 20, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())


if __name__ == "__main__":
    harness.main()
