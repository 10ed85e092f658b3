#!/usr/bin/env python3
"""What a bridge holds on to: mail that its source does not list for a moment, what is not proven, how slow a server is."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bridge_alike_test import AlikeTest, Report  # noqa: E402
from support import harness  # noqa: E402
from support.bridging import QUICK, literal_size, message  # noqa: E402
from support.daemon import count, wait_until  # noqa: E402


class SteadyTest(AlikeTest):
    def test_mail_that_one_listing_leaves_out_is_carried(self):
        refuses, refused, hides, hidden = [True], [], [False], []

        def refuse(_number, _tag, name, line):
            if name != "APPEND" or not refuses:
                return None
            refused.append(line)
            return b"{tag} NO [UNAVAILABLE] later\r\n"

        def hide(_number, _tag, name, line):
            if not hides[0] or name != "UID FETCH" or b"(FLAGS" not in line or b"HEADER" in line:
                return None
            hidden.append(line)
            time.sleep(0.1)
            return b"{tag} OK Fetch completed.\r\n"

        destination, source = self.meddle(self.destination, refuse), self.meddle(self.source, hide)
        self.put(self.source, "a", [message(number) for number in range(6)])
        bridge = self.bridge([self.one(port=source.port)], port=destination.port, message_attempts=20, **QUICK).start()
        self.assertTrue(wait_until(lambda: refused, 20), bridge.log())
        time.sleep(3)
        hides[0] = True
        self.assertTrue(wait_until(lambda: hidden, 20), bridge.log())
        time.sleep(0.5)
        hides[0] = False
        refuses.clear()
        self.put(self.source, "a", [message(50)])
        self.assert_arrives(7, bridge=bridge)

    def test_giving_up_a_message_proves_no_other(self):
        def refuse_large(_number, _tag, name, line):
            return b"{tag} NO never\r\n" if name == "APPEND" and literal_size(line) > 2500 else None

        destination = self.meddle(self.destination, refuse_large)
        bridge = self.bridge([self.one(retention_days=5)], port=destination.port, message_attempts=1, **QUICK).start()
        self.put(self.source, "a", [Report(7)])
        self.assert_arrives(1, bridge=bridge)
        bridge.stop()
        bridge.start()
        self.put(self.destination, "archive", [Report(1)])
        self.put(self.source, "a", [Report(1), message(9, size=4000)])
        self.assertTrue(wait_until(bridge.failures, 20, 0.5), bridge.log())
        left = count(self.source, "a")
        done = harness.run(["failures", "--config", bridge.config, "--clear", bridge.failures()[0]["uid"]], self.folder, 30)
        self.assertEqual(done.code, 0, done)
        bridge.kill()
        bridge.start()
        time.sleep(5)  # it would be removed at the first look
        self.assertEqual(count(self.source, "a"), left, bridge.log())

    def test_a_message_that_is_too_large_leaves_nothing_in_doubt(self):
        self.destination.set(capability="IMAP4rev1 UIDPLUS LITERAL+ ESEARCH APPENDLIMIT=50000")
        self.put(self.source, "a", [message(1), message(2, size=60000), message(3)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.assertTrue(wait_until(bridge.failures, 20, 0.5), bridge.log())
        bridge.kill()
        bridge.start()
        self.put(self.source, "a", [message(number) for number in range(10, 15)])
        self.assert_arrives(7, bridge=bridge)
        self.assertEqual(bridge.stop(), 0)
        self.assertEqual(bridge.rows("select * from intent"), [])

    def test_a_start_after_a_crash_waits_for_a_slow_server(self):
        appends = []

        def slow(_number, _tag, name, _line):
            if name == "APPEND":
                appends.append(time.monotonic())
                time.sleep(5)

        destination = self.meddle(self.destination, slow)
        bridge = self.bridge([self.one()], port=destination.port, timeout=60, **QUICK).start()
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, bridge=bridge)
        self.put(self.source, "a", [message(2)])
        self.assertTrue(wait_until(lambda: len(appends) == 2, 20), bridge.log())
        time.sleep(1)
        bridge.kill()
        bridge.start()
        self.put(self.source, "a", [message(3)])
        self.assert_arrives(3, bridge=bridge)
        time.sleep(8)
        self.assertEqual(count(self.destination, "archive"), 3)


if __name__ == "__main__":
    harness.main()
