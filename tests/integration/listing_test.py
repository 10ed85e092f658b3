#!/usr/bin/env python3
"""No mailbox is left out without a word: such as belong to others, and such as the server tells badly or not at all."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402

INCOMPLETE, USAGE = 1, 2


def fill(server, name, number):
    with Connection(server.port) as connection:
        if name != "INBOX":
            connection.command(b"CREATE " + name.encode())
        corpus.append(connection, name, corpus.uniform(number, 1_000).mailboxes["INBOX"])


def share(server):
    """Gives it the shared namespace Public/."""
    public = server.mail / "public"
    return server.set(extra="namespace public {\n  type = public\n  separator = /\n  prefix = Public/\n  subscriptions = no\n"
                            f"  list = yes\n  location = maildir:{public}:LAYOUT=fs\n}}\n")


class SharedTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = share(self.server()), self.server()
        for name, number in (("INBOX", 3), ("Publications", 4), ("Public/all", 5)):
            fill(self.source, name, number)

    def run_program(self, command, *extra, source=None, destination=None, expect=0):
        done = harness.run(harness.copy_arguments(source or self.source, destination or self.destination, self.folder, *extra,
                                                  command=command), self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done

    def test_mailboxes_of_others_are_named_and_left_out(self):
        self.assertIn("Public/all: 5 messages, 5.0 KB, of others", self.run_program("folders").out)
        self.assertIn("Public/all: not copied, it belongs to others", self.run_program("copy").out)
        verified = self.run_program("verify").out
        self.assertIn("Public/all: not compared, it belongs to others", verified)
        self.assertTrue(verified.splitlines()[-1].startswith("7 of 7 messages"), verified)
        told = json.loads(self.run_program("verify", "--json").out)
        self.assertIn("Public/all", [skipped["mailbox"] for skipped in told["skipped"]])

    def test_mailbox_includes_them(self):
        for command in ("copy", "verify"):
            self.assertIn("5", self.run_program(command, "--mailbox", "Public/*").out.splitlines()[-1])

    def test_mail_does_not_get_into_a_mailbox_of_others(self):
        plain = self.server()
        fill(plain, "Public/all", 2)
        done = self.run_program("copy", source=plain, destination=self.source, expect=USAGE)
        self.assertIn("Public/all would go to Public/all of the destination, which belongs to others", done.err)
        self.run_program("copy", "--map", "Public/all=Public/all", source=plain, destination=self.source)

    def test_no_mailbox_is_made_among_those_of_others(self):
        plain = self.server()
        fill(plain, "Public/new", 2)
        for command in ("folders", "copy", "verify"):
            done = self.run_program(command, source=plain, destination=self.source, expect=USAGE)
            self.assertIn("Public/new would go to Public/new of the destination, which belongs to others", done.err)
            self.assertIn("--exclude 'Public/new'", done.err)
        with Connection(self.source.port) as connection:
            self.assertNotIn("Public/new", [name for name, _, _ in connection.list_mailboxes()])
        self.run_program("copy", "--exclude", "Public/*", source=plain, destination=self.source)


class SecondInboxTest(harness.IntegrationTest):
    def test_an_inbox_below_inbox_has_one_place_where_all_names_begin_so(self):
        source, destination = self.server(mail_format="sdbox"), self.server(prefix="INBOX.", separator=".")
        for name, number in (("INBOX", 1), ("INBOX/INBOX", 2), ("INBOX/INBOX/x", 3), ("INBOX/x", 4)):
            fill(source, name, number)
        self.assertIn("10 copied", self.copy(source, destination).out)
        again = self.copy(source, destination).out
        self.assertIn("Nothing to do", again)
        self.assertNotIn("to be created", again)
        verified = harness.run(harness.copy_arguments(source, destination, self.folder, command="verify"), self.folder)
        self.assertEqual(verified.code, 0, verified)


class BadlyToldTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        for name, number in (("INBOX", 3), ("Work", 4)):
            fill(self.source, name, number)

    def run_meddled(self, command, *extra, expect, on_line):
        with Meddler(self.source.port, on_line=on_line) as of, Meddler(self.destination.port) as to:
            done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, *extra, tls=False,
                                                      from_port=of.port, to_port=to.port, command=command), self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out + done.err

    def test_a_mailbox_that_cannot_be_read_is_told(self):
        def garble(line):
            return line.replace(b')', b"") if line.startswith(b"* LIST") and b"Work" in line else line

        told = "the source tells 1 mailbox in a form that cannot be read"
        self.assertIn(told, self.run_meddled("copy", expect=INCOMPLETE, on_line=garble))
        self.assertIn(told, self.run_meddled("verify", expect=INCOMPLETE, on_line=garble))
        self.assertIn("1 mailbox that is told in a form", self.run_meddled("folders", expect=0, on_line=garble))
        self.assertIn("3 there already", self.run_meddled("copy", "--mailbox", "INBOX", expect=0, on_line=garble))

    def test_an_inbox_that_is_not_listed_is_copied(self):
        def drop(line):
            return b"* OK nothing here\r\n" if line.startswith((b"* LIST", b"* STATUS")) and not self.asked() else line

        with Meddler(self.source.port, on_line=drop) as of, Meddler(self.destination.port) as to:
            self.asked = lambda: any(b"STATUS INBOX" in line for line in of.names("STATUS"))
            done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, tls=False, from_port=of.port,
                                                      to_port=to.port), self.folder)
        self.assertEqual(done.code, 0, f"\n{done}")
        self.assertIn("3 copied", done.out)


class WhoseTest(harness.IntegrationTest):
    def test_a_refusal_names_the_account_and_what_to_do(self):
        source, destination = self.server(), self.server(any_user="secret")
        fill(source, "INBOX", 3)

        def refuse(number, tag, name, line):
            return b"{tag} NO not today\r\n" if name == refused else None

        for refused, side, user in (("LIST", "from", "alice"), ("LIST", "to", "bob"), ("EXAMINE", "from", "alice")):
            with self.subTest(refused=refused, side=side):
                meddle = {side: refuse}
                with Meddler(source.port, meddle.get("from")) as of, Meddler(destination.port, meddle.get("to")) as to:
                    done = harness.run(harness.copy_arguments(source, destination, self.folder, tls=False, from_port=of.port,
                                                              to_port=to.port, to_user="bob"), self.folder)
                self.assertNotEqual(done.code, 0, f"\n{done}")
                self.assertRegex(done.err, f"{user}@localhost: the server answered NO to {refused}.*not today")
                self.assertIn("ask the server's administrator", done.err)


if __name__ == "__main__":
    harness.main()
