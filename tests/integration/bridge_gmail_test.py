#!/usr/bin/env python3
"""`mailferry bridge` into something like Gmail: labels, what may be moved in a day, and refusals in Gmail's words."""

import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.bridging import BridgeTest, message  # noqa: E402
from support.daemon import Source, wait_until  # noqa: E402
from support.fakegmail import EXCEEDED, FakeGmail  # noqa: E402

QUICK = {"backoff_first": "1s", "backoff_most": "2s"}


class GmailTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")
        self.gmail = self.destination

    def make_destination(self):
        return self.enterContext(FakeGmail())

    def one(self, labels=(), to=("INBOX",), **keys):
        return Source("one", self.source, "a", [("INBOX", list(to), list(labels))], **keys)

    def assert_stored(self, wanted, bridge, mailbox="INBOX", timeout=30):
        arrived = wait_until(lambda: len(self.gmail.messages(mailbox)) >= wanted or bridge.process.poll() is not None, timeout)
        have = len(self.gmail.messages(mailbox))
        self.assertTrue(arrived and have == wanted, f"{have} of {wanted}\n{bridge.log()}")
        self.assertEqual(self.gmail.trouble, [])

    def labelled(self, mailbox="INBOX"):
        return [stored.labels for stored in self.gmail.messages(mailbox)]

    def assert_labelled(self, labels, bridge, messages, mailbox="INBOX", timeout=30):
        wanted = [set(labels)] * messages
        self.assertTrue(wait_until(lambda: self.labelled(mailbox) == wanted, timeout), f"{self.labelled(mailbox)}\n{bridge.log()}")


class LabelTest(GmailTest):
    def test_labels_of_all_kinds(self):
        labels = ["plain", "two words", 'a "quoted" one', "back\\slash", "Größe", "日本語 メール", "R&D", "(paren)", "100%*", "a/b",
                  "\\Starred", "\\Important", "{3}", "nil", "😀"]
        self.put(self.source, "a", [message(n) for n in range(5)] + [message(9, size=600_000)])
        bridge = self.bridge([self.one(labels)]).start()
        self.assert_stored(6, bridge)
        self.assert_labelled(labels, bridge, 6)
        self.assertEqual([stored.flags for stored in self.gmail.messages()], [set()] * 6)

    def test_labels_in_each_target(self):
        self.put(self.source, "a", [message(n) for n in range(3)])
        bridge = self.bridge([self.one(["x"], to=("INBOX", "Copies/One", "Größe"))]).start()
        for mailbox in ("INBOX", "Copies/One", "Größe"):
            self.assert_stored(3, bridge, mailbox)
            self.assert_labelled(["x"], bridge, 3, mailbox)

    def test_flags_are_kept_but_deleted_is_not(self):
        self.put(self.source, "a", [message(1, flags=("\\Seen", "\\Deleted", "\\Flagged"))])
        bridge = self.bridge([self.one()]).start()
        self.assert_stored(1, bridge)
        self.assertEqual(self.gmail.messages()[0].flags, {"\\Seen", "\\Flagged"})

    def test_labels_that_are_refused_are_tried_until_they_are_there_over_restarts(self):
        self.gmail.script = lambda name, line: b"NO [UNAVAILABLE] later (Failure)" if b"X-GM-LABELS" in line else None
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one(["kept"])], **QUICK).start()
        self.assert_stored(4, bridge)
        self.assertTrue(wait_until(lambda: sum(b"X-GM-LABELS" in line for line in self.gmail.commands) >= 3, 20), bridge.log())
        for end in (bridge.kill, bridge.stop):
            end()
            bridge.start()
            time.sleep(3)
        self.assertEqual(self.labelled(), [set()] * 4)
        self.gmail.script = None
        self.assert_labelled(["kept"], bridge, 4)
        self.assert_stored(4, bridge)

    def test_v4_an_end_with_labels_outstanding_is_quick_and_loses_none(self):
        gone, signed_in = [False], []

        def script(name, line):
            if b"X-GM-LABELS" in line:
                gone[0] = True
                return "bye"
            if name in ("LOGIN", "AUTHENTICATE") and gone[0]:
                signed_in.append(time.monotonic())
                return "bye"
            return None
        self.gmail.script = script
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one(["kept"])], **QUICK).start()
        self.assertTrue(wait_until(lambda: signed_in, 20), f"{bridge.log()}\n{self.gmail.commands}\n{self.gmail.open} open")
        begin = time.monotonic()
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertLess(time.monotonic() - begin, 10)
        self.assertLessEqual(len([moment for moment in signed_in if moment > begin]), 2)
        self.gmail.script = None
        bridge.start()
        self.assert_labelled(["kept"], bridge, 4)
        self.assert_stored(4, bridge)

    def test_v5_labels_after_all_connections_died_in_silence(self):
        bridge = self.bridge([self.one(["kept"])], **QUICK).start()
        for number in range(3):
            self.put(self.source, "a", [message(number)])
            self.assert_stored(number + 1, bridge)
            self.assert_labelled(["kept"], bridge, number + 1)
            self.gmail.drop_all()
        self.assertEqual(self.gmail.merged, 0)

    def test_killed_between_delivery_and_label(self):
        def script(name, line):
            if b"X-GM-LABELS" in line:
                bridge.process.send_signal(signal.SIGKILL)
                time.sleep(0.2)
                return "bye"
            return None
        self.gmail.script = script
        self.put(self.source, "a", [message(n, kind="no-message-id" if n % 2 else "plain") for n in range(4)])
        bridge = self.bridge([self.one(["kept"])], **QUICK).start()
        bridge.process.wait(20)
        self.gmail.script = None
        bridge.start()
        self.assert_labelled(["kept"], bridge, 4)
        self.assert_stored(4, bridge)

    def test_labels_without_appenduid(self):
        self.gmail.tells_uids = False
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one(["found"])], **QUICK).start()
        self.assert_labelled(["found"], bridge, 4)
        self.assert_stored(4, bridge)

    def test_what_is_there_gets_the_label_and_is_not_sent_again(self):
        mail = [message(n) for n in range(3)]
        for one in mail:
            self.gmail.store("INBOX", one.octets(), set(), one.internal_date())
        self.gmail.appends = 0
        self.put(self.source, "a", mail)
        bridge = self.bridge([self.one(["seen"])]).start()
        self.assert_labelled(["seen"], bridge, 3)
        self.assertEqual(self.gmail.appends, 0)


class QuotaTest(GmailTest):
    def test_the_governor_stops_before_the_limit(self):
        self.gmail.up_limit = 400_000
        self.put(self.source, "a", [message(n, size=20_000) for n in range(40)])
        bridge = self.bridge([self.one()], account_keys={"daily_upload": "400KB"}).start()
        self.assertTrue(wait_until(lambda: self.gmail.up > 180_000, 30), bridge.log())
        time.sleep(4)
        first = self.gmail.up
        self.assertEqual(self.gmail.refused, 0)
        self.assertLess(first, 360_000)
        for _ in range(2):  # what was moved is remembered
            bridge.stop()
            bridge.start()
            time.sleep(3)
        self.assertLess(self.gmail.up, 380_000)
        self.assertEqual(self.gmail.refused, 0)
        self.assertEqual(self.gmail.merged, 0)

    def test_the_governor_counts_what_a_source_sends(self):
        self.put(self.source, "a", [message(n, size=20_000) for n in range(40)])
        source = self.one(account_keys={"daily_download": "400KB"})
        bridge = self.bridge([source]).start()
        self.assertTrue(wait_until(lambda: self.gmail.up > 180_000, 30), bridge.log())
        time.sleep(3)
        self.assertLess(self.gmail.up, 360_000)

    def test_exceeded_limits_lose_and_double_nothing(self):
        told, refuses = [], [True]

        def script(name, line):
            if name == "APPEND" and refuses[0]:
                told.append(time.monotonic())
                return b"NO " + EXCEEDED
            return None
        self.gmail.script = script
        self.put(self.source, "a", [message(n) for n in range(10)])
        bridge = self.bridge([self.one()], message_attempts=2, **QUICK).start()
        for number in range(3):
            self.assertTrue(wait_until(lambda n=number: len(told) > n, 20), bridge.log())
            time.sleep(1)
            before = len(told)
            time.sleep(2)
            self.assertEqual(len(told), before)  # it does not hammer
            refuses[0] = number < 2
            bridge.process.send_signal(signal.SIGUSR1)
        self.assert_stored(10, bridge)
        self.assertEqual(bridge.failures(), [])
        self.assertEqual(self.gmail.merged, 0)

    def test_goodbyes_lose_and_double_nothing(self):
        self.put(self.source, "a", [message(n, kind="no-message-id" if n % 3 == 0 else "plain") for n in range(60)])
        self.gmail.pause = 0.05
        bridge = self.bridge([self.one(["l"])], **QUICK).start()
        for text in (b"Session expired, please login again.", b"System Error", b"Temporary problem (Failure)"):
            time.sleep(1)
            self.gmail.drop_all(text)
        self.gmail.pause = 0
        self.assert_stored(60, bridge, timeout=60)
        self.assert_labelled(["l"], bridge, 60)
        self.assertEqual(self.gmail.merged, 0)

    def test_too_many_connections_are_borne(self):
        self.gmail.most = 1
        sources = [Source(f"s{n}", self.source, f"s{n}") for n in range(6)]
        for number, source in enumerate(sources):
            self.put(self.source, source.user, [message(100 * number + n) for n in range(5)])
        self.gmail.pause = 0.02
        bridge = self.bridge(sources, **QUICK).start()
        self.assert_stored(30, bridge, timeout=40)
        self.assertLess(self.gmail.refused, 5)
        self.assertEqual(bridge.failures(), [])

    def test_throttling_slows_down_and_nothing_else(self):
        left = [2]

        def script(name, line):
            if name == "APPEND" and left[0]:
                left[0] -= 1
                return b"NO [THROTTLED] slow down, try again in 2 seconds (Failure)"
            return None
        self.gmail.script = script
        self.put(self.source, "a", [message(n) for n in range(5)])
        bridge = self.bridge([self.one()], message_attempts=2, **QUICK).start()
        self.assert_stored(5, bridge)
        self.assertEqual(bridge.failures(), [])
        self.assertEqual(left, [0])


if __name__ == "__main__":
    harness.main()
