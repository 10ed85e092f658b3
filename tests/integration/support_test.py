#!/usr/bin/env python3
"""The harness itself: a checker that finds nothing, or a proxy that cuts nothing, would prove nothing."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import Cut, FaultProxy, LineCounter  # noqa: E402
from support.rawimap import Connection, ImapError, from_utf7, to_utf7  # noqa: E402


class CheckerTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.left, self.right = self.server(), self.server(mail_format="sdbox")
        for server in (self.left, self.right):
            corpus.load(server, corpus.mixed(100, 500_000))

    def differences(self):
        return checker.compare(checker.read_account(self.left), checker.read_account(self.right))

    def change(self, *commands):
        with Connection(self.right.port) as connection:
            for command in commands:
                connection.command(command)

    def test_equal_accounts_are_equal(self):
        self.assertEqual(self.differences(), [])

    def test_a_missing_message(self):
        self.change(b"SELECT INBOX", b"STORE * +FLAGS.SILENT (\\Deleted)", b"UID EXPUNGE 35")

        self.assertRegex("\n".join(self.differences()), r"^INBOX: missing on the destination: 1 × uid 35")

    def test_a_message_that_came_twice(self):
        self.change(b"SELECT INBOX", b"COPY 9 INBOX")

        self.assertRegex("\n".join(self.differences()), r"^INBOX: surplus on the destination: 1 × uid 9")

    def test_a_keyword(self):
        self.change(b"SELECT INBOX", b"STORE 4 +FLAGS (another)")

        self.assertEqual(len(self.differences()), 2)

    def test_a_subscription(self):
        self.change(b"UNSUBSCRIBE Sent")

        self.assertEqual(self.differences(), ["Sent: subscribed is True, on the destination False"])

    def test_a_mailbox_too_many(self):
        self.change(b"CREATE Extra")

        self.assertEqual(self.differences(), ["Extra: only on the destination, 0 messages"])

    def test_the_zone_of_a_date_does_not_matter_but_the_instant_does(self):
        self.assertEqual(checker.instant(b" 1-Feb-2020 01:00:00 +0100"), checker.instant(b"01-Feb-2020 00:00:00 +0000"))
        self.assertNotEqual(checker.instant(b"01-Feb-2020 00:00:01 +0000"), checker.instant(b"01-Feb-2020 00:00:00 +0000"))


class ServerTest(harness.IntegrationTest):
    def test_capabilities_are_hidden(self):
        server = self.server(hide={"UIDPLUS", "LITERAL+"})

        with Connection(server.port) as connection:
            words = connection.command(b"CAPABILITY")[0][0].split()

        self.assertNotIn(b"UIDPLUS", words)
        self.assertNotIn(b"LITERAL+", words)
        self.assertIn(b"MULTIAPPEND", words)

    def test_wrong_password(self):
        server = self.server()

        with self.assertRaisesRegex(ImapError, "AUTHENTICATIONFAILED"):
            Connection(server.port, "alice", "wrong")

    def test_certificates(self):
        server = self.server()
        with Connection(server.tls_port, ca=server.ca):
            pass
        for ends, names in ((-2, "DNS:localhost"), (30, "DNS:elsewhere.example")):
            certificate = server.authority.issue("bad", names, starts_days=-5, ends_days=ends)
            bad = self.server(certificate=certificate, authority=server.authority)
            with self.assertRaises(OSError):
                Connection(bad.tls_port, ca=bad.ca)


class ProxyTest(harness.IntegrationTest):
    def test_counts_commands_without_what_is_in_literals(self):
        server = self.server()
        with FaultProxy(server.port, count=True) as proxy:
            with Connection(proxy.port) as connection:
                corpus.append(connection, "INBOX", harness.small_account(20).mailboxes["INBOX"])
                connection.command(b"NOOP")

        self.assertEqual(proxy.command_names()[:3], ["LOGIN", "APPEND", "NOOP"])

    def test_cuts_at_the_octet(self):
        server = self.server()
        with FaultProxy(server.port, plan=lambda number: Cut("down", 4)) as proxy:
            with self.assertRaises((ImapError, OSError)):
                Connection(proxy.port)

            self.assertEqual(proxy.cuts, 1)

    def test_lines_at_any_split(self):
        text = b"a APPEND x {5}\r\nb\r\nc\n (\\Seen) {3+}\r\nd\r\n\r\ne NOOP\r\n"
        for split in range(len(text)):
            lines = []
            counter = LineCounter(lines.append)
            counter.feed(text[:split])
            counter.feed(text[split:])
            self.assertEqual(len(lines), 2, split)


class CorpusTest(harness.IntegrationTest):
    def test_the_same_seed_makes_the_same_account(self):
        one, two = corpus.mixed(200, seed=4), corpus.mixed(200, seed=4)

        self.assertEqual(one, two)
        self.assertEqual([m.octets() for m in one.mailboxes["INBOX"]], [m.octets() for m in two.mailboxes["INBOX"]])

    def test_it_has_duplicates_and_messages_without_id(self):
        account = corpus.mixed(2000)
        everything = [m for box in account.mailboxes.values() for m in box]

        self.assertEqual(len(everything), 2000)
        self.assertLess(len({m.octets() for m in everything if m.size < 50_000}), len([m for m in everything if m.size < 50_000]))
        self.assertEqual({m.kind for m in everything}, set(corpus.ODD_KINDS) | {"plain"})

    def test_names_go_both_ways(self):
        for name in ("R&D", "日本語/メール", "Übergrößen", "a&b", "😀"):
            self.assertEqual(from_utf7(to_utf7(name)), name)
        self.assertEqual(to_utf7("~peter/mail/台北/日本語"), b"~peter/mail/&U,BTFw-/&ZeVnLIqe-")  # RFC 3501 §5.1.3


if __name__ == "__main__":
    harness.main()
