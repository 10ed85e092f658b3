#!/usr/bin/env python3
"""What `verify`, its manifests and `explain` tell of copies that are right, and of such that are not."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support.dovecot import Dovecot  # noqa: E402
from support import corpus, harness  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402

INCOMPLETE, USAGE, LOCAL = 1, 2, 5


def counts_one_more(line):
    """What a server tells of INBOX that counts a message which it never lists, as if the mailbox were damaged."""
    return line.replace(b"* 60 EXISTS", b"* 61 EXISTS")


def counts_one_more_everywhere(line):
    if line.startswith(b"* STATUS"):
        line = line.replace(b"MESSAGES 60", b"MESSAGES 61").replace(b"UIDNEXT 61", b"UIDNEXT 62")
    return counts_one_more(line).replace(b"[UIDNEXT 61]", b"[UIDNEXT 62]")


class UnlistedTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, corpus.uniform(60, 2_000))

    def run_between(self, command, expect, on_line):
        with Meddler(self.source.port, on_line=on_line) as of, Meddler(self.destination.port) as to:
            done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, tls=False, from_port=of.port,
                                                      to_port=to.port, command=command), self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out + done.err

    def copy_and_verify(self, on_line):
        for _ in range(2):
            self.assertIn("INBOX: the source counts 1 message more than it lists", self.run_between("copy", INCOMPLETE, on_line))
        self.assertIn("mailbox: INBOX: the source counts 1 message more", self.run_between("verify", INCOMPLETE, on_line))
        self.assertIn("0 copied, 60 there already", self.run_between("copy", 0, None))
        self.assertIn("60 of 60 messages", self.run_between("verify", 0, None))

    def test_a_message_that_is_counted_and_never_listed_is_told(self):
        self.copy_and_verify(counts_one_more)

    def test_it_is_not_taken_for_gone(self):
        self.copy_and_verify(counts_one_more_everywhere)


class UnsentTest(harness.IntegrationTest):
    def test_a_message_that_is_not_sent_is_missed_in_the_manifest(self):
        source, destination = self.server(), self.server()
        corpus.load(source, corpus.uniform(20, 2_000))
        self.copy(source, destination, "--quiet")

        def keep_back(number, tag, name, line):
            return b"{tag} OK done\r\n" if b"BODY.PEEK[]" in line else None
        with Meddler(source.port, keep_back) as of, Meddler(destination.port) as to:
            done = harness.run(harness.copy_arguments(source, destination, self.folder, "--manifest", self.folder.path / "m.txt",
                                                      tls=False, from_port=of.port, to_port=to.port, command="verify"), self.folder)
        self.assertEqual(done.code, INCOMPLETE, f"\n{done}")
        self.assertEqual(done.out.count("it is not in the manifest"), 20, f"\n{done}")


class EqualHeadersTest(harness.IntegrationTest):
    """The source has two messages that only their bodies tell apart, the destination one of them twice."""

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        self.append(self.source, b"A", b"B")
        self.append(self.destination, b"A", b"A")

    def append(self, server, *bodies):
        with Connection(server.port) as connection:
            for body in bodies:
                octets = b"Message-ID: <one@example>\r\nFrom: a@example\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\n%s\r\n" % body
                connection.command(b"APPEND INBOX \"01-Jan-2024 10:00:00 +0000\" {%d+}\r\n%s" % (len(octets), octets))

    def verify(self, *extra, expect=0):
        done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, *extra, command="verify"),
                           self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out

    def test_a_double_on_the_destination_stands_for_no_other_message(self):
        self.assertIn("missing: INBOX UID 2", self.verify(expect=INCOMPLETE))
        self.assertIn("1 copied, 1 there already", self.copy(self.source, self.destination).out)
        self.verify("--deep")
        self.folder.state.unlink()
        self.assertIn("0 copied, 2 there already", self.copy(self.source, self.destination).out)

    def test_nor_where_a_manifest_tells_what_was_there(self):
        manifest = self.folder.path / "manifest.txt"
        self.copy(self.source, self.destination)
        self.verify("--manifest", manifest)
        url, options = harness.account_arguments("to", self.destination)
        with Connection(self.destination.port) as connection:  # the double of the first takes the place of the second
            for command in (b"SELECT INBOX", b"STORE 3 +FLAGS (\\Deleted)", b"UID EXPUNGE 3"):
                connection.command(command)
        done = harness.run(["verify", f"manifest:{manifest}", url, *options], self.folder)
        self.assertEqual(done.code, INCOMPLETE, f"\n{done}")
        self.assertIn("missing: INBOX UID 2", done.out)


class OtherNamesTest(harness.IntegrationTest):
    def test_map_means_the_same_with_a_manifest(self):
        source = self.enterContext(Dovecot(escape_names=True))
        destination = self.enterContext(Dovecot(separator="."))
        with Connection(source.port) as connection:
            connection.command(b"CREATE v1.2")
            corpus.append(connection, "v1.2", harness.small_account(3).mailboxes["INBOX"][:1])
        rules = ("--mailbox", "v1.2", "--map", "v1.2=Old/v1.2")
        self.copy(source, destination, *rules)
        manifest = self.folder.path / "manifest.txt"
        self.copy(source, destination, *rules, "--manifest", manifest, command="verify")
        url, options = harness.account_arguments("to", destination)
        done = harness.run(["verify", f"manifest:{manifest}", url, *options, *rules], self.folder)
        self.assertEqual(done.code, 0, f"\n{done}")


class VerifyTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, harness.small_account(150))
        self.copy(self.source, self.destination, "--quiet")
        self.manifest = self.folder.path / "manifest.txt"

    def verify(self, *extra, expect=0):
        done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, *extra, command="verify"),
                           self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out

    def verify_manifest(self, *extra, expect=0, manifest=None):
        url, options = harness.account_arguments("to", self.destination)
        done = harness.run(["verify", f"manifest:{manifest or self.manifest}", url, *options, *extra], self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out + done.err

    def on(self, server, *commands):
        with Connection(server.port) as connection:
            for command in commands:
                connection.command(command)

    def change_a_body(self):
        """Changes one octet of a body on the destination, behind the server's back."""
        for path in sorted((self.destination.mail / "alice" / "cur").iterdir()):
            octets = bytearray(path.read_bytes())
            body = octets.find(b"\n\n") + 2
            if 2 < body < len(octets) - 10:
                octets[body + 5] ^= 1
                when = path.stat().st_mtime
                path.write_bytes(octets)
                os.utime(path, (when, when))  # the INTERNALDATE
                return
        self.fail("no message has a body")

    def test_quiet_still_tells_the_result(self):
        out = self.verify("--quiet")
        self.assertEqual(out.count("\n"), 1, out)
        self.assertIn("0 differences", out)

    def test_a_right_copy_has_no_differences(self):
        self.assertIn("0 differences", self.verify())
        self.assertIn("0 differences", self.verify("--deep"))

    def test_each_difference_is_a_line(self):
        self.on(self.destination, b"SELECT INBOX", b"STORE 1 -FLAGS (\\Seen \\Answered \\Flagged)", b"STORE 1 +FLAGS ($Odd)",
                b"STORE 2 +FLAGS (\\Deleted)", b"UID EXPUNGE 2")
        out = self.verify(expect=INCOMPLETE)
        self.assertRegex(out, r"flags differ: INBOX UID 1 → INBOX UID 1: source \(.*\), destination \(.*\$Odd\)")
        self.assertRegex(out, r"missing: INBOX UID 2: \".+\"")
        self.assertIn("2 differences", out)

    def test_only_deep_reads_the_content(self):
        self.change_a_body()
        self.verify()
        self.assertRegex(self.verify("--deep", expect=INCOMPLETE), r"content differs: INBOX UID \d+ → .*the octets differ")

    def test_a_manifest_proves_the_copy_without_the_source(self):
        self.verify("--manifest", self.manifest)
        self.assertEqual(self.manifest.stat().st_mode & 0o777, 0o600)
        self.source.close()
        for extra in ((), ("--deep",)):
            self.assertIn("0 differences", self.verify_manifest(*extra))

    def test_a_manifest_heeds_the_options_that_choose_mailboxes(self):
        self.verify("--manifest", self.manifest)
        whole = self.verify_manifest("--verbose")
        only = self.verify_manifest("--verbose", "--mailbox", "INBOX")
        self.assertIn("INBOX → INBOX", only)
        self.assertEqual(only.count(" → "), 1, only)
        without = self.verify_manifest("--verbose", "--exclude", "INBOX")
        self.assertEqual(without.count(" → "), whole.count(" → ") - 1, without)
        self.assertIn("INBOX → Nowhere: 0 of", self.verify_manifest("--verbose", "--map", "INBOX=Nowhere", expect=INCOMPLETE))
        for extra in (("--mailbox", "Nope"), ("--exclude", "*"), ("--exclude", "\\Trash")):
            self.verify_manifest(*extra, expect=USAGE)
        self.verify_manifest(expect=USAGE, manifest=self.folder.path)

    def test_a_mailbox_that_was_asked_for_and_is_not_there_is_told(self):
        out = self.verify("--mailbox", "INBOX", "--mailbox", "Wrok", expect=INCOMPLETE)
        self.assertIn("no mailbox of the source matches --mailbox Wrok", out)
        self.verify("--manifest", self.manifest)
        out = self.verify_manifest("--mailbox", "INBOX", "--mailbox", "Wrok", expect=INCOMPLETE)
        self.assertIn("no mailbox of the manifest matches --mailbox Wrok", out)

    def test_a_manifest_finds_what_was_lost_since(self):
        self.verify("--manifest", self.manifest)
        self.on(self.destination, b"SELECT INBOX", b"STORE 3 +FLAGS (\\Deleted)", b"UID EXPUNGE 3", b"STORE 4 +FLAGS ($Read)")
        self.change_a_body()
        out = self.verify_manifest(expect=INCOMPLETE)
        self.assertIn("missing: INBOX UID 3", out)
        self.assertIn("1 difference", out)
        self.assertIn("the octets differ", self.verify_manifest("--deep", expect=INCOMPLETE))

    def test_a_manifest_that_is_none_is_refused(self):
        self.verify("--manifest", self.manifest)
        text = self.manifest.read_text()
        self.manifest.write_text(text[:len(text) // 2])
        self.assertRegex(self.verify_manifest(expect=USAGE), r"line \d+ of .*manifest.txt")
        self.verify_manifest(expect=LOCAL, manifest="/nonexistent")

    def test_two_mailboxes_in_one_need_their_own_messages(self):
        """Equal mail in both: one message cannot stand for two."""
        self.on(self.source, b"CREATE One", b"CREATE Two", b"SELECT INBOX", b"COPY 1:3 One", b"COPY 1:3 Two")
        options = ("--map", "One=Both", "--map", "Two=Both", "--mailbox", "One", "--mailbox", "Two")
        self.copy(self.source, self.destination, "--quiet", *options)
        self.assertIn("0 differences; 0 more there", self.verify(*options))
        self.on(self.destination, b"SELECT Both", b"STORE 1 +FLAGS (\\Deleted)", b"UID EXPUNGE 1")
        self.assertIn("1 difference", self.verify(*options, expect=INCOMPLETE))

    def test_a_mailbox_is_where_an_earlier_copy_brought_it(self):
        """Though another one could have its name there now."""
        self.source, self.destination = self.server(mail_format="sdbox"), self.server(separator=".")
        self.on(self.source, b"CREATE a.b")
        corpus.load(self.source, corpus.uniform(3, 1_000))
        self.on(self.source, b"SELECT INBOX", b"COPY 1:3 a.b")
        self.copy(self.source, self.destination, "--quiet")
        self.on(self.source, b"CREATE a_b", b"SELECT INBOX", b"COPY 1 a_b")
        self.assertIn("1 copied", self.copy(self.source, self.destination).out)
        folders = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, command="folders"), self.folder)
        self.assertRegex(folders.out, r"a\.b → a_b \(", f"\n{folders}")
        self.assertRegex(folders.out, r"a_b → a_b-2 \(", f"\n{folders}")
        self.assertIn("7 of 7 messages", self.verify())

    def test_equal_messages_in_one_mailbox_are_told_apart_by_their_flags(self):
        self.on(self.source, b"CREATE One", b"CREATE Two", b"SELECT INBOX", b"COPY 1 One", b"COPY 1:9 Two", b"SELECT One",
                b"STORE 1 +FLAGS ($Once)")
        for name in ("Two", "One"):  # bit by bit, and the one that verify looks at first last
            self.copy(self.source, self.destination, "--quiet", "--mailbox", name, "--map", f"{name}=Both")
        self.assertIn("0 differences", self.verify("--map", "One=Both", "--map", "Two=Both", "--mailbox", "One", "--mailbox", "Two"))

    def explain(self, *arguments, expect=0):
        from_url, from_options = harness.account_arguments("from", self.source)
        to_url, to_options = harness.account_arguments("to", self.destination)
        done = harness.run(["explain", from_url, *arguments, to_url, *from_options, *to_options, "--state", self.folder.state],
                           self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        return done.out + done.err

    def test_explain_a_message_that_was_copied(self):
        out = self.explain("inbox", "1")
        self.assertRegex(out, r"(?m)^source +INBOX of alice@localhost:\d+, UIDVALIDITY \d+: UID 1: ")
        self.assertRegex(out, r"(?m)^subject +.+")
        self.assertRegex(out, r"(?m)^state +to alice@localhost:\d+, INBOX: delivered as UID 1 \(UIDVALIDITY \d+\)")
        self.assertRegex(out, r"(?m)^destination +INBOX of .*: UID 1: ")
        self.assertIn("it was copied, and nothing of it changed on the source since", out)

    def test_explain_what_was_removed_from_the_destination(self):
        self.on(self.destination, b"SELECT INBOX", b"STORE 1 +FLAGS (\\Deleted)", b"UID EXPUNGE 1")
        out = self.explain("INBOX", "1")
        self.assertIn("there is no message with UID 1 any more", out)
        self.assertIn("somebody removed it from the destination", out)

    def test_explain_what_is_new_and_what_is_not_there(self):
        with Connection(self.source.port) as connection:
            corpus.append(connection, "INBOX", harness.small_account(3, seed=77).mailboxes["INBOX"][:1])
            newest = connection.command(b"STATUS INBOX (UIDNEXT)")
        self.assertTrue(newest)
        uid = self.copied_in_inbox() + 1
        out = self.explain("INBOX", str(uid))
        self.assertIn("newer than the last run", out)
        self.assertIn("the next copy of this mailbox takes it", out)
        self.assertIn("there is nothing to copy", self.explain("INBOX", "999999"))

    def test_explain_knows_that_a_mailbox_was_made_anew(self):
        self.on(self.source, b"CREATE Work", b"SELECT INBOX", b"COPY 1 Work")
        self.copy(self.source, self.destination, "--quiet")
        self.on(self.destination, b"DELETE Work")
        time.sleep(1.1)  # Dovecot's UIDVALIDITY is the time
        self.on(self.destination, b"CREATE Work")
        self.assertIn("the next copy of this mailbox takes it", self.explain("Work", "1"))
        self.assertIn("1 copied", self.copy(self.source, self.destination).out)

    def test_explain_asks_the_destination_without_a_state(self):
        self.folder.state.unlink()
        out = self.explain("INBOX", "1")
        self.assertIn("is the same message", out)
        self.assertIn("takes that for its copy", out)
        self.on(self.source, b"CREATE Elsewhere", b"SELECT INBOX", b"COPY 1 Elsewhere")
        out = self.explain("Elsewhere", "1")
        self.assertIn("there is no such mailbox yet", out)
        self.assertIn("the next copy of this mailbox takes it", out)

    def copied_in_inbox(self):
        return len([p for p in (self.destination.mail / "alice" / "cur").iterdir()])

    def test_explain_refuses_what_is_no_message(self):
        self.explain("INBOX", "0", expect=USAGE)
        self.explain("INBOX", "first", expect=USAGE)
        self.assertIn("has no mailbox 'Inbx' (did you mean 'INBOX'?)", self.explain("Inbx", "1", expect=USAGE))


if __name__ == "__main__":
    harness.main()
