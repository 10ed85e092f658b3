#!/usr/bin/env python3
"""Mail that the destination has, whoever brought it, is not copied again; mail that only looks like it is."""

import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness  # noqa: E402
from support.faultproxy import FaultProxy  # noqa: E402
from support.meddler import STALL, Meddler  # noqa: E402
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


def remove(server, name, uids):
    with Connection(server.port) as connection:
        connection.command(b"SELECT " + mailbox(name))
        connection.command(b"UID STORE " + uids + b" +FLAGS.SILENT (\\Deleted)")
        connection.command(b"EXPUNGE")


def has(uids, wanted):
    ranges = [part.partition(b":") for part in uids.split(b",")]
    return any(int(first) <= wanted <= int(last or first) for first, _, last in ranges)


def contents(server, name="INBOX"):
    return sorted(stored.digest for stored in checker.read_account(server).mailboxes[name])


class RecognitionTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()

    def run_there(self, *extra, **how):
        return self.copy(self.source, self.destination, *extra, **how)

    def copy_over(self, source, destination, *extra):
        """Through proxies on both sides."""
        ports = {"tls": False, "from_port": source.port, "to_port": destination.port}
        return harness.run(harness.copy_arguments(self.source, self.destination, self.folder, *extra, **ports), self.folder)

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

    def test_nor_where_the_one_of_before_was_moved_on_the_destination(self):
        put(self.source, "Drafts", message(b"teh text", b"1"))
        put(self.destination, "Else")
        self.run_there()
        move(self.destination, "Drafts", "Else")
        move(self.destination, "Else", "Drafts")
        remove_all(self.source, "Drafts")
        put(self.source, "Drafts", message(b"the text", b"1"))
        self.run_there()
        self.assertLess(set(contents(self.source, "Drafts")), set(contents(self.destination, "Drafts")))

    def test_a_line_end_at_another_place_is_another_text(self):
        put(self.source, "INBOX", message(b"count\r\n1\r\n23"))
        put(self.destination, "INBOX", message(b"count\r\n12\r\n3"))
        self.assertIn("1 copied", self.run_there().out)
        for server, body in ((self.source, b"count\r\n1\r\n23"), (self.destination, b"count\r\n12\r\n3")):
            put(server, "Marked", message(body, b"1"))
        done = self.run_there("--mailbox", "Marked", "--deep", command="verify", expect=1)
        self.assertIn("the octets differ", done.out)

    def test_what_was_moved_on_the_destination_is_no_other_messages_copy(self):
        put(self.source, "INBOX", message(b"twice", b"1"), message(b"once", b"2"))
        put(self.destination, "Else")
        self.run_there()
        move(self.destination, "INBOX", "Else")
        move(self.destination, "Else", "INBOX")
        put(self.source, "INBOX", message(b"twice", b"1"))
        self.run_there()
        self.assert_equal_mail(3)

    def test_nor_that_of_another_mailbox_in_the_same_place(self):
        joined = ("--map", "A=X", "--map", "B=X")
        put(self.source, "A", message(b"twice", b"1"))
        put(self.source, "B", message(b"once", b"2"))
        put(self.destination, "Else")
        self.run_there(*joined)
        move(self.destination, "X", "Else")
        move(self.destination, "Else", "X")
        put(self.source, "B", message(b"twice", b"1"))
        self.run_there(*joined)
        self.assertEqual(contents(self.destination, "X"), sorted(contents(self.source, "A") + contents(self.source, "B")))

    def test_what_was_removed_on_the_destination_hides_nothing(self):
        put(self.source, "INBOX", *[message(b"text", b"%d" % number) for number in range(1, 6)])
        put(self.source, "Later")
        self.run_there()
        remove(self.destination, "INBOX", b"1:2")
        with Connection(self.source.port) as connection:
            connection.command(b"SELECT INBOX")
            connection.command(b"UID MOVE 5 Later")
        self.run_there("--mailbox", "INBOX")
        move(self.source, "Later", "INBOX")
        self.assertIn("0 copied", self.run_there("--mailbox", "INBOX").out)
        self.assertEqual(len(contents(self.destination)), 3)

    def test_moved_away_and_back_where_the_destination_was_once_restored(self):
        put(self.source, "INBOX", *[message(b"text", b"%d" % number) for number in range(1, 6)])
        put(self.source, "Later")
        with FaultProxy(self.source.port) as source, FaultProxy(self.destination.port) as destination:
            def run(*extra):
                return self.copy_over(source, destination, *extra)

            run()
            mail, kept = self.destination.mail / "alice", self.folder.path / "kept"
            subprocess.run(["cp", "-a", mail, kept], check=True)
            put(self.source, "INBOX", message(b"text", b"6"))
            run()
            time.sleep(1)
            shutil.rmtree(mail)
            subprocess.run(["cp", "-a", kept, mail], check=True)
            run()
            self.assert_equal_mail(6)
            with Connection(self.source.port) as connection:
                connection.command(b"SELECT INBOX")
                connection.command(b"UID MOVE 3 Later")
            run("--mailbox", "INBOX")
            move(self.source, "Later", "INBOX")
            run("--mailbox", "INBOX")
            self.assert_equal_mail(6)

    def test_a_mailbox_that_is_busy_keeps_what_is_its_own(self):
        put(self.source, "A", message(b"same", b"1"))
        put(self.source, "B", message(b"same", b"1"))
        busy = []

        def meddle(_number, _tag, _name, line):
            return b"{tag} NO [INUSE] busy\r\n" if busy and re.search(rb'EXAMINE "?A"?[ \r]', line) else None

        with Meddler(self.source.port, meddle) as source, Meddler(self.destination.port) as destination:
            self.copy_over(source, destination, "--mailbox", "A", "--map", "A=X")
            busy.append(True)
            self.copy_over(source, destination, "--mailbox", "B", "--map", "B=X")
        self.assertEqual(len(contents(self.destination, "X")), 2)

    def test_a_message_that_cannot_be_read_stops_no_other(self):
        put(self.source, "INBOX", message(b"a", b"1"), message(b"no mark"), *[message(b"b", b"%d" % n) for n in range(3, 9)])
        put(self.destination, "INBOX", message(b"no mark"))

        def meddle(_number, _tag, _name, line):
            asked = b"BODY.PEEK[]" in line and re.search(rb"UID FETCH ([0-9,:]+)", line)
            return b"{tag} NO [SERVERBUG] this one cannot be read\r\n" if asked and has(asked.group(1), 2) else None

        with Meddler(self.source.port, meddle) as source, Meddler(self.destination.port) as destination:
            done = self.copy_over(source, destination)
        self.assertEqual(done.code, 1, done)
        self.assertIn("7 copied", done.out)
        self.assertIn("UID 2", done.out + done.err)
        self.assertEqual(len(contents(self.destination)), 8)

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

    # What a server does after the connection is gone, and what its owner does meanwhile.
    def test_an_append_that_is_stored_after_its_timeout_arrives_once(self):
        put(self.source, "INBOX", *[message(b"%d" % n, b"%d" % n) for n in range(5)])
        held = []

        def late(_number, _tag, name, _line):
            if name == "APPEND" and not held:
                held.append(True)
                time.sleep(8)

        with Meddler(self.source.port) as source, Meddler(self.destination.port, late) as destination:
            config = self.folder.path / "mailferry.toml"
            config.write_text(harness.config_text(self.source, self.destination, from_port=source.port,
                                                  to_port=destination.port, timeout=2))
            done = harness.run(["copy", "old", "new", "--config", config, "--state", self.folder.state, "--yes"], self.folder, 60)
            self.assertEqual(done.code, 0, done)
        self.assertEqual(contents(self.destination), contents(self.source))

    def test_flags_that_the_owner_set_before_the_run_that_looks_stay(self):
        put(self.source, "INBOX", *[message(b"%d" % n, b"%d" % n) for n in range(3)])
        stalls = [STALL]
        with Meddler(self.source.port) as source, \
                Meddler(self.destination.port, lambda _n, _t, name, _l: stalls[0] if name == "APPEND" else None) as destination:
            ports = {"tls": False, "from_port": source.port, "to_port": destination.port}
            killed = harness.start(harness.copy_arguments(self.source, self.destination, self.folder, **ports), self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while len(contents(self.destination)) < 3 and time.monotonic() < deadline:
                time.sleep(0.1)
            killed.kill()
            killed.wait()
            stalls[0] = None
            with Connection(self.destination.port) as connection:
                connection.command(b"SELECT INBOX")
                connection.command(b"STORE 1:* +FLAGS.SILENT (\\Flagged Important)")
            with Connection(self.source.port) as connection:
                connection.command(b"SELECT INBOX")
                connection.command(b"STORE 2 +FLAGS.SILENT (\\Seen)")
            done = self.copy_over(source, destination)
        self.assertEqual(done.code, 0, done)
        have = sorted(sorted(stored.flags) for stored in checker.read_account(self.destination).mailboxes["INBOX"])
        self.assertEqual(have, [["\\flagged", "\\seen", "important"], ["\\flagged", "important"], ["\\flagged", "important"]])

    def test_a_destination_that_knows_no_case(self):
        put(self.source, "Work", *[message(b"%d" % n, b"%d" % n) for n in range(3)])
        put(self.destination, "Work", message(b"1", b"1"))

        def lists_in_lower_case(line):
            return line.replace(b"Work", b"work") if line.startswith((b"* LIST", b"* LSUB", b"* STATUS")) else line

        def opens_in_any_case(line):
            return re.sub(rb"(?i)\bwork\b", b"Work", line)

        with Meddler(self.source.port) as source, \
                Meddler(self.destination.port, None, lists_in_lower_case, opens_in_any_case) as destination:
            self.assertIn("2 copied", self.copy_over(source, destination).out)
            with Connection(self.destination.port) as connection:
                connection.command(b"SELECT Work")
                connection.command(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
                connection.command(b"EXPUNGE")
            again = self.copy_over(source, destination)
        self.assertIn("0 copied", again.out)
        self.assertFalse([line for line in destination.names("CREATE") if b"ork" in line], destination.names("CREATE"))
        self.assertEqual(len(contents(self.destination, "Work")), 2)

    def test_a_mailbox_that_loses_its_modification_sequences(self):
        put(self.source, "INBOX", message(b"1", b"1"))
        is_without = []

        def refuse(_number, _tag, _name, line):
            return b"{tag} BAD no modification sequences here\r\n" if is_without and b"CHANGEDSINCE" in line else None

        def hide(line):
            if not is_without:
                return line
            return re.sub(rb"HIGHESTMODSEQ \d+", b"HIGHESTMODSEQ 0", re.sub(rb"\[HIGHESTMODSEQ \d+\]", b"[NOMODSEQ]", line))

        with Meddler(self.source.port, refuse, hide) as source, Meddler(self.destination.port) as destination:
            self.assertEqual(self.copy_over(source, destination).code, 0)
            put(self.source, "INBOX", message(b"2", b"2"))
            is_without.append(True)
            done = self.copy_over(source, destination)
            self.assertEqual(done.code, 0, done)
        self.assertEqual(contents(self.destination), contents(self.source))


if __name__ == "__main__":
    harness.main()
