#!/usr/bin/env python3
"""What goes wrong is told in a sentence that names the thing and the remedy, with the documented exit code, in time."""

import fcntl
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import Cut, FaultProxy  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402

INCOMPLETE, USAGE, UNREACHABLE, CREDENTIALS, LOCAL, SERVER = 1, 2, 3, 4, 5, 6
TIMEOUT_SECONDS = 1     # in the configuration of the tests with silent servers
SILENT_LIMIT = 45       # seconds until a run with such a server must have ended


class ErrorTest(harness.IntegrationTest):
    def assert_error(self, done, code, *words):
        """One sentence (a line, or few), with the exit code, that says `words`; no secret, no internals."""
        self.assertEqual(done.code, code, f"\n{done}")
        lines = [line for line in done.err.splitlines() if line.strip() and not re.match("(mailferry: )?warning:", line)]
        self.assertTrue(1 <= len(lines) <= 3, f"{len(lines)} lines\n{done}")
        for word in words:
            self.assertRegex(done.err, word, f"\n{done}")
        for noise in ("secret", "terminate called", "AddressSanitizer", "runtime error"):
            self.assertNotIn(noise, done.err + done.out)

    def run_copy(self, *extra, source=None, destination=None, timeout=60, **options):
        arguments = harness.copy_arguments(source or self.source, destination or self.destination, self.folder, "--quiet",
                                           *extra, **options)
        return harness.run(arguments, self.folder, timeout)


class AccountErrorsTest(ErrorTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, harness.small_account(20))

    def replaced(self, old, new):
        arguments = harness.copy_arguments(self.source, self.destination, self.folder, "--quiet")
        changed = [new if str(argument) == str(old) else argument for argument in arguments]
        self.assertNotEqual(list(map(str, changed)), list(map(str, arguments)))
        return harness.run(changed, self.folder, 90)

    def test_wrong_password(self):
        for side, server in (("from", self.source), ("to", self.destination)):
            with self.subTest(side=side):
                wrong = self.folder.path / "wrong"
                wrong.write_text("not-it\n")
                wrong.chmod(0o600)
                started = time.monotonic()
                done = self.replaced(server.password_file(), wrong)
                self.assert_error(done, CREDENTIALS, "alice", "localhost", "password")
                self.assertLess(time.monotonic() - started, 10)

    def test_unknown_user(self):
        done = self.replaced(self.source.url(), self.source.url("nobody"))
        self.assert_error(done, CREDENTIALS, "nobody", "localhost")

    def test_unknown_host(self):
        done = self.replaced(self.source.url(), "imaps://alice@no-such-host.invalid/")
        self.assert_error(done, UNREACHABLE, "no-such-host.invalid")

    def test_nothing_listens(self):
        self.destination.stop()
        done = self.run_copy()
        self.assert_error(done, UNREACHABLE, f"localhost:{self.destination.tls_port}|localhost port {self.destination.tls_port}")

    def test_password_file_is_missing(self):
        done = self.replaced(self.source.password_file(), self.folder.path / "nowhere")
        self.assert_error(done, CREDENTIALS, "nowhere", "check the path")

    def test_a_state_that_is_in_use(self):
        state = self.folder.path / "copy.db"
        self.run_copy()
        with open(f"{state}.lock", "w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assert_error(self.run_copy(), LOCAL, "is in use by", "wait until it has ended")

    def test_too_many_connections_at_the_first_sign_in(self):
        for command in ("copy", "verify"):
            refused = []

            def full(number, tag, name, line):
                if name not in ("LOGIN", "AUTHENTICATE") or len(refused) == 2:
                    return None
                refused.append(name)
                return b"{tag} NO [LIMIT] Maximum number of connections from user+IP exceeded\r\n"

            with self.subTest(command=command), Meddler(self.source.port) as of, Meddler(self.destination.port, full) as to:
                done = harness.run(harness.copy_arguments(self.source, self.destination, self.folder, "--quiet", command=command,
                                                          tls=False, from_port=of.port, to_port=to.port), self.folder, 60)
                self.assertEqual((done.code, len(refused)), (0, 2), f"\n{done}")

    def test_tls_options_without_tls(self):
        self.assert_error(self.run_copy("--from-tls-min", "1.3", tls=False, from_port=self.source.port,
                                        to_port=self.destination.port), USAGE, "--from-tls-min mean nothing without TLS")

    def test_server_without_starttls_gets_no_password(self):
        self.source.set(extra="ssl = no\n")
        arguments = harness.copy_arguments(self.source, self.destination, self.folder, "--quiet")
        arguments[1] = self.source.url(tls=False)
        done = harness.run(arguments, self.folder, 60)
        self.assertIn(done.code, (UNREACHABLE, SERVER), done)
        self.assert_error(done, done.code, "STARTTLS", "--from-plaintext|imaps")


class CertificateErrorsTest(ErrorTest):
    def setUp(self):
        super().setUp()
        self.source = self.server()
        corpus.load(self.source, harness.small_account(20))

    def destination_with(self, **certificate):
        issued = self.source.authority.issue("other", **certificate)
        self.destination = self.server(certificate=issued, authority=self.source.authority)
        return issued

    def test_expired(self):
        self.destination_with(starts_days=-10, ends_days=-3)
        self.assert_error(self.run_copy(), UNREACHABLE, "expired", "localhost")

    def test_for_another_host(self):
        self.destination_with(names="DNS:elsewhere.example.org")
        self.assert_error(self.run_copy(), UNREACHABLE, "localhost", "elsewhere.example.org|certificate")

    def test_of_an_unknown_authority(self):
        self.destination = self.server()  # has its own
        arguments = [a if a != self.destination.ca else self.source.ca
                     for a in harness.copy_arguments(self.source, self.destination, self.folder, "--quiet")]
        self.assert_error(harness.run(arguments, self.folder), UNREACHABLE, "certificate", "--to-tls-ca|--to-tls-fingerprint|tls-ca")

    def test_a_pinned_fingerprint_is_enough_and_another_is_not(self):
        certificate, _ = self.destination_with(names="DNS:elsewhere.example.org", ends_days=-1, starts_days=-5)
        shown = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], capture_output=True,
                               text=True, check=True).stdout
        right = shown.strip().split("=", 1)[1]
        arguments = harness.copy_arguments(self.source, self.destination, self.folder, "--quiet")
        at = arguments.index("--to-tls-ca")
        for fingerprint, code in ((right, 0), (right.replace(":", "").lower(), 0), ("00" * 32, UNREACHABLE)):
            arguments[at:at + 2] = ["--to-tls-fingerprint", fingerprint]
            done = harness.run(arguments, self.folder)
            self.assertEqual(done.code, code, done)


class LocalErrorsTest(ErrorTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()

    def test_state_file_cannot_be_made(self):
        (self.folder.path / "file").write_text("")
        self.folder.state = self.folder.path / "file/copy.db"
        self.assert_error(self.run_copy(), LOCAL, "file/copy.db|mft.*file")

    def test_state_file_is_something_else(self):
        self.folder.state.write_bytes(b"this is no database\n" * 1000)
        self.assert_error(self.run_copy(), LOCAL, "copy.db")

    def test_output_that_nobody_reads_stops_nothing(self):
        corpus.load(self.source, harness.small_account(20))
        with open("/dev/full", "wb") as full:
            arguments = harness.copy_arguments(self.source, self.destination, self.folder)
            streams = ({"stdout": full, "stderr": full}, {"stdout": subprocess.DEVNULL, "stderr": full},
                       {"preexec_fn": lambda: (os.close(1), os.close(2))})
            for number, (options, code) in enumerate(zip(streams, (LOCAL, 0, 0))):
                with self.subTest(number=number):
                    command = [harness.program(), *map(str, arguments)]
                    done = subprocess.run(command, env=harness.environment(self.folder.path), stdin=subprocess.DEVNULL,
                                          timeout=60, check=False, **options)
                    self.assertEqual(done.returncode, code)
        self.assert_same(self.source, self.destination)

    def mount(self, size):
        folder = self.folder.path / "small"
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False)
        if os.getuid() != 0 or done.returncode != 0:
            self.skipTest("only root may mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        self.folder.state = folder / "copy.db"
        return folder

    def test_disk_is_full_from_the_start(self):
        corpus.load(self.source, harness.small_account(50))
        self.mount("8k")
        self.assert_error(self.run_copy(), LOCAL, "copy.db", "space|full")

    def test_disk_gets_full_and_the_next_run_completes(self):
        corpus.load(self.source, corpus.uniform(4000, 800))
        seen_full = False
        for size in (48, 96, 160, 256, 400, 600):
            folder = self.mount(f"{size}k")
            done = self.run_copy(timeout=120)
            if done.code != 0:
                self.assert_error(done, LOCAL, "copy.db", "space|full")
                seen_full = True
                subprocess.run(["mount", "-o", "remount,size=100m", folder], check=True)
                self.assertEqual(self.run_copy(timeout=120).code, 0)
            self.assert_same(self.source, self.destination, note=f"{size} KB")
            subprocess.run(["umount", "-l", folder], check=True)
            self.destination.forget_user("alice")
        self.assertTrue(seen_full)


class UsageErrorsTest(ErrorTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()

    def config(self, text):
        path = self.folder.path / "mailferry.toml"
        path.write_text(text)
        return path

    def with_config(self, path, *accounts):
        return harness.run(["copy", *(accounts or ("old", "new")), "--config", path, "--state", self.folder.state, "--yes"],
                           self.folder, 60)

    def test_config_is_missing(self):
        done = self.with_config(self.folder.path / "nowhere.toml")
        self.assertIn(done.code, (USAGE, LOCAL))
        self.assert_error(done, done.code, "nowhere.toml")

    def test_config_cannot_be_read(self):
        path = self.folder.path / "folder.toml"
        path.mkdir()
        done = self.with_config(path)
        self.assertIn(done.code, (USAGE, LOCAL))
        self.assert_error(done, done.code, "folder.toml")

    def test_config_with_a_syntax_error(self):
        done = self.with_config(self.config("[account.old]\nurl = \n"))
        self.assert_error(done, USAGE, r"mailferry\.toml", r"\b2\b")

    def test_unknown_key(self):
        text = harness.config_text(self.source, self.destination) + "\n[copy]\nwindwo = 5\n"
        line = text.count("\n", 0, text.index("windwo")) + 1
        done = self.with_config(self.config(text))
        self.assert_error(done, USAGE, "windwo", rf"mailferry\.toml.*\b{line}\b")

    def test_unknown_account(self):
        done = self.with_config(self.config(harness.config_text(self.source, self.destination)), "old", "neww")
        self.assert_error(done, USAGE, "neww")

    def test_accounts_of_the_config_work(self):
        corpus.load(self.source, harness.small_account(30))
        done = self.with_config(self.config(harness.config_text(self.source, self.destination)))
        self.assertEqual(done.code, 0, done)
        self.assert_same(self.source, self.destination)

    def test_wrong_command_lines(self):
        url = self.source.url()
        for arguments in (["cpoy"], ["copy"], ["copy", url], ["copy", url, url + "x", "--nonsense"], ["copy", "http://a/", url],
                          ["copy", "imaps://localhost:99999/", url]):
            with self.subTest(arguments=arguments):
                done = harness.run(arguments, self.folder, 30)
                self.assertEqual(done.code, USAGE, done)
                self.assertTrue(done.err.strip(), "it says what is wrong")

    def test_from_and_to_are_the_same_account(self):
        done = self.run_copy(destination=self.source)
        self.assert_error(done, USAGE, "same")


class ToldTest(ErrorTest):
    """What could not be done as it was asked for, and is no reason to stop, is told."""

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, harness.small_account(20))

    def copy_meddled(self, on_command=None, on_line=None):
        with Meddler(self.source.port) as of, Meddler(self.destination.port, on_command, on_line) as to:
            done = self.run_copy(tls=False, from_port=of.port, to_port=to.port)
        self.assertEqual(done.code, 0, f"\n{done}")
        return done.err + done.out

    def test_a_subscription_that_is_refused(self):
        with Connection(self.source.port) as connection:
            for command in (b"CREATE Archive", b"SUBSCRIBE Archive"):
                connection.command(command)
        told = self.copy_meddled(lambda number, tag, name, line: b"{tag} NO not here\r\n" if name == "SUBSCRIBE" else None)
        self.assertIn("Archive could not be subscribed to", told)

    def test_keywords_that_cannot_be_kept(self):
        with Connection(self.source.port) as connection:
            for command in (b"SELECT INBOX", b"STORE 1:* -FLAGS ($Odd $Forwarded)", b"STORE 1:3 +FLAGS ($Odd)"):
                connection.command(command)
        told = self.copy_meddled(on_line=lambda line: re.sub(rb"PERMANENTFLAGS \(.*\)\]",
                                                             rb"PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)]", line))
        self.assertRegex(told, r"INBOX: \d+ messages are without some flags or keywords")

    def test_a_mailbox_that_is_not_there(self):
        self.assert_error(self.run_copy("--mailbox", "Importnat"), USAGE, "no mailbox of the source matches --mailbox Importnat",
                          "mailferry folders")
        done = self.run_copy("--mailbox", "Importnat", "--mailbox", "INBOX", "--map", "Wrok=Old")
        self.assertEqual(done.code, 0, f"\n{done}")
        self.assertIn("no mailbox of the source matches --mailbox Importnat", done.err + done.out)
        self.assertIn("no mailbox of the source matches --map Wrok", done.err + done.out)
        self.assert_error(self.run_copy("--mailbox", "INBOX", "--exclude", "INBOX"), USAGE, "no mailbox is left")


class SilentServerTest(ErrorTest):
    """A server that stops answering at each step: the run ends in time, says what did not answer, and can be resumed."""

    SOURCE_STEPS = ("CAPABILITY", "LOGIN", "AUTHENTICATE", "NAMESPACE", "LIST", "LSUB", "STATUS", "ENABLE", "EXAMINE", "SELECT",
                    "FETCH", "UID FETCH", "UID SEARCH")
    DESTINATION_STEPS = SOURCE_STEPS + ("CREATE", "SUBSCRIBE", "APPEND", "UID STORE")

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server(any_user="secret")
        corpus.load(self.source, harness.small_account(40))

    def silent_run(self, user, near, far, step):
        folder = self.enterContext(harness.Folder())
        config = folder.path / "mailferry.toml"
        config.write_text(harness.config_text(self.source, self.destination, from_port=near, to_port=far, to_user=user,
                                              timeout=TIMEOUT_SECONDS))
        command = ["copy", "old", "new", "--config", config, "--state", folder.state, "--yes", "--quiet"]
        started = time.monotonic()
        done = harness.run(command, folder, timeout=120)
        taken = time.monotonic() - started
        if done.code == 0:  # what passed before the silence was enough, a little more at each attempt
            self.assert_same(self.source, self.destination, to_user=user)
        elif done.code == INCOMPLETE and step == "inside a message":  # it lies on the same message each time
            self.assertRegex(done.err, r"not copied: \S+ UID \d+ .*in the middle of this message: localhost:\d+ sent nothing")
        else:
            self.assert_error(done, UNREACHABLE, "localhost")
        self.assertLess(taken, SILENT_LIMIT, f"{step}: took {taken:.1f} s")

    def check_step(self, side, step, number):
        server = {"source": self.source, "destination": self.destination}[side]
        with FaultProxy(server.port, silent_from=step) as proxy:
            ports = (proxy.port, self.destination.port) if side == "source" else (self.source.port, proxy.port)
            user = f"{side}{number}"
            if step not in self.seen[side]:
                return
            self.silent_run(user, *ports, step)
            self.assertGreater(proxy.silenced, 0)

    def commands_of_a_whole_run(self):
        with FaultProxy(self.source.port, count=True) as near, FaultProxy(self.destination.port, count=True) as far:
            self.copy(self.source, self.destination, tls=False, from_port=near.port, to_port=far.port)
            return {"source": set(near.command_names()), "destination": set(far.command_names())}

    def test_at_each_command(self):
        self.seen = self.commands_of_a_whole_run()
        for side, steps in (("source", self.SOURCE_STEPS), ("destination", self.DESTINATION_STEPS)):
            for number, step in enumerate(steps):
                with self.subTest(side=side, step=step):
                    self.check_step(side, step, number)

    def test_before_the_greeting_and_inside_an_answer(self):
        for side in ("source", "destination"):
            for octets in (0, 10, 400):
                server = {"source": self.source, "destination": self.destination}[side]
                with self.subTest(side=side, octets=octets), \
                        FaultProxy(server.port, plan=lambda number, at=octets: Cut("down", at, stall=True)) as proxy:
                    ports = (proxy.port, self.destination.port) if side == "source" else (self.source.port, proxy.port)
                    self.silent_run(f"{side}-at-{octets}", *ports, f"octet {octets}")

    def test_inside_a_message(self):
        whole = sum(m.size for box in checker.read_account(self.source).mailboxes.values() for m in box)
        with FaultProxy(self.source.port, plan=lambda number: Cut("down", whole // 2, stall=True)) as proxy:
            self.silent_run("inside", proxy.port, self.destination.port, "inside a message")

        self.copy(self.source, self.destination, to_user="inside")
        self.assert_same(self.source, self.destination, to_user="inside")


if __name__ == "__main__":
    harness.main()
