#!/usr/bin/env python3
"""The configurations and states of imap-bridge and imap-to-gmail-sync, as they are: a user switches, and nothing is sent again."""

import datetime
import hashlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, daemon, harness  # noqa: E402
from support.daemon import count, wait_until  # noqa: E402
from support.oauth_server import OAuthServer  # noqa: E402
from support.rawimap import Connection  # noqa: E402

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
SCHEMA = """
CREATE TABLE folder_offsets (account_folder TEXT PRIMARY KEY, last_uid INTEGER);
CREATE TABLE sync_state (msgid TEXT PRIMARY KEY, created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sync_failures (key TEXT PRIMARY KEY, msgid TEXT, failures INT, last_error TEXT, skipped_at DATETIME);
"""


def message(number, days=0):
    return corpus.Message(number, 1500, ("\\Seen",) if number % 2 else (), NOW - datetime.timedelta(days=days), "plain", number)


def message_id(number):
    return f"<{number}.{number}@corpus.example.org>"


class TakeoverTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.log = self.folder.path / "bridge.log"
        self.process = None
        self.addCleanup(lambda: self.process and self.process.poll() is None and self.process.kill())

    def put(self, server, user, messages, mailbox="INBOX"):
        with Connection(server.port, user, daemon.password_of(server, user)) as connection:
            corpus.append(connection, mailbox, messages)

    def start(self, config, *options, **environment):
        with self.log.open("ab") as log:
            command = [harness.program(), "bridge", "--config", str(config), *map(str, options)]
            self.process = subprocess.Popen(command, env=harness.environment(self.folder.path) | environment, cwd=self.folder.path,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(30), 0, self.log.read_text())

    def assert_logged(self, text):
        self.assertTrue(wait_until(lambda: text in self.log.read_text(), 20), self.log.read_text())

    def numbers(self, server, user, mailbox="INBOX"):
        """Subjects end with them."""
        return sorted(int(m.label.strip("'").split()[-1]) for m in checker.read_account(server, user).mailboxes.get(mailbox, []))

    def assert_numbers(self, wanted, server, user, mailbox="INBOX"):
        arrived = wait_until(lambda: count(server, user, mailbox) >= len(wanted)
                             or self.process.poll() is not None, 30)
        time.sleep(1)  # for what must not come
        self.assertEqual(self.numbers(server, user, mailbox), sorted(wanted), f"{arrived}\n{self.log.read_text()}")


class ImapBridgeTest(TakeoverTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(any_user="secret"), self.server(any_user="secret")
        self.config = self.folder.path / "config.json"
        (self.folder.path / "data").mkdir()
        self.state = self.folder.path / "data" / "state.db"

    def write(self, mappings, **keys):
        self.config.write_text(json.dumps({
            "destination": {"host": f"localhost:{self.destination.port}", "user": "archive", "pass": "secret", "security": "",
                            "report_label": "Bridge/Reports"},
            "sources": [{"host": f"localhost:{self.source.port}", "user": "a", "pass": "secret", "security": "",
                         "mappings": mappings} | keys]}))
        self.config.chmod(0o600)

    def write_state(self, last_uid, delivered=(), failures=()):
        with sqlite3.connect(self.state) as connection:
            connection.executescript(SCHEMA)
            connection.execute("INSERT INTO folder_offsets VALUES ('a:INBOX', ?)", (last_uid,))
            connection.executemany("INSERT INTO sync_state (msgid) VALUES (?)", [(f"{key}\0{to}",) for key, to in delivered])
            connection.executemany("INSERT INTO sync_failures VALUES (?, ?, ?, ?, ?)", failures)
        connection.close()

    def test_a_message_id_that_several_have_settles_none(self):
        with Connection(self.source.port, "a", "secret") as connection:
            for number in (1, 2, 3):
                octets = (b"Date: Mon, 0%d Nov 2026 07:00:00 +0000\r\nFrom: cron@x\r\nMessage-ID: <cron@printer>\r\nSubject: report %d"
                          b"\r\n\r\ncontent %d\r\n" % (number, number, number))
                connection.command(b"APPEND INBOX {%d+}\r\n" % len(octets) + octets)
        self.write_state(1, [("<cron@printer>", "INBOX")])
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        self.start("config.json")
        self.assertTrue(wait_until(lambda: count(self.destination, "archive") == 2), self.log.read_text())

    def test_nothing_is_sent_again_and_what_it_failed_to_send_is(self):
        self.put(self.source, "a", [message(n) for n in range(1, 21)])  # UIDs 1 to 20
        # Delivered and moved elsewhere since, but for two: one that it was still trying, one that it had given up.
        self.write_state(15, [(message_id(n), "INBOX") for n in range(1, 16) if n not in (5, 9)],
                         [("a:INBOX:5", message_id(5), 2, "timeout", None), ("a:INBOX:9", message_id(9), 5, "NO", "2026-11-01 07:00:00")])
        before = hashlib.sha256(self.state.read_bytes()).hexdigest()
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        self.start("config.json")
        self.assert_numbers([5, 9, *range(16, 21)], self.destination, "archive")
        self.stop()
        self.assertEqual(hashlib.sha256(self.state.read_bytes()).hexdigest(), before, "the old state was changed")
        self.assertNotIn("secret", self.log.read_text())

        self.put(self.source, "a", [message(30)])
        self.start("config.json")
        self.assert_numbers([5, 9, *range(16, 21), 30], self.destination, "archive")
        self.stop()

    def test_mail_without_a_message_id_is_known_by_its_uid(self):
        """5 was delivered to A and refused by B, 12 is above the last UID and was delivered to both."""
        kept = lambda n: corpus.Message(n, 1500, (), NOW, "no-message-id" if n in (5, 12) else "plain", n)  # noqa: E731
        self.put(self.source, "a", [kept(n) for n in range(1, 14)])
        key = lambda n: f"__noid__a_INBOX_{n}" if n in (5, 12) else message_id(n)  # noqa: E731
        self.write_state(10, [(key(n), to) for n in (*range(1, 11), 12) for to in "AB" if (n, to) != (5, "B")],
                         [("a:INBOX:5", key(5), 5, "NO refused", "2026-11-01 07:00:00")])
        self.write([{"from": "INBOX", "to": ["A", "B"]}])
        self.start("config.json")
        self.assert_numbers([5, 11, 13], self.destination, "archive", "B")
        self.assert_numbers([11, 13], self.destination, "archive", "A")
        self.stop()

    def test_such_mail_counts_as_new_in_a_mailbox_that_was_made_anew(self):
        self.put(self.source, "a", [corpus.Message(n, 1500, (), NOW, "no-message-id", n) for n in range(1, 4)])
        self.write_state(2, [(f"__noid__a_INBOX_{n}", "INBOX") for n in (1, 2, 4)])
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        self.start("config.json")
        self.assert_numbers([1, 2, 3], self.destination, "archive")
        self.stop()

    def damage_state(self):
        whole = self.state.read_bytes()
        self.state.write_bytes(whole[:200])
        return whole

    def test_a_state_that_cannot_be_read_is_needed_until_all_mailboxes_have_begun(self):
        self.put(self.source, "a", [message(n) for n in range(1, 11)])
        self.write_state(10, [(message_id(n), "INBOX") for n in range(1, 11)])
        self.write([{"from": "INBOX", "to": ["INBOX"]}], **{"pass": "wrong"})
        self.start("config.json")
        self.assert_logged("the bridge works")
        time.sleep(1)
        self.stop()  # our state is there, but nothing has begun

        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        whole = self.damage_state()
        self.start("config.json")
        self.assertNotEqual(self.process.wait(30), 0, self.log.read_text())
        self.assertIn("state.db is damaged", self.log.read_text())
        self.state.write_bytes(whole)
        self.put(self.source, "a", [message(11)])
        self.start("config.json")
        self.assert_numbers([11], self.destination, "archive")

        self.damage_state()
        self.write([{"from": "INBOX", "to": ["INBOX"]}, {"from": "Other", "to": ["INBOX"]}])
        self.process.send_signal(signal.SIGHUP)
        self.assert_logged("the configuration stays as it was")
        self.put(self.source, "a", [message(12)])
        self.assert_numbers([11, 12], self.destination, "archive")
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        self.process.send_signal(signal.SIGHUP)
        self.assert_logged("the configuration is read again")
        self.assert_logged("and not needed, as every mailbox has begun")
        self.put(self.source, "a", [message(13)])
        self.assert_numbers([11, 12, 13], self.destination, "archive")
        self.stop()

    def test_without_a_state_it_begins_as_that_tool_did(self):
        self.put(self.source, "a", [message(n) for n in range(1, 6)])
        self.write([{"from": "INBOX", "to": "Bridged", "labels": ["tag"]}], sync_new_only=True)
        self.start("config.json")
        self.assertTrue(wait_until(lambda: "works" in self.log.read_text(), 20), self.log.read_text())
        time.sleep(1)
        self.put(self.source, "a", [message(10)])
        self.assert_numbers([10], self.destination, "archive", "Bridged")
        self.stop()

    def command(self, *arguments, **environment):
        return subprocess.run([harness.program(), *map(str, arguments)], cwd=self.folder.path, timeout=30, capture_output=True, text=True,
                              env=harness.environment(self.folder.path) | environment, stdin=subprocess.DEVNULL, check=False)

    def test_a_source_that_stands_there_twice_is_carried_once(self):
        self.put(self.source, "a", [message(n) for n in range(1, 4)])
        self.write([{"from": "INBOX", "to": ["INBOX", "inbox"]}])
        text = json.loads(self.config.read_text())
        self.config.write_text(json.dumps(text | {"sources": text["sources"] * 2}))
        self.start("config.json")
        self.assert_numbers([1, 2, 3], self.destination, "archive")
        self.assertEqual(self.log.read_text().count("once is enough"), 3)
        self.assertIn("by a source before it", self.log.read_text())
        self.stop()

    def test_what_the_check_warns_of_is_in_the_log_at_each_start_and_reload(self):
        self.write([{"from": "INBOX", "to": ["INBOX"], "colour": "red"}], poll_interval=100_000)
        text = json.loads(self.config.read_text())
        self.config.write_text(json.dumps(text | {"sync": {"daily_retry_hour": 99}}))
        self.start("config.json")
        self.assert_logged("source connected")
        told = ["colour", "poll_interval is more than", "no hour of the day"]
        for number in (1, 2):
            for text in told:
                found = lambda: self.log.read_text().count(text) == number  # noqa: B023,E731
                self.assertTrue(wait_until(found, 20), self.log.read_text())
            self.process.send_signal(signal.SIGHUP)
        self.stop()

    def test_commands_find_the_bridge_by_the_same_file(self):
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        self.start("config.json")
        self.assert_logged("the bridge works")
        for command in (["status"], ["status", "--check"], ["failures"], ["retry"]):
            with self.subTest(command=command):
                done = self.command(*command, "--config", "config.json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.command(*command, "--state", "data/state.mailferry.db").stdout.count("\n"),
                                 done.stdout.count("\n"))
        self.stop()
        self.assertEqual(self.command("status", "--check", "--config", "config.json").returncode, 3)
        self.assertEqual(self.command("failures", "--config", "config.json").returncode, 0)

    def test_the_container_is_healthy_with_such_a_file(self):
        """packaging/container/start, as the health check calls it: without options."""
        start = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "container" / "start"
        (self.folder.path / "bin").mkdir()
        (self.folder.path / "bin" / "mailferry").symlink_to(harness.program())
        inside = {"PATH": f"{self.folder.path}/bin:/usr/bin:/bin", "MAILFERRY_OPTIONS": str(self.folder.path / "options"),
                  "STATE_DIRECTORY": str(self.folder.path)}
        environment = harness.environment(self.folder.path) | inside
        check = lambda: subprocess.run(["sh", start, "status", "--check"], cwd=self.folder.path, env=environment,  # noqa: E731
                                       capture_output=True, text=True, timeout=30, check=False)
        self.write([{"from": "INBOX", "to": ["INBOX"]}])
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["sh", start, "bridge", "--config", "config.json"], cwd=self.folder.path, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.assert_logged("the bridge works")
        self.assertTrue(wait_until(lambda: check().returncode == 0, 15), check().stderr)
        self.stop()

    def test_empty_mappings_list_the_mailboxes_and_end_well(self):
        self.write([])
        self.start("config.json")
        self.assertEqual(self.process.wait(30), 0, self.log.read_text())
        shown = self.log.read_text()
        self.assertIn("folder-discovery: destination (archive) — 1 folder(s):", shown)
        self.assertIn("folder-discovery: source[0] (a) — 1 folder(s):", shown)
        self.assertIn("folder-discovery:   INBOX", shown)


class GmailSyncTest(TakeoverTest):
    def setUp(self):
        super().setUp()
        self.oauth = self.enterContext(OAuthServer())
        self.source, self.target = self.server(any_user="secret"), self.server(oauth=self.oauth)
        self.config = self.folder.path / "config.json"

    def write(self):
        tokens = self.oauth.issue()
        token_file = self.folder.path / "token.json"
        token_file.write_text(json.dumps({
            "token": tokens["access_token"], "refresh_token": tokens["refresh_token"], "token_uri": self.oauth.url + "/token",
            "client_id": "client", "client_secret": "unused", "scopes": ["https://mail.google.com/"],
            "expiry": (NOW + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}))
        token_file.chmod(0o600)
        self.config.write_text(json.dumps({
            "source_server": f"localhost:{self.source.tls_port}", "source_user": "a", "source_pass": "secret",
            "target_user": "alice", "target_token_file": "token.json", "target_server": f"localhost:{self.target.tls_port}"}))
        self.config.chmod(0o600)

    def run_it(self):
        authorities = self.folder.path / "authorities.pem"
        authorities.write_text(pathlib.Path(self.source.ca).read_text() + pathlib.Path(self.target.ca).read_text())
        self.start("config.json", SSL_CERT_FILE=str(authorities))

    def assert_carried(self, wanted):
        labels = lambda: sorted(int(m.split("<")[1].split(".")[0]) for m in self.stored())  # noqa: E731
        self.assertTrue(wait_until(lambda: len(self.stored()) >= len(wanted), 30), self.log.read_text())
        time.sleep(1)
        self.assertEqual(labels(), sorted(wanted), self.log.read_text())

    def stored(self):
        """Subjects and Message-IDs of what is in the files of the target's only user."""
        found = []
        for path in pathlib.Path(self.target.mail).rglob("*"):
            if path.is_file() and path.parent.name in ("new", "cur"):
                found += [line for line in path.read_text(errors="replace").splitlines() if line.startswith("Message-ID:")]
        return found

    def test_the_first_run_takes_a_week(self):
        self.put(self.source, "a", [message(n, days=2 * n) for n in range(1, 8)])
        self.write()
        self.run_it()
        self.assert_carried([1, 2, 3])
        self.put(self.source, "a", [message(20, days=300)])
        self.assert_carried([1, 2, 3, 20])
        self.stop()

    def test_its_state_is_taken_over(self):
        self.put(self.source, "a", [message(n, days=n) for n in range(1, 8)])
        self.write()
        synced = {message_id(n): (NOW - datetime.timedelta(days=n)).isoformat() for n in (3, 4, 6, 7)}
        (self.folder.path / "sync_state.json").write_text(json.dumps({
            "synced_message_ids": synced, "last_source_uid": 7, "last_sync": (NOW - datetime.timedelta(days=2)).isoformat()}))
        self.run_it()
        # 5 was lost by that tool, 1 and 2 came after it had stopped.
        self.assert_carried([1, 2, 5])
        self.stop()

    def write_elsewhere(self):
        """The configuration in a folder of its own; the tool was started here."""
        self.write()
        elsewhere = self.folder.path / "etc"
        elsewhere.mkdir()
        for name in ("config.json", "token.json"):
            (self.folder.path / name).rename(elsewhere / name)
        return elsewhere

    def run_elsewhere(self):
        authorities = self.folder.path / "authorities.pem"
        authorities.write_text(pathlib.Path(self.source.ca).read_text() + pathlib.Path(self.target.ca).read_text())
        self.start("etc/config.json", SSL_CERT_FILE=str(authorities))

    def test_its_state_in_the_working_directory_is_taken_over_too(self):
        elsewhere = self.write_elsewhere()
        self.put(self.source, "a", [message(n, days=n) for n in range(1, 8)])
        synced = {message_id(n): None for n in (3, 4, 6, 7)}
        state = {"synced_message_ids": synced, "last_source_uid": 7, "last_sync": (NOW - datetime.timedelta(days=2)).isoformat()}
        (self.folder.path / "sync_state.json").write_text(json.dumps(state))
        self.run_elsewhere()
        self.assert_carried([1, 2, 5])
        self.assertTrue((elsewhere / "sync_state.mailferry.db").exists())
        self.stop()

    def test_of_two_states_that_differ_the_one_beside_the_configuration_counts_and_this_is_said(self):
        elsewhere = self.write_elsewhere()
        self.put(self.source, "a", [message(n, days=n) for n in range(1, 4)])
        for folder, done in ((elsewhere, 1), (self.folder.path, 2)):
            (folder / "sync_state.json").write_text(json.dumps({"synced_message_ids": [message_id(done)], "last_sync": None}))
        self.run_elsewhere()
        self.assert_carried([2, 3])
        self.assertIn("with other contents", self.log.read_text())
        self.stop()


if __name__ == "__main__":
    harness.main()
