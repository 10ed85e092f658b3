#!/usr/bin/env python3
"""One message, or one thing that a server cannot do, holds up nothing else: with real servers, and with a proxy between where something
must go wrong."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.bridging import QUICK, DefectTest, literal_size, message  # noqa: E402
from support.daemon import count, wait_until  # noqa: E402
from support.meddler import CUT  # noqa: E402

UNREADABLE = b"{tag} NO [SERVERBUG] cannot read it\r\n"


def names(line, uid):
    """Whether the set of a UID FETCH has this UID."""
    for part in line.split()[3].decode().split(","):
        first, _, last = part.partition(":")
        if uid >= int(first) and (last == "*" or uid <= int(last or first)):
            return True
    return False


class StuckTest(DefectTest):
    def meddle_with(self, item, uid, what):
        """The destination does `what` when this item of this message is asked for, after all that was asked before."""
        def on_command(number, tag, name, line):
            if name != "UID FETCH" or item not in line or not names(line, uid[0]):
                return None
            time.sleep(0.1)
            return what
        return self.meddle(self.destination, on_command)


class DestinationTest(StuckTest):
    def test_a_message_that_there_is_no_room_for_holds_up_no_smaller_one(self):
        proxy = self.meddle(self.destination, lambda number, tag, name, line:
                            b"{tag} NO [OVERQUOTA] no room; try again in 2 seconds\r\n"
                            if name == "APPEND" and literal_size(line) > 50_000 else None)
        self.put(self.source, "a", [message(1, size=60_000), message(2, size=70_000)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, destination_attempts=50, **QUICK).start()
        self.assert_logged(bridge, "OVERQUOTA")
        self.put(self.source, "a", [message(n) for n in range(10, 15)])
        self.assert_arrives(5, bridge=bridge, timeout=10)
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 1, 40, .5), bridge.log())
        self.assertNotIn("is down", bridge.log())

    def test_it_waits_no_hour_with_the_others(self):
        proxy = self.meddle(self.destination, lambda number, tag, name, line:
                            b"{tag} NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\r\n"
                            if name == "APPEND" and literal_size(line) > 50_000 else None)
        self.put(self.source, "a", [message(1, size=60_000)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_logged(bridge, "OVERQUOTA")
        self.put(self.source, "a", [message(n) for n in range(10, 15)])
        self.assert_arrives(5, bridge=bridge, timeout=15)
        self.assertEqual(bridge.failures(), [])

    def test_a_header_that_the_destination_refuses(self):
        self.put(self.destination, "archive", [message(2)])
        self.put(self.source, "a", [message(n) for n in range(1, 7)])
        proxy = self.meddle_with(b"HEADER", [1], UNREADABLE)
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(7, bridge=bridge)
        self.assertEqual(bridge.failures(), [])

    def test_a_header_that_the_destination_refuses_after_a_kill(self):
        bad = [999]
        self.put(self.source, "a", [message(n) for n in range(1, 4)])
        proxy = self.meddle_with(b"HEADER", bad, UNREADABLE)
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        bridge.kill()
        bad[0] = 2
        self.put(self.source, "a", [message(n) for n in range(10, 13)])
        bridge.start()
        # What cannot be read there may be anything: message 2 is sent again, and the others are not.
        self.assert_arrives(7, bridge=bridge)
        self.settle(3)
        self.assertEqual(count(self.destination, "archive"), 7, bridge.log())

    def test_a_destination_that_refuses_all_headers_gets_nothing_twice(self):
        refuses = [False]
        self.put(self.source, "a", [message(n) for n in range(1, 9)])

        def on_command(number, tag, name, line):
            if name != "UID FETCH" or b"HEADER" not in line or not refuses[0]:
                return None
            time.sleep(0.1)
            return UNREADABLE
        proxy = self.meddle(self.destination, on_command)
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(8, bridge=bridge)
        bridge.kill()
        refuses[0] = True
        bridge.start()
        self.settle(12)
        self.assertEqual(count(self.destination, "archive"), 8, bridge.log())
        refuses[0] = False
        self.put(self.source, "a", [message(20)])
        self.assert_arrives(9, bridge=bridge)

    def test_a_message_that_breaks_the_connection_when_it_is_compared(self):
        self.put(self.destination, "archive", [message(2)])
        self.put(self.source, "a", [message(n) for n in range(1, 7)])
        proxy = self.meddle_with(b"BODY.PEEK[]", [1], CUT)
        bridge = self.bridge([self.one(retention_days=5)], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(7, bridge=bridge, timeout=40)
        self.assertEqual(bridge.failures(), [])


class SourceTest(StuckTest):
    def test_a_daily_limit_is_not_asked_of_all_copies_together(self):
        self.put(self.source, "a", [message(1, size=40_000)])
        bridge = self.bridge([self.one(mappings=[("INBOX", ["INBOX", "Two", "Three"], [])])],
                             account_keys={"daily_upload": "100K"}, **QUICK).start()
        self.settle(8)
        self.assertEqual(bridge.failures(), [])

    def test_what_exceeds_a_daily_limit_is_told_with_its_size(self):
        self.put(self.source, "a", [message(1, size=150_000)])
        bridge = self.bridge([self.one(mappings=[("INBOX", ["INBOX", "Two"], [])])],
                             account_keys={"daily_upload": "100K"}, **QUICK).start()
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 2, 20, .5), bridge.log())
        self.assertRegex(bridge.log(), r"the message has 1[45]\d\d\d\d octets")

    def test_a_source_that_cannot_be_pruned_is_healthy(self):
        self.source.stop()
        self.source = self.server(any_user="secret", hide=("UIDPLUS",))
        self.put(self.source, "a", [message(1, days=30)])
        bridge = self.bridge([self.one(retention_days=5)], **QUICK).start()
        self.assert_arrives(1, bridge=bridge)
        self.assert_logged(bridge, "no UIDPLUS")
        self.settle(1)
        told = harness.run(["status", "--json", "--config", bridge.config], self.folder, 30)
        healths = [account["health"] for account in told.events()[0]["accounts"]]
        self.assertFalse({"failing", "degraded"} & set(healths), told.out)
        self.settle(3)
        self.assertEqual(bridge.log().count("no UIDPLUS"), 1, bridge.log())


if __name__ == "__main__":
    harness.main()
