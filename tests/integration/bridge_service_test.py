#!/usr/bin/env python3
"""What stands around a bridge: signals, systemd, the status page, and the commands."""

import http.client
import json
import os
import pathlib
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.dovecot import free_port  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.service import ServiceTest, message  # noqa: E402


class SignalTest(ServiceTest):
    def test_term_ends_it_and_records_all(self):
        bridge = self.start(self.bridge())
        self.put("a", [message(n) for n in range(5)])
        self.assert_arrives(5, bridge)
        begin = time.monotonic()
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(bridge.rows("SELECT count(*) FROM intent"), [(0,)], "something is in doubt after a clean end")

    def test_hup_takes_the_new_configuration_and_drops_nothing(self):
        bridge = self.start(self.bridge())
        self.put("a", [message(n) for n in range(50)])
        bridge.sources = bridge.sources + [Source("two", self.source, "b")]
        bridge.write_config()
        bridge.process.send_signal(signal.SIGHUP)
        self.put("b", [message(100 + n) for n in range(5)])
        self.assert_arrives(55, bridge)
        self.assertIn("read again", bridge.log())
        self.assertEqual(bridge.stop(), 0)
        self.assertEqual(count(self.destination, "archive"), 55)

    def test_many_hups_in_a_row_end_nothing(self):
        bridge = self.start(self.bridge())
        for number in range(40):
            bridge.process.send_signal(signal.SIGHUP)
            time.sleep(0.013)
        self.put("a", [message(n) for n in range(5)])
        self.assert_arrives(5, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_hup_with_a_wrong_configuration_changes_nothing(self):
        bridge = self.start(self.bridge())
        good = bridge.config.read_text()
        bridge.config.write_text(good + "nonsense = 1\n")
        bridge.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: "stays as it was" in bridge.log(), 10), bridge.log())
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0)

    def test_hup_with_a_source_without_mappings_changes_nothing(self):
        bridge = self.start(self.bridge())
        bridge.sources = bridge.sources + [Source("two", self.source, "b")]
        bridge.sources[-1].mappings = []
        bridge.write_config()
        bridge.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: "stays as it was" in bridge.log(), 10), bridge.log())
        self.assertIn("a source has no mappings", bridge.log())
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0)

    def test_mail_goes_on_while_a_command_takes_its_time_over_a_password(self):
        slow, script = self.folder.path / "slow", self.folder.path / "password"
        script.write_text(f'#!/bin/sh\ntest -e "{slow}" && sleep 15\necho secret\n')
        script.chmod(0o700)
        bridge = self.bridge()
        text = bridge.config.read_text()
        bridge.config.write_text(re.sub(r'^password.*$', f'password_command = "{script}"', text, count=1, flags=re.M))
        self.start(bridge)
        slow.touch()
        bridge.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.put("a", [message(n) for n in range(5)])
        self.assertTrue(wait_until(lambda: count(self.destination, "archive") >= 5, 8), bridge.log())
        begin = time.monotonic()
        self.assertEqual(bridge.stop(), 0, bridge.log())
        self.assertLess(time.monotonic() - begin, 8, "waited for the command")
        self.assertEqual(bridge.rows("SELECT count(*) FROM intent"), [(0,)])

    def test_v2_nobody_is_asked_for_a_password(self):
        bridge = self.bridge()
        text = bridge.config.read_text()
        bridge.config.write_text(re.sub(r'^password_file.*\n', "", text, count=1, flags=re.M))
        keyboard, terminal = pty.openpty()
        self.addCleanup(os.close, keyboard)
        with os.fdopen(terminal, "rb") as stdin:
            done = subprocess.run([harness.program(), "bridge", "--config", str(bridge.config)], stdin=stdin, timeout=20,
                                  env=harness.environment(self.folder.path), capture_output=True, text=True, check=False,
                                  start_new_session=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"(?i)password")

    def test_systemd_is_told(self):
        path = self.folder.path / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.settimeout(10)
            bridge = self.start(self.bridge(), NOTIFY_SOCKET=str(path), WATCHDOG_USEC="1000000")
            told = ""
            while "WATCHDOG=1" not in told:
                told += listener.recv(4096).decode() + "\n"
            self.assertIn("READY=1", told)
            bridge.process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in told:
                told += listener.recv(4096).decode() + "\n"
            self.assertEqual(bridge.process.wait(30), 0)


class StatusTest(ServiceTest):
    def get(self, port, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def test_page_metrics_and_commands_tell_the_same(self):
        port = free_port()
        bridge = self.start(self.bridge(listen=f"127.0.0.1:{port}"))
        self.put("a", [message(n) for n in range(7)])
        self.assert_arrives(7, bridge)
        self.assertEqual(self.get(port, "/healthz").strip(), "healthy")
        status = json.loads(self.get(port, "/status.json"))
        delivered = {one["account"]: one["delivered"] for one in status["accounts"]}
        self.assertEqual(sorted(delivered.values()), [7, 7])
        self.assertRegex(self.get(port, "/metrics"), r"mailferry_\w*delivered\w*\{[^}]*\} 7")
        self.assertIn("<html", self.get(port, "/"))
        shown = self.command(bridge, "status")
        self.assertRegex(shown.out, r"a@localhost\S*\s+waiting\s+IDLE")
        self.command(bridge, "status", "--check")
        self.assertEqual(bridge.state.with_name(bridge.state.name + ".socket").stat().st_mode & 0o777, 0o600)
        self.assertEqual(bridge.stop(), 0)
        self.command(bridge, "status", "--check", expect=3)

    def test_sources_of_one_account_are_told_of_once_and_share_its_quota(self):
        quota = {"daily_download": "100 MB"}
        both = [Source("one", self.source, "a", account_keys=quota),
                Source("one", self.source, "a", mappings=[("INBOX", ["Copy"], [])], account_keys=quota)]
        bridge = self.start(self.bridge(both))
        self.put("a", [message(n, size=20_000) for n in range(5)])
        for mailbox in ("INBOX", "Copy"):
            self.assert_arrives(5, bridge, mailbox)
        self.command(bridge, "status")
        [destination, source] = self.command(bridge, "status", "--json").events()[0]["accounts"]
        self.assertEqual((destination["delivered"], source["delivered"]), (10, 10))
        self.assertGreaterEqual(source["quota"]["down"], 2 * 5 * 20_000)
        self.assertEqual(bridge.stop(), 0)

    def test_a_mailbox_that_is_not_there_makes_no_bridge_fail_that_carries_others(self):
        port = free_port()
        source = Source("one", self.source, "a", mappings=[("INBOX", ["INBOX"], []), ("Typo", ["T"], [])])
        bridge = self.start(self.bridge([source], listen=f"127.0.0.1:{port}"))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        shown = lambda: self.command(bridge, "status").out  # noqa: E731
        self.assertTrue(wait_until(lambda: "degraded" in shown(), 15), shown())
        self.assertRegex(self.verdict(port), r"^degraded\nsource a@localhost:\d+: .*Typo")
        self.command(bridge, "status", "--check")
        [_, account] = self.command(bridge, "status", "--json").events()[0]["accounts"]
        self.assertEqual(account["health"], "degraded")
        self.assertIsNotNone(account["last_success"])
        self.assertEqual(bridge.stop(), 0)

    def test_a_source_of_which_no_mailbox_is_there_fails(self):
        bridge = self.start(self.bridge([Source("one", self.source, "a", mappings=[("Typo", ["T"], [])])]))
        self.assertTrue(wait_until(lambda: "Typo" in bridge.log(), 15), bridge.log())
        self.command(bridge, "status", "--check", expect=1)
        self.assertEqual(bridge.stop(), 0)

    def test_two_servers_with_the_same_login_are_two_accounts_and_keep_their_names(self):
        refusing = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                             b"{tag} NO [CANNOT] not this one\r\n" if name == "APPEND" else None))
        other = self.server(any_user="secret")
        sources = [Source("one", self.source, "a"), Source("two", other, "a")]
        bridge = self.start(self.bridge(sources, port=refusing.port))
        names = [f"a@localhost:{server.port}" for server in (self.source, other)]
        self.put("a", [message(1)])
        parked = lambda: [one["account"] for one in self.command(bridge, "failures", "--json").events()]  # noqa: E731
        self.assertTrue(wait_until(lambda: parked() == names[:1], 20), bridge.log())
        accounts = [one["account"] for one in self.command(bridge, "status", "--json").events()[0]["accounts"]]
        self.assertEqual(accounts, [f"archive@localhost:{refusing.port}", *names])
        self.command(bridge, "failures", "--clear", "1", "--in-account", names[1], expect=2)
        self.assertEqual(bridge.stop(), 0)
        self.assertEqual(parked(), names[:1])

    def test_silent_connections_keep_nobody_from_asking(self):
        port = free_port()
        bridge = self.start(self.bridge(listen=f"127.0.0.1:{port}"))
        silent = [self.enterContext(socket.create_connection(("127.0.0.1", port))) for _ in range(80)]
        self.command(bridge, "status", "--check")
        self.assertIn(self.get(port, "/healthz").strip(), ("healthy", "starting"))
        for one in silent:
            one.settimeout(8)
            try:
                self.assertEqual(one.recv(1), b"")
            except ConnectionResetError:
                pass
        self.assertEqual(bridge.stop(), 0)

    def test_the_check_finds_what_the_bridge_refuses(self):
        check = lambda: harness.run(["config", "check", "--config", bridge.config], self.folder)  # noqa: E731
        bridge = self.bridge(listen="0.0.0.0:8080")
        self.assertEqual(check().code, 2)
        self.assertIn("can be reached by others", check().err)
        bridge = self.bridge()
        self.assertEqual(check().code, 0, check().err)
        password = pathlib.Path(re.search(r'password_file = "(.*)"', bridge.config.read_text())[1])
        for mode, text, said in ((0o644, "secret\n", "can be read by other users"), (0o600, "\n", "is empty")):
            with self.subTest(said=said):
                password.write_text(text)
                password.chmod(mode)
                self.assertEqual(check().code, 4)
                self.assertIn(said, check().err)
        bridge.config.write_text("\n")
        self.assertEqual(check().code, 2)
        self.assertIn("says nothing", check().err)

    def test_connections_are_told_once_and_again_after_a_failure(self):
        proxy = self.enterContext(Meddler(lambda: self.source.port))
        source = Source("one", self.source, "a", port=proxy.port)
        bridge = self.start(self.bridge([source], log_level="debug", backoff_most="1s"))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertTrue(wait_until(lambda: "delivered" in bridge.log(), 10))
        self.assertRegex(bridge.log(), r"info: source connected account=a@localhost:\d+ mailboxes=1 watching=IDLE")
        self.assertRegex(bridge.log(), r"debug: delivered account=a@localhost:\d+ from=INBOX uid=1 message_id=<1\.1@corpus\S+ to=INBOX")
        self.source.stop()
        self.assertTrue(wait_until(lambda: "warning" in bridge.log(), 20), bridge.log())
        self.source.start()
        self.assertTrue(wait_until(lambda: bridge.log().count("source connected") == 2, 30), bridge.log())
        self.assertEqual(bridge.log().count("destination connected"), 1)
        self.assertEqual(bridge.stop(), 0)

    def verdict(self, port):
        try:
            return self.get(port, "/readyz")
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, 503)
            return error.read().decode()

    def test_a_destination_that_stays_away_is_down_and_nothing_is_parked_for_it(self):
        port = free_port()
        proxy = self.enterContext(Meddler(lambda: self.destination.port))
        bridge = self.start(self.bridge(port=proxy.port, listen=f"127.0.0.1:{port}", message_attempts=1, destination_attempts=4,
                                        backoff_first="1s", backoff_most="2s"))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.destination.stop()
        proxy.cut_all()
        self.put("a", [message(2)])
        self.assertTrue(wait_until(lambda: "WARN" in bridge.log().upper(), 20), bridge.log())
        self.assertNotIn("is down", bridge.log())
        self.assertTrue(self.verdict(port).startswith("healthy"), "one failure is none")
        self.assertTrue(wait_until(lambda: "the destination is down" in bridge.log(), 20), bridge.log())
        self.assertTrue(self.verdict(port).startswith("failing"))
        self.command(bridge, "status", "--check", expect=1)
        time.sleep(5)  # asked again and again, told once
        self.assertEqual(bridge.log().count("the destination is down"), 1)
        self.assertEqual(self.command(bridge, "failures", "--json").events(), [])
        self.destination.start()
        self.assert_arrives(2, bridge)
        self.assertTrue(wait_until(lambda: "works again" in bridge.log(), 5), bridge.log())
        self.assertTrue(self.verdict(port).startswith("healthy"))
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_others_reach_it_only_where_that_is_wanted(self):
        port = free_port()
        bridge = self.bridge(listen=f"0.0.0.0:{port}")
        with bridge.log_file.open("ab") as log:
            done = subprocess.run([harness.program(), "bridge", "--config", str(bridge.config)], stdin=subprocess.DEVNULL, timeout=30,
                                  env=harness.environment(self.folder.path), stdout=log, stderr=log)
        self.assertEqual(done.returncode, 2, bridge.log())
        self.assertIn("can be reached by others", bridge.log())

        bridge.keys["listen_reach"] = "everyone"
        bridge.write_config()
        self.start(bridge)
        self.assertIn("<html", self.get(port, "/"))
        for host, status in (("bridge", 200), ("mail.example.org", 421)):
            with self.subTest(host=host):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", "/healthz", headers={"Host": host})
                self.assertEqual(connection.getresponse().status, status)
                connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/retry")
        self.assertEqual(connection.getresponse().status, 403)
        connection.close()
        self.assertEqual(bridge.stop(), 0)

    def test_failures_are_listed_tried_again_and_given_up(self):
        refusing = [True]
        proxy = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                          b"{tag} NO not this one\r\n" if name == "APPEND" and refusing[0] else None))
        bridge = self.start(self.bridge(port=proxy.port, message_attempts=2, backoff_most="1s"))
        self.put("a", [message(1)])
        self.assertTrue(wait_until(lambda: "is parked" in bridge.log(), 20), bridge.log())
        self.put("a", [message(2)])
        self.assertTrue(wait_until(lambda: bridge.log().count("is parked") == 2, 20), bridge.log())
        failures = self.command(bridge, "failures", "--json").events()
        self.assertEqual(sorted(one["uid"] for one in failures), [1, 2])
        self.assertIn("not this one", failures[0]["reason"])
        self.assertIn("not this one", self.command(bridge, "failures").out)

        none = self.command(bridge, "failures", "--clear", "999", expect=2)
        self.assertIn("no message with UID 999 is parked", none.err)
        none = self.command(bridge, "failures", "--clear", "2", "--in-mailbox", "nope", expect=2)
        self.assertIn("no message with UID 2 is parked in nope", none.err)
        self.command(bridge, "failures", "--clear", "2")
        self.assertEqual([one["uid"] for one in self.command(bridge, "failures", "--json").events()], [1])
        refusing[0] = False
        self.command(bridge, "retry")
        self.assert_arrives(1, bridge)
        self.assertTrue(wait_until(lambda: not self.command(bridge, "failures", "--json").events(), 10))
        self.assertEqual(bridge.stop(), 0)
        self.assertEqual(self.command(bridge, "failures", "--json").events(), [])
        self.assertEqual(count(self.destination, "archive"), 1)  # what was given up is not sent


    def test_what_is_parked_for_too_long_is_given_up(self):
        proxy = self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                          b"{tag} NO not this one\r\n" if name == "APPEND" else None))
        bridge = self.start(self.bridge(port=proxy.port, message_attempts=1, backoff_most="1s", error_retention_days=2))
        self.put("a", [message(1)])
        self.assertTrue(wait_until(lambda: "is parked" in bridge.log(), 20), bridge.log())
        self.assertEqual(bridge.stop(), 0)
        for days, left in ((1, 1), (2, 0)):
            with sqlite3.connect(bridge.state) as connection:
                connection.execute("UPDATE parked SET since = since - ?", (days * 86400,))
            connection.close()
            self.start(bridge)
            time.sleep(1)
            self.assertEqual(len(self.command(bridge, "failures", "--json").events()), left)
            self.assertEqual("1 message of INBOX given up" in bridge.log(), left == 0, bridge.log())
            self.assertEqual(bridge.stop(), 0)


if __name__ == "__main__":
    harness.main()
