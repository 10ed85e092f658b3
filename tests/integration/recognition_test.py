#!/usr/bin/env python3
"""Mail that the destination has, whoever brought it, is not copied again; mail that only looks like it is."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness  # noqa: E402
from support.rawimap import Connection, mailbox  # noqa: E402

HEAD = b"From: disk@example.org\r\nTo: admin@example.org\r\nDate: Mon, 02 Jan 2023 10:11:12 +0000\r\nSubject: report\r\n"


def message(body, identity=b""):
    marked = b"Message-ID: <%s@example.org>\r\n" % identity if identity else b""
    return HEAD + marked + b"\r\n" + body + b"\r\n"


def put(server, name, *messages, flags=b""):
    with Connection(server.port) as connection:
        if name != "INBOX" and name not in {listed for listed, _, _ in connection.list_mailboxes()}:
            connection.command(b"CREATE " + mailbox(name))
        for octets in messages:
            connection.command(b"APPEND " + mailbox(name) + b" (%s) {%d+}\r\n" % (flags, len(octets)) + octets)


def move(server, source, destination):
    with Connection(server.port) as connection:
        connection.command(b"SELECT " + mailbox(source))
        connection.command(b"UID MOVE 1:* " + mailbox(destination))


def remove_all(server, name):
    with Connection(server.port) as connection:
        connection.command(b"SELECT " + mailbox(name))
        connection.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
        connection.command(b"EXPUNGE")


def contents(server, name="INBOX"):
    return sorted(stored.digest for stored in checker.read_account(server).mailboxes[name])


class RecognitionTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()

    def run_there(self, *extra):
        return self.copy(self.source, self.destination, *extra)

    def assert_equal_mail(self, messages, name="INBOX"):
        self.assertEqual(len(contents(self.destination, name)), messages)
        self.assertEqual(contents(self.source, name), contents(self.destination, name))

    def test_moved_away_and_back(self):
        put(self.source, "INBOX", message(b"one", b"1"), message(b"two", b"2"), message(b"no mark"))
        put(self.source, "Later")
        self.run_there()
        move(self.source, "INBOX", "Later")
        move(self.source, "Later", "INBOX")
        self.run_there()
        self.assert_equal_mail(3)
        put(self.source, "INBOX", message(b"one", b"1"))  # a true duplicate beside the one that is claimed now
        self.run_there()
        self.assert_equal_mail(4)

    def test_what_was_there_before_the_first_copy_comes_later(self):
        put(self.source, "INBOX", message(b"ours", b"1"))
        put(self.destination, "INBOX", message(b"theirs", b"2"), message(b"nobody's", b"3"))
        self.run_there()
        put(self.source, "INBOX", message(b"theirs", b"2"))
        done = self.run_there()
        self.assertIn("0 copied", done.out)
        self.assertEqual(len(contents(self.destination)), 3)
        put(self.source, "INBOX", message(b"theirs", b"2"))  # the second one is one too many
        self.run_there()
        self.assertEqual(len(contents(self.destination)), 4)

    def test_to_and_fro(self):
        put(self.source, "INBOX", message(b"of A", b"1"))
        put(self.destination, "INBOX", message(b"of B", b"2"))
        for _ in range(3):
            self.run_there()
            self.copy(self.destination, self.source)
            self.assert_equal_mail(2)

    def test_an_edited_draft_is_not_the_one_of_before(self):
        for flags in (b"", b"\\Draft"):
            with self.subTest(flags=flags):
                put(self.source, "Drafts", message(b"teh text", b"1"), flags=flags)
                self.run_there()
                remove_all(self.source, "Drafts")
                put(self.source, "Drafts", message(b"the text", b"1"), flags=flags)
                self.run_there()
                self.assertLess(set(contents(self.source, "Drafts")), set(contents(self.destination, "Drafts")))

    def test_drafts_are_compared_whole_without_a_state(self):
        put(self.source, "INBOX", message(b"the text", b"1"), flags=b"\\Draft")
        put(self.destination, "INBOX", message(b"teh text", b"1"))
        self.assertIn("1 copied", self.run_there().out)

    def test_without_message_id_contents_decide(self):
        put(self.source, "INBOX", message(b"disk 1 failed"))
        put(self.destination, "INBOX", message(b"disk 2 failed"))
        self.assertIn("1 copied", self.run_there().out)
        self.assertEqual(len(set(contents(self.destination))), 2)

    def test_two_mailboxes_into_one_with_headers_in_common(self):
        for there in (b"disk 1 failed", b"disk 2 failed"):
            for identity in (b"", b"1"):
                with self.subTest(there=there, identity=identity):
                    for server in (self.source, self.destination):
                        server.forget_user("alice")
                    self.folder.state.unlink(missing_ok=True)
                    put(self.source, "INBOX", message(b"disk 1 failed", identity))
                    put(self.source, "Other", message(b"disk 2 failed", identity))
                    put(self.destination, "INBOX", message(there, identity))
                    self.run_there("--map", "Other=INBOX")
                    both = sorted(contents(self.source) + contents(self.source, "Other"))
                    self.assertEqual(contents(self.destination), both)


if __name__ == "__main__":
    harness.main()
