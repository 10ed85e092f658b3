#!/usr/bin/env python3
"""`mailferry copy` between servers of different makes: Dovecot, Cyrus and Courier in all pairs, and from GNU imap4d.

MAILFERRY_TEST_MESSAGES is the size of an account (default 120); from 2000 on it has ten mailboxes with odd names, not six.
"""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness, pairs  # noqa: E402
from support.courier import Courier  # noqa: E402
from support.cyrus import Cyrus  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402
from support.mailutils import Imap4d  # noqa: E402
from support.rawimap import Connection, ImapError, Literal, mailbox  # noqa: E402
from support.slowline import SlowLine  # noqa: E402

MESSAGES = int(os.environ.get("MAILFERRY_TEST_MESSAGES", "120"))
FULL = MESSAGES >= 2000
HEAD = b"From: a@example.org\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: as it is kept\r\n"
SECOND_OR_SO = 0.6  # each way
# What servers are known to change when they store it.
DELICATE = (b"\r\nplain\r\n", b"\r\nno end of line", b"\r\nCR at the end\r", b"\r\nbare \r inside\r\n",
            b"X-Raw: \xe9t\xe9 \xff\r\n\r\n\xe9\r\n", b"\r\n\x01\x7f\x80\r\n")


def account(server, **options):
    return corpus.mixed(MESSAGES, MESSAGES * 12_000, largest=2_000_000, names=pairs.names_for(server, FULL), **options)


class SelfCheck:
    """What the other tests take for granted of a server; a subclass names the make."""

    def setUp(self):
        super().setUp()
        self.server_under_test = self.start(self.make)
        self.connection = self.enterContext(pairs.connect(self.server_under_test))

    def test_login_over_tls_is_verified(self):
        server = self.server_under_test
        with Connection(server.tls_port, server.login_name("alice"), ca=server.ca) as connection:
            connection.command(b"NOOP")
        with self.assertRaises(OSError):
            Connection(server.tls_port, server.login_name("alice"), ca="/etc/ssl/certs/ca-certificates.crt")

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(ImapError):
            Connection(self.server_under_test.port, self.server_under_test.login_name("alice"), "wrong")

    def test_mailboxes_are_made_and_listed(self):
        server = self.server_under_test
        for name, _ in pairs.names_for(server, full=True)[1:]:
            self.connection.command(b"CREATE " + mailbox(corpus.server_name(server, name)))

        listed = {name for name, _, _ in self.connection.list_mailboxes()}

        self.assertLessEqual({corpus.server_name(server, name) for name, _ in pairs.names_for(server, full=True)}, listed)

    def test_namespace_is_as_the_class_says(self):
        server = self.server_under_test
        answer = self.connection.command(b"NAMESPACE")[0][0].decode()

        self.assertTrue(answer.startswith(f'* NAMESPACE (("{server.prefix}" "{server.separator}"'), answer)

    def test_messages_come_back_as_the_class_says(self):
        server = self.server_under_test
        for tail in DELICATE:
            with self.subTest(tail=tail):
                pairs.append_octets(server, self.connection, "INBOX", HEAD + tail)
                self.connection.command(b"SELECT INBOX")
                pieces = self.connection.command(b"FETCH * BODY.PEEK[]")[0]
                self.assertEqual([bytes(piece) for piece in pieces if isinstance(piece, Literal)], [server.keeps(HEAD + tail)])

    def test_an_account_is_what_was_loaded(self):
        server = self.server_under_test
        loaded = corpus.mixed(60, names=pairs.names_for(server, full=False), odd=False)
        pairs.load(server, loaded)

        found = checker.read_account(server)

        for name, messages in loaded.mailboxes.items():
            stored = found.mailboxes[corpus.server_name(server, name)]
            self.assertEqual([one.size for one in stored], [len(server.keeps(one.octets())) for one in messages])
            if server.has_keywords:
                self.assertEqual([one.flags for one in stored], [frozenset(map(str.lower, one.flags)) for one in messages])
            if server.has_dates:
                self.assertEqual([one.instant for one in stored], [int(one.when.timestamp()) for one in messages])

    def test_users_come_and_go(self):
        server = self.server_under_test
        pairs.append_octets(server, self.connection, "INBOX", HEAD + b"\r\ngoes\r\n")
        server.forget_user("alice")
        self.assertEqual(checker.read_account(server).count(), 0)

        server.add_user("bob", "other")

        self.assertEqual(checker.read_account(server, "bob").count(), 0)

    def test_a_client_gives_uids(self):
        server = self.server_under_test
        pairs.append_octets(server, self.connection, "INBOX", HEAD + b"\r\nuid\r\n")

        self.assertEqual(b"APPENDUID" in self.connection.last, server.has_uidplus)


class DovecotTest(SelfCheck, pairs.ServersTest):
    make = staticmethod(pairs.MAKES["dovecot"])
    test_users_come_and_go = None  # it is told its users at the start


class CyrusTest(SelfCheck, pairs.ServersTest):
    make = Cyrus

    def test_other_namespaces(self):
        for separator, prefix in ((".", "INBOX."), ("/", "INBOX/")):
            server = self.enterContext(Cyrus(separator=separator, prefix=prefix))
            with pairs.connect(server) as connection:
                answer = connection.command(b"NAMESPACE")[0][0].decode()
                connection.command(b"CREATE " + mailbox(corpus.server_name(server, "a/b")))
            self.assertTrue(answer.startswith(f'* NAMESPACE (("{prefix}" "{separator}"'), answer)

    def test_capabilities_are_hidden(self):
        server = self.enterContext(Cyrus(hide={"UIDPLUS"}))
        with pairs.connect(server) as connection:
            self.assertNotIn(b"UIDPLUS", connection.command(b"CAPABILITY")[0][0].split())


class CourierTest(SelfCheck, pairs.ServersTest):
    make = Courier

    def test_keywords_are_refused_when_told(self):
        server = self.enterContext(Courier(keywords=False))
        with pairs.connect(server) as connection:
            flags = b"".join(piece for pieces in connection.command(b"SELECT INBOX") for piece in pieces)
        self.assertNotIn(rb"\*", flags)

    def test_the_machine_is_not_touched(self):
        before = sorted(pathlib.Path("/etc/courier").rglob("*"))
        self.enterContext(Courier())
        self.assertEqual(sorted(pathlib.Path("/etc/courier").rglob("*")), before)
        self.assertNotIn("/etc/courier", pathlib.Path("/proc/self/mounts").read_text())


class Imap4dTest(SelfCheck, pairs.ServersTest):
    make = Imap4d


class CopyTest(pairs.ServersTest):
    def fingerprint(self, server):
        return checker.fingerprint(checker.read_account(server))

    def copied(self, source, destination, **allowing):
        """Copies and compares."""
        self.copy(source, destination, "--quiet", timeout=900)
        self.assertEqual(pairs.differences(source, destination, **allowing), [])

    def copied_once(self, source, destination):
        """Copies again, with the state and without: nothing happens."""
        before = self.fingerprint(destination)
        for note in ("a second run", "a run without the state"):
            self.copy(source, destination, "--quiet", timeout=900)
            self.assertEqual(self.fingerprint(destination), before, note)
            self.folder.state = self.folder.path / "other.db"

    def verified(self, source, destination):
        arguments = harness.copy_arguments(source, destination, self.folder, "--deep", command="verify")
        done = harness.run(arguments, self.folder, 900)
        self.assertEqual(done.code, 0, done)


class PairTest(CopyTest):
    """The tests are made below, one for each pair."""

    def check(self, source, destination):
        source, destination = self.start(pairs.MAKES[source]), self.start(pairs.MAKES[destination])
        pairs.load(source, account(source))
        before = self.fingerprint(source)
        self.copied(source, destination, renamed=FULL)
        with self.subTest("again"):
            self.copied_once(source, destination)
        with self.subTest("verify"):
            self.verified(source, destination)
        self.assertEqual(self.fingerprint(source), before, "the source was changed")


for one, other in pairs.PAIRS:
    setattr(PairTest, f"test_{one}_to_{other}", lambda self, one=one, other=other: self.check(one, other))


class OddBehaviourTest(CopyTest):
    """What single servers do that others do not."""

    def small(self, server):
        return corpus.mixed(40, 200_000, names=pairs.names_for(server, full=False), odd=False)

    def test_from_imap4d(self):
        source, destination = self.start(Imap4d), self.start(pairs.MAKES["dovecot"])
        loaded = account(source)
        for name, messages in loaded.mailboxes.items():  # of this kind it keeps nothing, and gives it another date each time
            loaded.mailboxes[name] = [message for message in messages if message.kind != "no-header"]
        pairs.load(source, loaded)
        with pairs.connect(source) as connection:  # APPEND drops flags, STORE keeps them
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 1:5 +FLAGS (\\Seen \\Flagged)")

        self.copied(source, destination)
        self.copied_once(source, destination)
        self.verified(source, destination)

    def test_sign_ins_that_are_offered_and_always_refused(self):
        source, destination = self.start(lambda: Imap4d(challenges=False)), self.start(pairs.MAKES["dovecot"])
        pairs.load(source, self.small(source))

        self.copied(source, destination)

    def check_refused_names(self, source, destination):
        names = [name for name in pairs.ODD_NAMES if pairs.holds(source, name) and not pairs.holds(destination, name)]
        self.assertTrue(names)
        pairs.load(source, corpus.mixed(40, 200_000, names=[("INBOX", 0.2)] + [(name, 0.1) for name in names], odd=False))

        self.copied(source, destination, renamed=True)
        self.copied_once(source, destination)

    def test_names_that_cyrus_refuses(self):
        self.check_refused_names(self.start(pairs.MAKES["dovecot"]), self.start(Cyrus))

    def test_names_that_courier_refuses(self):
        self.check_refused_names(self.start(pairs.MAKES["dovecot"]), self.start(Courier))

    def test_slashes_that_courier_refuses(self):
        source = self.start(lambda: Dovecot(separator=".", prefix="INBOX.", escape_names=True))
        self.check_refused_names(source, self.start(Courier))

    def test_courier_without_keywords(self):
        source, destination = self.start(pairs.MAKES["dovecot"]), self.start(lambda: Courier(keywords=False))
        pairs.load(source, self.small(source))

        self.copied(source, destination, what=("dates", "subscriptions"))
        self.copied_once(source, destination)

    def test_more_keywords_than_cyrus_takes(self):
        source, destination = self.start(pairs.MAKES["dovecot"]), self.start(Cyrus)
        now = self.small(source).mailboxes["INBOX"][0].when
        many = [corpus.Message(number, 900, ("\\Seen", f"keyword{number}"), now) for number in range(150)]
        pairs.load(source, corpus.Corpus({"INBOX": many}, ()))

        self.copy(source, destination, "--quiet")

        self.assertEqual(pairs.differences(source, destination, what=("dates",)), [])
        seen = [message for message in checker.read_account(destination).mailboxes["INBOX"] if "\\seen" in message.flags]
        self.assertEqual(len(seen), 150)
        self.copied_once(source, destination)

    def check_munged(self, *lines):
        """Messages with 8-bit octets in headers, on a Cyrus as it comes: all arrive, X for each octet, and only once."""
        source, destination = self.start(pairs.MAKES["dovecot"]), self.start(lambda: Cyrus(munge8bit=True))
        pairs.load(source, corpus.Corpus({"INBOX": self.small(source).mailboxes["INBOX"]}, ()))
        with pairs.connect(source) as connection:
            for line in lines:
                pairs.append_octets(source, connection, "INBOX", HEAD + line + b"\r\n\r\nbody\r\n")
        self.copy(source, destination, "--quiet")
        self.assertEqual(checker.read_account(source).count(), checker.read_account(destination).count())
        self.copied_once(source, destination)

    def test_cyrus_that_replaces_8_bit_octets_of_headers(self):
        self.check_munged(b"X-Raw: t\xe9")

    def test_cyrus_that_replaces_8_bit_octets_of_the_headers_that_tell_messages_apart(self):
        self.check_munged(b"To: t\xe9 <t@example.org>", b"Message-ID: <munged@example.org>\r\nCc: t\xc3\xa9 <t@example.org>")

    def check_headers_that_servers_read_differently(self, one, other):
        """A CR before a field: to Cyrus there is no header at all, to Dovecot not this field, and Courier drops the CR."""
        source, destination = self.start(pairs.MAKES[one]), self.start(pairs.MAKES[other])
        with pairs.connect(source) as connection:
            for number in range(6):
                field = b"Message-ID: <%d@example.org>\r\n" % number
                octets = b"\r" * (number % 2) + field + HEAD + b"\r\n\rtext %d\r\n" % number
                pairs.append_octets(source, connection, "INBOX", octets)
        self.copy(source, destination, "--quiet")
        self.assertEqual(checker.read_account(destination).count(), 6)
        self.copied_once(source, destination)
        self.verified(source, destination)

    def test_headers_that_cyrus_reads_differently(self):
        self.check_headers_that_servers_read_differently("cyrus", "dovecot")

    def test_headers_that_courier_mends(self):
        self.check_headers_that_servers_read_differently("dovecot", "courier")

    def test_courier_mailboxes_that_are_not_subscribed_but_have_children_that_are(self):
        source, destination = self.start(Courier), self.start(pairs.MAKES["dovecot"])
        with pairs.connect(source) as connection:
            for command in (b"CREATE INBOX.a", b"CREATE INBOX.a.b", b"SUBSCRIBE INBOX.a.b"):
                connection.command(command)

        self.copied(source, destination)

    # Courier gives a mailbox that was never selected, and never appended to, another UIDVALIDITY each second.

    @unittest.expectedFailure  # each look at it finds another UIDVALIDITY, so what was planned is never what is read
    def test_from_a_courier_inbox_that_nobody_opened(self):
        source, destination = self.start(Courier), self.start(pairs.MAKES["dovecot"])
        source.deliver(HEAD + b"\r\ndelivered, never seen\r\n")
        line = self.enterContext(SlowLine(source.port, SECOND_OR_SO))

        self.copy(source, destination, "--quiet", tls=False, from_port=line.port)

        self.assertEqual(checker.read_account(destination).count(), 1)
        self.copied_once(source, destination)

    def test_to_a_courier_inbox_that_nobody_opened(self):
        source, destination = self.start(pairs.MAKES["dovecot"]), self.start(Courier)
        with pairs.connect(source) as connection:
            pairs.append_octets(source, connection, "INBOX", HEAD + b"\r\nbody\r\n")
        line = self.enterContext(SlowLine(destination.port, SECOND_OR_SO))

        self.copy(source, destination, "--quiet", tls=False, to_port=line.port)

        self.assertEqual(checker.read_account(destination).count(), 1)
        self.copied_once(source, destination)


if __name__ == "__main__":
    pairs.main()
