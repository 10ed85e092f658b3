#!/usr/bin/env python3
"""`mailferry copy` between real Dovecots: everything arrives once, byte for byte, whatever the servers offer.

MAILFERRY_TEST_MESSAGES is the size of the account (the acceptance uses 10000; default 500).
"""

import datetime
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness, pairs  # noqa: E402
from support.faultproxy import FaultProxy  # noqa: E402
from support.rawimap import Connection, mailbox  # noqa: E402

MESSAGES = int(os.environ.get("MAILFERRY_TEST_MESSAGES", "500"))
LEAVE_OUT = (("LITERAL+",), ("MULTIAPPEND",), ("UIDPLUS",), ("CONDSTORE", "QRESYNC"), ("LIST-STATUS",),
             ("LITERAL+", "MULTIAPPEND", "UIDPLUS", "CONDSTORE", "QRESYNC", "LIST-STATUS"))
# Names that hold the separator of the other side ('%2F' stands for a '/' inside a level, see corpus.server_name).
DOTTED = corpus.MAILBOXES + (("v1.2/release.notes", 0.02), ("a.b", 0.02))
SLASHED = corpus.MAILBOXES + (("either%2For", 0.02), ("In%2FOut/and%2Fback", 0.02))


def account(**options):
    return corpus.mixed(MESSAGES, MESSAGES * 46_500 if MESSAGES >= 5000 else MESSAGES * 12_000,
                        largest=25_000_000 if MESSAGES >= 5000 else 2_000_000, **options)


class WholeAccountTest(harness.IntegrationTest):
    def copy_and_compare(self, source, destination, translate=None, note=""):
        self.copy(source, destination, "--quiet", timeout=1200)
        self.assert_same(source, destination, translate, note)

    def test_maildir_to_sdbox(self):
        source, destination = self.server(), self.server(mail_format="sdbox")
        corpus.load(source, account())

        self.copy_and_compare(source, destination)

    def test_sdbox_to_maildir(self):
        source, destination = self.server(mail_format="sdbox"), self.server()
        corpus.load(source, account(seed=5))

        self.copy_and_compare(source, destination)

    def test_over_starttls(self):
        source, destination = self.server(), self.server()
        corpus.load(source, harness.small_account(100))
        arguments = harness.copy_arguments(source, destination, self.folder, "--quiet")
        arguments[1:3] = [source.url(tls=False), destination.url(tls=False)]

        done = harness.run(arguments, self.folder)

        self.assertEqual(done.code, 0, done)
        self.assert_same(source, destination)

    def test_without_tls_when_told(self):
        source, destination = self.server(), self.server()
        corpus.load(source, harness.small_account(100))

        self.copy(source, destination, tls=False)

        self.assert_same(source, destination)

    def test_a_server_that_takes_one_connection(self):
        source, destination = self.server(), self.server(connections=1)
        corpus.load(source, harness.small_account(5200))

        done = self.copy(source, destination, "--quiet", tls=False)

        self.assertIn("one of 2 connections gave up", done.err)
        self.assertNotIn("connecting again", done.err, "nobody asked for a second one")
        self.assert_same(source, destination)

    def test_an_empty_account(self):
        source, destination = self.server(), self.server()

        self.copy_and_compare(source, destination)

    def test_capabilities_that_the_servers_do_not_offer(self):
        source, destination = self.server(), self.server(any_user="secret")
        corpus.load(source, account(seed=7))
        left = checker.read_account(source)
        for hidden in LEAVE_OUT:
            with self.subTest(hidden=hidden):
                user = "without-" + "-".join(hidden).replace("+", "plus").lower()
                source.set(hide=set(hidden))
                destination.set(hide=set(hidden))
                self.folder.state = self.folder.path / f"{user}.db"
                self.copy(source, destination, "--quiet", to_user=user, timeout=1200)
                differences = checker.compare(left, checker.read_account(destination, user))
                self.assertEqual(differences, [], f"without {hidden}")
                before = checker.fingerprint(checker.read_account(destination, user))
                self.copy(source, destination, "--quiet", to_user=user)
                self.assertEqual(checker.fingerprint(checker.read_account(destination, user)), before, f"rerun without {hidden}")


class NamesTest(harness.IntegrationTest):
    def test_prefix_and_separator_are_translated(self):
        source = self.server(separator=".", prefix="INBOX.", mail_format="sdbox")
        destination = self.server(separator="/")
        corpus.load(source, harness.small_account(120))

        self.copy(source, destination)

        self.assert_same(source, destination)

    def test_and_back(self):
        source = self.server(separator="/", mail_format="sdbox")
        destination = self.server(separator=".", prefix="INBOX.")
        corpus.load(source, harness.small_account(120))

        self.copy(source, destination)

        self.assert_same(source, destination)

    def check_names_with_separator(self, names, source, destination):
        corpus.load(source, harness.small_account(150, names=names))
        self.copy(source, destination)
        left, right = checker.read_account(source), checker.read_account(destination)
        self.assertEqual(left.count(), right.count())
        by_content = {}
        for name, messages in right.mailboxes.items():
            by_content.setdefault(frozenset(m.digest for m in messages), []).append(name)
        for name, messages in left.mailboxes.items():
            if messages:
                found = by_content.get(frozenset(m.digest for m in messages), [])
                self.assertEqual(len(found), 1, f"{name!r} is found as {found} among {sorted(right.mailboxes)}")
        before = checker.fingerprint(right)
        self.copy(source, destination)
        self.assertEqual(checker.fingerprint(checker.read_account(destination)), before)

    def test_names_that_hold_the_other_sides_dot(self):
        self.check_names_with_separator(DOTTED, self.server(separator="/", mail_format="sdbox"), self.server(separator="."))

    def test_names_that_hold_the_other_sides_slash(self):
        self.check_names_with_separator(SLASHED, self.server(separator=".", mail_format="sdbox", escape_names=True),
                                        self.server(separator="/"))

    def test_special_use_comes_before_the_name(self):
        source = self.server(special_use={"Sent": "\\Sent", "Papierkorb": "\\Trash"})
        destination = self.server(special_use={"Sent Items": "\\Sent", "Deleted Items": "\\Trash"})
        corpus.load(source, harness.small_account(120, names=corpus.MAILBOXES + (("Papierkorb", 0.1),)))

        self.copy(source, destination)

        special = {"Sent": "Sent Items", "Papierkorb": "Deleted Items"}
        self.assert_same(source, destination, checker.same_name(source, destination, special))

    def test_mailbox_exclude_and_map(self):
        source, destination = self.server(), self.server()
        corpus.load(source, harness.small_account(120))

        self.copy(source, destination, "--mailbox", "Projects*", "--mailbox", "R&D", "--exclude", "Projects/2024/*",
                  "--map", "R&D=Research")

        translate = lambda name: {"R&D": "Research"}.get(name, name)  # noqa: E731
        self.assert_same(source, destination, translate, only={"Projects", "Projects/2024", "R&D"})


class RunAgainTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server(mail_format="sdbox")
        corpus.load(self.source, harness.small_account(250))

    def fingerprint(self):
        return checker.fingerprint(checker.read_account(self.destination))

    def change_source(self):
        with Connection(self.source.port) as connection:
            new = corpus.Message(900_001, 3000, ("\\Flagged", "$Label1"), datetime.datetime.now(datetime.timezone.utc))
            corpus.append(connection, "R&D", [new])
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 1:5 +FLAGS (\\Flagged todo)")
            connection.command(b"STORE 6:9 FLAGS ()")
            connection.command(b"CREATE " + mailbox("Brand new/täglich"))
            corpus.append(connection, "Brand new/täglich", [corpus.Message(900_002, 900, (), new.when)])

    def test_nothing_is_copied_twice(self):
        self.copy(self.source, self.destination)
        before = self.fingerprint()

        self.copy(self.source, self.destination)

        self.assertEqual(self.fingerprint(), before)

    def test_nothing_is_copied_twice_without_the_state(self):
        self.copy(self.source, self.destination)
        before = self.fingerprint()
        self.folder.state = self.folder.path / "other.db"

        self.copy(self.source, self.destination)

        self.assertEqual(self.fingerprint(), before)

    def test_new_mail_and_changed_flags_are_carried(self):
        self.copy(self.source, self.destination)
        self.change_source()

        self.copy(self.source, self.destination)

        self.assert_same(self.source, self.destination)

    def test_new_mail_and_changed_flags_are_carried_without_condstore(self):
        for server in (self.source, self.destination):
            server.set(hide={"CONDSTORE", "QRESYNC"})
        self.copy(self.source, self.destination)
        self.change_source()

        self.copy(self.source, self.destination)

        self.assert_same(self.source, self.destination)

    def test_the_source_is_not_changed(self):
        before = checker.fingerprint(checker.read_account(self.source))

        self.copy(self.source, self.destination)

        self.assertEqual(checker.fingerprint(checker.read_account(self.source)), before)

    def test_what_the_destination_had_stays(self):
        own = corpus.Message(800_000, 2000, ("\\Answered",), datetime.datetime.now(datetime.timezone.utc))
        with Connection(self.destination.port) as connection:
            corpus.append(connection, "INBOX", [own])
            connection.command(b"CREATE Private")

        self.copy(self.source, self.destination)

        left, right = checker.read_account(self.source), checker.read_account(self.destination)
        differences = checker.compare(left, right, may_have=("Private",))
        self.assertEqual(len(differences), 1, "\n".join(differences))
        self.assertIn("surplus on the destination: 1 × uid 1 <800000.", differences[0])

    def test_a_message_that_was_there_already_is_not_doubled(self):
        corpus.load(self.destination, corpus.Corpus({"INBOX": harness.small_account(250).mailboxes["INBOX"]}))

        self.copy(self.source, self.destination)

        self.assert_same(self.source, self.destination)


class SpeakingTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, harness.small_account(80))

    def test_dry_run_changes_nothing(self):
        before = checker.fingerprint(checker.read_account(self.destination))

        done = self.copy(self.source, self.destination, "--dry-run")

        self.assertEqual(checker.fingerprint(checker.read_account(self.destination)), before)
        self.assertRegex(done.out, r"\b80\b", "the plan says how many messages")

    def test_explain_gives_reasons(self):
        plain = self.copy(self.source, self.destination, "--dry-run")

        explained = self.copy(self.source, self.destination, "--dry-run", "--explain")

        self.assertGreater(len(explained.out), len(plain.out))

    def test_json_is_one_object_a_line(self):
        done = self.copy(self.source, self.destination, "--json")

        self.assertTrue(all(line.startswith("{") for line in done.out.splitlines()), done)
        self.assertGreaterEqual(len(done.events()), 2, done)

    def test_quiet_says_nothing_when_all_went_well(self):
        done = self.copy(self.source, self.destination, "--quiet")

        self.assertEqual((done.out, done.err), ("", ""))

    def test_no_password_is_ever_shown(self):
        done = self.copy(self.source, self.destination, "--verbose")

        self.assertNotIn("secret\n", done.out + done.err)
        self.assertNotIn(" secret ", done.out + done.err)

    def test_verify_agrees_and_finds_a_missing_message(self):
        self.copy(self.source, self.destination)
        verify = harness.copy_arguments(self.source, self.destination, self.folder, command="verify")

        self.assertEqual(harness.run(verify, self.folder).code, 0)

        with Connection(self.destination.port) as connection:
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 3 +FLAGS (\\Deleted)")
            connection.command(b"UID EXPUNGE 3:7")
        done = harness.run(verify, self.folder)
        self.assertEqual(done.code, 1, done)

    def test_verify_pairs_true_duplicates_by_their_flags(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        twins = [corpus.Message(700_000, 900, flags, now) for flags in ((), ("\\Seen",), ("\\Flagged", "todo"), ("\\Seen",))]
        for server, order in ((self.source, twins), (self.destination, twins[::-1])):
            with Connection(server.port) as connection:
                connection.command(b"CREATE Twins")
                connection.command(b"SUBSCRIBE Twins")
                corpus.append(connection, "Twins", order)
        verify = harness.copy_arguments(self.source, self.destination, self.folder, "--mailbox", "Twins", command="verify")

        self.assertEqual(harness.run(verify, self.folder).code, 0)

    def test_folders_lists_both_sides(self):
        url, options = harness.account_arguments("from", self.source)

        done = harness.run(["folders", url, *options], self.folder)

        self.assertEqual(done.code, 0, done)
        for name in ("INBOX", "R&D", "日本語/メール", "Projects/2024/Übergrößen"):
            self.assertIn(name, done.out)

    def test_a_refused_message_costs_only_itself(self):
        self.destination.set(extra="protocol imap {\n  mail_plugins = quota imap_quota\n}\n"
                                   "mail_plugins = quota\nplugin {\n  quota = count:User quota\n  quota_vsizes = yes\n"
                                   "  quota_rule = *:storage=1G\n  quota_max_mail_size = 60k\n}\n")
        done = self.copy(self.source, self.destination, expect=1)

        left = checker.read_account(self.source)
        fits = checker.Account({name: [m for m in box if m.size < 60_000] for name, box in left.mailboxes.items()},
                               left.subscribed, left.attributes)
        self.assertLess(fits.count(), left.count())
        self.assertEqual(checker.compare(fits, checker.read_account(self.destination)), [], done)


class QuotaTest(harness.IntegrationTest):
    """A destination with little room gets what fits, whatever stands before it in the mailbox."""

    QUOTA = ("mail_plugins = quota\nprotocol imap {{\n  mail_plugins = quota imap_quota\n}}\n"
             "plugin {{\n  quota = count:User quota\n  quota_vsizes = yes\n  quota_grace = 0\n  quota_rule = {}\n}}\n")

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()

    def fill(self, *sizes, name="INBOX"):
        with Connection(self.source.port) as connection:
            for number, size in enumerate(sizes):
                body = b"x" * 70 + b"\r\n"
                head = b"Subject: n%d\r\nMessage-ID: <%d.%d@x>\r\n\r\n" % (number, number, size)
                pairs.append_octets(self.source, connection, name, head + body * (size // 72 + 1))

    def limit(self, rule):
        self.destination.set(extra=self.QUOTA.format(rule))

    def test_a_message_too_large_for_the_room_costs_only_itself(self):
        self.fill(300, 400, 1_400_000, 300, 500)
        for hide in (set(), {"MULTIAPPEND"}):
            with self.subTest(hide=hide):
                (self.folder.path / "copy.db").unlink(missing_ok=True)
                self.destination.forget_user("alice")
                self.destination.set(hide=hide, extra=self.QUOTA.format("*:storage=1M"))
                self.copy_but_one(copied=4)
                self.assertEqual(checker.read_account(self.destination).count(), 4)
                self.copy_but_one(copied=0)
        self.limit("*:storage=10M")
        self.copy(self.source, self.destination)
        self.assert_same(self.source, self.destination)

    def copy_but_one(self, copied):
        done = self.copy(self.source, self.destination, expect=1)
        self.assertIn(f"Incomplete: {copied} copied, ", done.out)
        self.assertIn(" 1 failed", done.out.splitlines()[-1])
        self.assertRegex(done.err, 'not copied: INBOX UID 3 "n2": .*QUOTA.* — make room on the destination')
        url, options = harness.account_arguments("from", self.source)
        told = harness.run(["explain", url, "INBOX", "3", *options, "--state", self.folder.path / "copy.db"], self.folder)
        self.assertRegex(told.out, "OVERQUOTA")

    def test_a_full_account_is_not_asked_for_each_message(self):
        self.fill(*range(100, 30_100, 100))
        self.limit("*:messages=3")
        with FaultProxy(self.destination.port, count=True) as far:
            done = self.copy(self.source, self.destination, expect=1, tls=False, from_port=self.source.port, to_port=far.port)
            tries = far.command_names().count("APPEND")
        self.assertIn("Incomplete: 3 copied, 0 there already, 297 failed", done.out)
        self.assertLess(tries, 40)
        self.assertRegex(done.err, "UID 300 .*not tried, as the destination has no room for it")


class RightsTest(harness.IntegrationTest):
    """A destination whose mailbox keeps no flags of this user (ACL), until he gets the right."""

    ACL = ("mail_plugins = acl\nprotocol imap {\n  mail_plugins = acl imap_acl\n}\nplugin {\n  acl = vfile\n}\n")

    def test_flags_that_are_not_kept_are_told_and_tried_again(self):
        source, destination = self.server(), self.server(extra=self.ACL)
        message = b"Subject: n\r\nMessage-ID: <n@x>\r\n\r\nx\r\n"
        with Connection(source.port) as here, Connection(destination.port) as there:
            for connection in (here, there):
                connection.command(b"CREATE Shared")
            pairs.append_octets(source, here, "Shared", message)
            here.command(b"SELECT Shared")
            here.command(b"STORE 1 +FLAGS (\\Seen)")
            rights = destination.mail / "alice" / ".Shared" / "dovecot-acl"
            rights.write_text("owner lri\n")
            for flags in (b"\\Seen", b"\\Flagged", b"\\Answered"):
                here.command(b"STORE 1 +FLAGS (" + flags + b")")
                done = self.copy(source, destination)
                self.assertIn("Shared: 1 message is without some flags", done.err)
                self.assertNotRegex(done.out, "flags of 1 updated|Nothing to do")
            rights.write_text("owner lrswi\n")
            self.assertIn("flags of 1 updated", self.copy(source, destination).out)
            self.assert_same(source, destination)
            self.assertIn("Nothing to do", self.copy(source, destination).out)


class StatusTest(harness.IntegrationTest):
    """What STATUS says is believed only until the mailbox is open."""

    def copy_through(self, source, rewrite):
        destination = self.server()
        with FaultProxy(source.port, rewrite=rewrite, count=True) as near:
            self.copy(source, destination, tls=False, from_port=near.port, to_port=destination.port)
            self.assert_same(source, destination)
            self.assertGreater(near.rewritten, 0)
            near.reset_counters()
            done = self.copy(source, destination, "--json", tls=False, from_port=near.port, to_port=destination.port)
            self.assertNotIn("APPEND", near.command_names(), done)

    def test_one_that_lies_low(self):
        source = self.server()
        corpus.load(source, corpus.uniform(20, 500))

        self.copy_through(source, lambda data: data.replace(b"MESSAGES 20 UIDNEXT 21", b"MESSAGES 9 UIDNEXT 10"))

    def test_one_that_tells_of_more_than_there_is(self):
        source = self.server()
        corpus.load(source, corpus.uniform(20, 500))

        self.copy_through(source, lambda data: data.replace(b"MESSAGES 20 UIDNEXT 21", b"MESSAGES 30 UIDNEXT 31"))

    def test_as_many_messages_as_uids_but_others(self):
        source = self.server()
        corpus.load(source, corpus.uniform(20, 500))
        with Connection(source.port) as connection:
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 3:7 +FLAGS (\\Deleted)")
            connection.command(b"UID EXPUNGE 3:7")

        self.copy_through(source, lambda data: data.replace(b"MESSAGES 15 UIDNEXT 21", b"MESSAGES 15 UIDNEXT 16"))


if __name__ == "__main__":
    harness.main()
