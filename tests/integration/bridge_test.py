#!/usr/bin/env python3
"""`mailferry bridge` against real servers: what arrives on the sources is on the destination soon, once and whole."""

import collections
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness  # noqa: E402
from support.bridging import NOW, BridgeTest, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402


class CarryingTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")

    def test_what_is_there_and_what_arrives(self):
        self.put(self.source, "a", [message(n, flags=("\\Seen",) if n % 2 else ("\\Flagged", "$Work")) for n in range(50)])
        bridge = self.bridge([Source("one", self.source, "a")])
        bridge.start()
        self.assert_arrives(50, bridge=bridge)
        self.put(self.source, "a", [message(100 + n) for n in range(20)])
        self.assert_arrives(70, bridge=bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertEqual(self.stored(self.source, "a"), self.stored(self.destination, "archive"))

    def test_restart_and_kill_send_nothing_twice(self):
        self.put(self.source, "a", [message(n) for n in range(30)])
        bridge = self.bridge([Source("one", self.source, "a")])
        for number, end in enumerate((bridge.stop, bridge.kill, bridge.kill, bridge.stop)):
            bridge.start()
            self.put(self.source, "a", [message(1000 + 10 * number + n) for n in range(10)])
            self.assert_arrives(40 + 10 * number, bridge=bridge)
            end()
        bridge.start()
        time.sleep(3)
        self.assert_arrives(70, bridge=bridge)
        self.assertEqual(self.stored(self.source, "a"), self.stored(self.destination, "archive"))

    def test_several_targets_and_labels(self):
        self.put(self.source, "a", [message(n) for n in range(5)] + [message(9, size=900_000)])
        bridge = self.bridge([Source("one", self.source, "a", [("INBOX", ["INBOX", "Copies/One", "Copies/Two"], ["bridged", "two words"])])])
        bridge.start()
        for mailbox in ("INBOX", "Copies/One", "Copies/Two"):
            self.assert_arrives(6, mailbox, bridge=bridge)
            for _, flags, _ in self.stored(self.destination, "archive", mailbox):
                self.assertEqual(flags, {"bridged", "two_words"})
        self.assertEqual(bridge.stop(), 0)

    def labels_of_two_sources(self, **keys):
        """The bridge; each source has the same message, and gives it another label."""
        self.put(self.source, "a", [message(1)])
        sources = [Source(name, self.source, name, [("INBOX", ["INBOX"], [label])]) for name, label in (("a", "work"), ("b", "at home"))]
        bridge = self.bridge(sources, backoff_first="1s", backoff_most="2s", **keys).start()
        self.assert_arrives(1, bridge=bridge)
        self.put(self.source, "b", [message(1)])
        return bridge

    def labels(self):
        return [flags for _, flags, _ in self.stored(self.destination, "archive")]

    def test_a_message_that_is_there_already_gets_the_label_of_each_source_as_a_keyword(self):
        bridge = self.labels_of_two_sources()
        self.assertTrue(wait_until(lambda: self.labels() == [{"work", "at_home"}], 20), f"{self.labels()}\n{bridge.log()}")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_a_keyword_that_cannot_be_set_now_is_set_after_a_restart(self):
        refuses = [True]
        proxy = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                          b"{tag} NO not now\r\n" if name == "UID STORE" and refuses[0] else None))
        bridge = self.labels_of_two_sources(port=proxy.port, message_attempts=100)
        self.assertTrue(wait_until(lambda: proxy.names("UID STORE")[1:], 20), bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertEqual(self.labels(), [{"work"}])
        refuses[0] = False
        bridge.start()
        self.assertTrue(wait_until(lambda: self.labels() == [{"work", "at_home"}], 20), f"{self.labels()}\n{bridge.log()}")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_keywords_that_are_refused_for_good_are_not_tried_for_ever(self):
        proxy = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                          b"{tag} NO no keywords here\r\n" if name == "UID STORE" else None))
        bridge = self.labels_of_two_sources(port=proxy.port, message_attempts=2)
        self.assertTrue(wait_until(lambda: proxy.names("UID STORE")[1:], 20), bridge.log())
        time.sleep(5)
        self.assertEqual(len(proxy.names("UID STORE")), 2, bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_all_mapped_mailboxes_are_watched(self):
        with Connection(self.source.port, "a", "secret") as connection:
            for name in (b"Work", b"Lists", b"More", b"Last"):
                connection.command(b"CREATE " + name)
        names = ["INBOX", "Work", "Lists", "More", "Last"]
        bridge = self.bridge([Source("one", self.source, "a", [(name, [f"From/{name}"], []) for name in names], poll_interval="3s")])
        bridge.start()
        time.sleep(1)
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(number)], name)
        for name in names:
            self.assert_arrives(1, f"From/{name}", bridge=bridge)


class FollowTest(BridgeTest):
    def follow(self, **options):
        source = self.server(any_user="secret", **options)
        self.put(source, "a", [message(n) for n in range(6)])
        bridge = self.bridge([Source("one", source, "a", [("INBOX", ["INBOX", "Copy"], [])], follow_flags=True, poll_interval="2s")])
        bridge.start()
        self.assert_arrives(6, "Copy", bridge=bridge)
        self.change(source, "+FLAGS (\\Seen $Work)", "1:3")
        self.change(self.destination, "+FLAGS (\\Flagged)", "3:4", "archive")  # somebody's own, which stays
        self.assert_flags({(): 2, ("\\flagged",): 1, ("\\flagged", "\\seen", "$work"): 1, ("\\seen", "$work"): 2}, bridge)
        self.assertEqual(bridge.stop(), 0)
        self.change(source, "-FLAGS (\\Seen)", "1")
        self.change(source, "+FLAGS (\\Deleted)", "6")
        bridge.start()
        self.put(source, "a", [message(9)])
        self.assert_flags({(): 3, ("$work",): 1, ("\\flagged",): 1, ("\\flagged", "\\seen", "$work"): 1, ("\\seen", "$work"): 1}, bridge)
        self.assert_arrives(7, bridge=bridge)

    def change(self, server, what, which, user="a"):
        self.command(server, user, b"SELECT INBOX", f"STORE {which} {what}".encode())

    def assert_flags(self, wanted, bridge):
        """How many messages have which flags."""
        wanted = {frozenset(flags): number for flags, number in wanted.items()}
        have = lambda: dict(collections.Counter(m.flags for m in self.mailboxes(self.destination, "archive")["INBOX"]))  # noqa: E731
        self.assertTrue(wait_until(lambda: have() == wanted, 15, 0.3), f"{have()}\n{bridge.log()}")

    def test_flags_are_followed(self):
        self.follow()

    def test_flags_are_followed_without_condstore(self):
        self.follow(hide=("CONDSTORE", "QRESYNC", "NOTIFY"))


class BeginningTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")
        self.put(self.source, "a", [message(n, days=3 * n) for n in range(10)])

    def test_new_only(self):
        bridge = self.bridge([Source("one", self.source, "a", new_only=True)]).start()
        time.sleep(1.5)
        self.put(self.source, "a", [message(50, days=400)])
        self.assert_arrives(1, bridge=bridge)

    def test_since(self):
        bridge = self.bridge([Source("one", self.source, "a", since="7d")]).start()
        self.assert_arrives(3, bridge=bridge)

    def test_everything(self):
        bridge = self.bridge([Source("one", self.source, "a")]).start()
        self.assert_arrives(10, bridge=bridge)

    def test_what_is_on_the_destination_already_is_not_sent_again(self):
        self.put(self.destination, "archive", [message(n, days=3 * n) for n in range(4)] + [message(77, kind="no-message-id")])
        bridge = self.bridge([Source("one", self.source, "a")]).start()
        self.assert_arrives(11, bridge=bridge)

    def test_l7_pruned_is_only_what_was_delivered(self):
        with Connection(self.source.port, "a", "secret") as connection:
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 1 +FLAGS (\\Deleted)")  # somebody else's, young
        bridge = self.bridge([Source("one", self.source, "a", since="20d", retention_days=5)]).start()
        self.assert_arrives(7, bridge=bridge)
        self.assertTrue(wait_until(lambda: count(self.source, "a") == 5), bridge.log())
        left = checker.read_account(self.source, "a").mailboxes["INBOX"]
        ages = sorted(round((NOW.timestamp() - one.instant) / 86400) for one in left)
        self.assertEqual(ages, [0, 3, 21, 24, 27])


if __name__ == "__main__":
    harness.main()
