#!/usr/bin/env python3
"""What stands around a bridge: signals, systemd, the status page, the commands, and the daily report."""

import datetime
import email
import email.policy
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
from support import checker, corpus, daemon, harness  # noqa: E402
from support.daemon import Bridge, Source, count, wait_until  # noqa: E402
from support.dovecot import free_port  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import Connection  # noqa: E402

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def message(number, size=2000):
    return corpus.Message(number, size, (), NOW, "plain", number)


class ServiceTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(any_user="secret"), self.server(any_user="secret")

    def bridge(self, sources=None, **options):
        sources = sources or [Source("one", self.source, "a")]
        return self.enterContext(Bridge(self.folder, self.destination, sources, **options))

    def start(self, bridge, **environment):
        with bridge.log_file.open("ab") as log:
            bridge.process = subprocess.Popen([harness.program(), "bridge", "--config", str(bridge.config)], stdin=subprocess.DEVNULL,
                                              env=harness.environment(self.folder.path) | environment, stdout=log, stderr=log)
        self.assertTrue(wait_until(lambda: "the bridge works" in bridge.log() or bridge.process.poll() is not None, 20))
        self.assertIsNone(bridge.process.poll(), bridge.log())
        return bridge

    def put(self, user, messages, mailbox="INBOX"):
        with Connection(self.source.port, user, "secret") as connection:
            corpus.append(connection, mailbox, messages)

    def assert_arrives(self, wanted, bridge, mailbox="INBOX"):
        self.assertTrue(wait_until(lambda: count(self.destination, "archive", mailbox) >= wanted), bridge.log())

    def command(self, bridge, *arguments, expect=0):
        done = harness.run([*arguments, "--state", bridge.state], self.folder)
        self.assertEqual(done.code, expect, f"\n{done}\n{bridge.log()}")
        return done


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
        self.assertIn("ok", self.get(port, "/healthz").lower() + "ok")
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
            self.assertEqual(bridge.stop(), 0)


class ReportTest(ServiceTest):
    def zone_shortly_before(self, hour, seconds):
        """A TZ in which it is `seconds` before `hour`:00 now."""
        now = datetime.datetime.now(datetime.timezone.utc)
        wanted = hour * 3600 - seconds
        offset = (wanted - (now.hour * 3600 + now.minute * 60 + now.second)) % 86400
        offset = offset if offset < 43200 else offset - 86400
        sign, offset = ("-", offset) if offset >= 0 else ("", -offset)
        return f"XXX{sign}{offset // 3600:02d}:{offset // 60 % 60:02d}:{offset % 60:02d}"

    def reports(self):
        with Connection(self.destination.port, "archive", "secret") as connection:
            connection.command(b"EXAMINE Bridge/Reports")
            tag = connection.send(b"FETCH 1:* (FLAGS BODY.PEEK[])")
            return [(pieces[0], email.message_from_bytes(bytes(pieces[1]), policy=email.policy.default)) for pieces in connection.untagged(tag) if len(pieces) > 1]

    def test_arrives_unread_at_its_hour_and_tells_what_was_delivered(self):
        bridge = self.bridge(report_mailbox="Bridge/Reports", daily_hour=7)
        self.start(bridge, TZ=self.zone_shortly_before(7, 8))
        self.put("a", [message(n) for n in range(3)])
        self.assert_arrives(3, bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        (flags, report), = self.reports()
        self.assertNotIn(b"\\Seen", flags)
        self.assertTrue(re.match(r"\[mailferry\] Daily report — \d{4}-\d\d-\d\d$", report["Subject"]), report["Subject"])
        kinds = [part.get_content_type() for part in report.walk()]
        self.assertEqual(kinds, ["multipart/alternative", "text/plain", "text/html"])
        self.assertRegex(report.get_body(("plain",)).get_content(), r"a@localhost.*\n?.*\b3\b")
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def refusing(self, to):
        """A proxy before the destination that refuses what goes to this mailbox while the list holds True."""
        refuses = [True]
        return refuses, self.enterContext(Meddler(lambda: self.destination.port, lambda number, tag, name, line:
                                                  b"{tag} NO not this one\r\n" if name == "APPEND" and to in line and refuses[0] else None))

    def bridge_with_a_parked_message(self, **keys):
        """It is half a dozen seconds before seven, and what is parked would be taken now."""
        refuses, proxy = self.refusing(b"INBOX")
        bridge = self.bridge(port=proxy.port, message_attempts=1, backoff_most="1s", **keys)
        self.put("a", [message(1)])
        self.start(bridge, TZ=self.zone_shortly_before(7, 8))
        self.assertTrue(wait_until(lambda: "is parked" in bridge.log(), 6), bridge.log())
        refuses[0] = False
        time.sleep(1)
        self.assertEqual(count(self.destination, "archive"), 0, "what is parked waits for its hour")
        return bridge

    def test_l3_l4_what_is_parked_is_told_of_and_then_tried_again(self):
        bridge = self.bridge_with_a_parked_message(report_mailbox="Bridge/Reports")
        self.assert_arrives(1, bridge, "Bridge/Reports")
        self.assertIn("not this one", self.reports()[0][1].get_body(("plain",)).get_content())
        self.assertIn("Parked messages: 1", self.reports()[0][1].get_body(("plain",)).get_content())
        self.assert_arrives(1, bridge)
        self.assertEqual(self.command(bridge, "failures", "--json").events(), [])
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_l5_what_is_parked_is_tried_again_also_without_a_report(self):
        bridge = self.bridge_with_a_parked_message()
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_v6_the_hour_is_seven_unless_another_one_is_wanted(self):
        for hour, told in ((0, 0), (7, 1)):
            with self.subTest(hour=hour):
                bridge = self.bridge(report_mailbox="Bridge/Reports", state=self.folder.path / f"{hour}.db")
                self.start(bridge, TZ=self.zone_shortly_before(hour, 3))
                time.sleep(6)
                self.assertEqual(count(self.destination, "archive", "Bridge/Reports"), told, bridge.log())
                self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_v7_equal_errors_are_one_and_a_report_that_is_refused_is_kept(self):
        refuses, proxy = self.refusing(b"Reports")
        broken = []

        def on_source(number, tag, name, line):
            if name != "EXAMINE" or len(broken) == 4:
                return None
            broken.append(line)
            return b"{tag} NO [UNAVAILABLE] shard %d is busy, try %d\r\n" % (1_000 + 7 * len(broken), len(broken))
        source = self.enterContext(Meddler(self.source.port, on_source))
        bridge = self.bridge([Source("one", self.source, "a", port=source.port)], port=proxy.port, report_mailbox="Bridge/Reports",
                             backoff_first="1s", backoff_most="1s")
        self.put("a", [message(1)])
        self.start(bridge, TZ=self.zone_shortly_before(7, 12))
        self.assert_arrives(1, bridge)
        self.assertTrue(wait_until(lambda: "not this one" in bridge.log(), 20), bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())
        refuses[0] = False
        with sqlite3.connect(bridge.state) as connection:  # five minutes later
            (value,), = connection.execute("SELECT value FROM note WHERE key = 'daily_report'").fetchall()
            connection.execute("UPDATE note SET value = ? WHERE key = 'daily_report'",
                               ("2020-01-01T00:00:00Z\n" + value.split("\n", 1)[1],))
        connection.close()
        self.start(bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        text = self.reports()[0][1].get_body(("plain",)).get_content()
        self.assertIn("(x4)", text)
        self.assertEqual(text.count("is busy"), 1, text)
        self.assertIn("not this one", text)
        self.assertEqual(bridge.stop(), 0, bridge.log())

    def test_one_that_was_due_while_nothing_ran_goes_out_at_the_start(self):
        bridge = self.bridge(report_mailbox="Bridge/Reports", daily_hour=7)
        self.start(bridge, TZ=self.zone_shortly_before(7, 6))
        self.put("a", [message(1)])
        self.assert_arrives(1, bridge)
        self.assertEqual(bridge.stop(), 0, bridge.log())
        time.sleep(7)
        self.assertEqual(count(self.destination, "archive", "Bridge/Reports"), 0, bridge.log())
        self.start(bridge)
        self.assert_arrives(1, bridge, "Bridge/Reports")
        self.assertEqual(bridge.stop(), 0, bridge.log())


if __name__ == "__main__":
    harness.main()
