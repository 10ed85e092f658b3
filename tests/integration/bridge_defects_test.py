#!/usr/bin/env python3
"""What the daemons before this one got wrong besides losing and doubling: fidelity (f), liveness (v), and the defects of the
one for Gmail (g), each as a test with real servers, and with a proxy between where something must go wrong."""

import hashlib
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.bridging import QUICK, DefectTest, connect, literal_size, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.faultproxy import FaultProxy, Stall  # noqa: E402
from support.meddler import STALL  # noqa: E402


class FidelityTest(DefectTest):
    def test_f1_the_source_is_not_marked_as_read(self):
        self.put(self.source, "a", [message(n) for n in range(3)] + [message(9, size=600_000)])
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(4, bridge=bridge)
        for one in self.mailboxes(self.source, "a")["INBOX"]:
            self.assertEqual(one.flags, frozenset())

    def test_f2_g16_dates_flags_and_octets_are_kept(self):
        flags = [(), ("\\Seen",), ("\\Flagged", "\\Answered"), ("$Forwarded", "Project-X", "\\Seen"), ("\\Draft",)]
        mail = [message(n, flags=flags[n % 5], days=200 * n, kind=kind) for n, kind in enumerate(corpus.ODD_KINDS)]
        self.put(self.source, "a", mail)
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(len(mail), bridge=bridge)
        self.assert_same_mail(self.source, "a")

    def test_f3_a_label_that_is_no_keyword_breaks_nothing(self):
        self.put(self.source, "a", [message(1)])
        labels = ["two words", "Größe", '"quoted"', "back\\slash", "(paren", "日本"]
        bridge = self.bridge([self.one(mappings=[("INBOX", ["INBOX"], labels)])]).start()
        self.assert_arrives(1, bridge=bridge)
        self.assertEqual(len(self.mailboxes(self.destination, "archive")["INBOX"][0].flags), len(set(labels)))


class LivenessTest(DefectTest):
    def test_v1_a_destination_that_stalls_does_not_block_the_end(self):
        stall = [True]

        def on_command(number, tag, name, line):
            return STALL if name == "APPEND" and stall[0] else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one()], port=proxy.port, timeout=120).start()
        self.assertTrue(wait_until(lambda: proxy.names("APPEND"), 15), bridge.log())
        begin = time.monotonic()
        self.assertEqual(bridge.stop(timeout=32), 0, bridge.log())
        self.assertLess(time.monotonic() - begin, 30)
        stall[0] = False
        bridge.start()
        self.put(self.source, "a", [message(2)])
        # The destination gave no answer for 25 s, so it may be storing for as long: 30 s are waited for that.
        self.assert_arrives(2, bridge=bridge, timeout=60)
        self.settle(1)
        self.assert_arrives(2, bridge=bridge)

    def test_v1_a_source_that_stalls_affects_no_other(self):
        def on_command(number, tag, name, line):
            return STALL if name == "UID FETCH" else None
        proxy = self.meddle(self.source, on_command)
        stalled = [Source(f"slow{n}", self.source, f"slow{n}", port=proxy.port) for n in range(8)]
        for one in stalled:
            self.put(self.source, one.user, [message(1_000, size=2_000_000)])
        good = Source("good", self.source, "good")
        bridge = self.bridge([*stalled, good], timeout=60).start()
        self.settle(2)
        self.put(self.source, "good", [message(n) for n in range(5)])
        self.assert_arrives(5, timeout=8, bridge=bridge)

    def test_v1_sources_that_stall_inside_large_messages_affect_no_other(self):
        proxy = self.enterContext(FaultProxy(self.source.port, lambda number: Stall("down", 700_000)))
        stalled = [Source(f"slow{n}", self.source, f"slow{n}", port=proxy.port) for n in range(6)]
        for number, one in enumerate(stalled):
            self.put(self.source, one.user, [message(1_000 + number, size=2_000_000)])
        bridge = self.bridge([*stalled, Source("good", self.source, "good")], timeout=60).start()
        self.settle(2)
        self.put(self.source, "good", [message(n) for n in range(5)])
        self.assert_arrives(5, timeout=8, bridge=bridge)

    def test_large_mail_for_many_mailboxes_stays_under_the_cap_of_connections(self):
        large = [message(n, size=3_000_000) for n in range(2)]
        small = [message(10 + n) for n in range(10)]
        mailboxes = ["INBOX", "Two", "Three"]
        for user in ("a", "b"):
            self.put(self.source, user, [message(100 + ord(user), size=2_000_000)])
        self.put(self.source, "a", large + small)
        for cap in (1, 2, 3):
            with self.subTest(cap=cap):
                proxy = self.meddle(self.destination)
                names = [f"{cap}/{name}" for name in mailboxes]
                sources = [Source(user, self.source, user, [("INBOX", names, [])]) for user in ("a", "b")]
                bridge = self.bridge(sources, port=proxy.port, account_keys={"connections": cap}, timeout=60,
                                     state=self.folder.path / f"{cap}.db").start()
                for name in names:
                    self.assert_arrives(14, name, timeout=90, bridge=bridge)
                self.assertEqual(bridge.stop(), 0)
                self.assertLessEqual(proxy.most_open, cap)
                self.assertNotIn("warning", bridge.log())

    def test_the_cap_of_a_source_counts_its_watches(self):
        self.create(self.source, "a", "Two", "Three")
        proxy = self.meddle(self.source)
        mappings = [(name, [f"To/{name}"], []) for name in ("INBOX", "Two", "Three")]
        source = self.one(mappings=mappings, port=proxy.port, account_keys={"connections": 2}, poll_interval="2s")
        bridge = self.bridge([source]).start()
        self.settle(2)
        for number, (name, _, _) in enumerate(mappings):
            self.put(self.source, "a", [message(number)], name)
        for name, _, _ in mappings:
            self.assert_arrives(1, f"To/{name}", bridge=bridge)
        self.assertIn(proxy.most_open, (1, 2))  # one, where a server tells of all of them over one

    def test_v3_bursts_while_waiting(self):
        self.put(self.source, "a", [message(n, size=300) for n in range(200)])
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(200, bridge=bridge)
        with connect(self.source, "a") as connection:
            connection.command(b"SELECT INBOX")
            for number in range(10):
                connection.command(b"STORE 1:* %sFLAGS (\\Flagged)" % (b"+" if number % 2 else b"-"))
            connection.command(b"STORE 1:150 +FLAGS (\\Deleted)")
            connection.command(b"EXPUNGE")
        self.put(self.source, "a", [message(500 + n) for n in range(40)])
        self.assert_arrives(240, bridge=bridge)
        self.assertEqual(bridge.stop(), 0)

    def test_v8_further_mailboxes_do_not_wait_for_the_poll(self):
        self.create(self.source, "a", "Two", "Three", "Four")
        names = ["INBOX", "Two", "Three", "Four"]
        bridge = self.bridge([self.one(mappings=[(name, [f"To/{name}"], []) for name in names])]).start()
        self.settle(1.5)
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(number)], name)
        for name in names:
            self.assert_arrives(1, f"To/{name}", timeout=8, bridge=bridge)

    def test_v10_known_messages_are_not_fetched_again_and_again(self):
        mail = [message(n, size=5_000) for n in range(20)]
        self.put(self.destination, "archive", mail)
        self.put(self.source, "a", mail)
        proxy = self.meddle(self.source)
        bridge = self.bridge([self.one(port=proxy.port, poll_interval="1s")]).start()
        self.settle(4)
        bodies = [line for line in proxy.names("UID FETCH") if b"BODY" in line]
        self.assertLessEqual(len(bodies), 2, bodies)
        self.assert_arrives(20, bridge=bridge)

    def test_a_parked_message_does_not_make_each_look_long(self):
        self.destination.set(hide=("MULTIAPPEND",))

        def on_append(number, tag, name, line):
            return b"{tag} NO [TOOBIG] no\r\n" if name == "APPEND" and literal_size(line) > 2_900 else None
        self.put(self.source, "a", [message(0, size=3_000)] + [message(1 + n, size=400) for n in range(1_000)])
        to, of = self.meddle(self.destination, on_append), self.meddle(self.source)
        answered = []
        of.on_line = lambda line: (answered.append(line) if b"FETCH (" in line else None) or line
        bridge = self.bridge([self.one(port=of.port)], port=to.port).start()
        self.assert_arrives(1_000, bridge=bridge)
        self.settle(1)
        answered.clear()
        self.put(self.source, "a", [message(5_000)])
        self.assert_arrives(1_001, bridge=bridge)
        self.settle(1)
        self.assertLess(len(answered), 20)


class GmailToolTest(DefectTest):
    def test_g1_over_quota_is_no_copy_parks_nothing_and_is_tried_again(self):
        full = [True]

        def on_command(number, tag, name, line):
            return b"{tag} NO [OVERQUOTA] full; try again in 2 seconds\r\n" if name == "APPEND" and full[0] else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_logged(bridge, "OVERQUOTA")
        self.settle(8)
        self.assertEqual(bridge.failures(), [])
        self.assertLess(len(proxy.names("APPEND")), 8)
        full[0] = False
        self.assert_arrives(4, bridge=bridge)

    def test_g1_over_quota_by_a_real_server(self):
        self.destination.set(plugins="quota", extra="protocol imap {\n  mail_plugins = quota imap_quota\n}\n"
                             "plugin {\n  quota = count:user\n  quota_vsizes = yes\n  quota_rule = *:storage=42k\n}\n")
        self.put(self.source, "a", [message(n, size=10_000) for n in range(6)])
        bridge = self.bridge([self.one()], message_attempts=2, **QUICK).start()
        self.assert_logged(bridge, "QUOTA")
        self.assert_arrives(4, bridge=bridge)
        self.settle(1)
        self.assertEqual(bridge.failures(), [], bridge.log())
        with connect(self.destination, "archive") as connection:
            connection.command(b"SELECT INBOX")
            connection.command(b"STORE 1:* +FLAGS (\\Deleted)")
            connection.command(b"EXPUNGE")
        bridge.process.send_signal(signal.SIGUSR1)
        self.assert_arrives(2, bridge=bridge)

    def test_g2_a_long_outage_of_the_destination_loses_nothing(self):
        bridge = self.bridge([self.one()], port=None, **QUICK)
        proxy = self.meddle(self.destination)
        bridge.port = proxy.port
        bridge.write_config()
        bridge.start()
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, bridge=bridge)
        self.destination.stop()
        proxy.cut_all()
        self.put(self.source, "a", [message(2 + n) for n in range(10)])
        self.settle(10)
        self.destination.start()
        self.assert_arrives(11, bridge=bridge)
        self.assertEqual(bridge.failures(), [])

    def test_g3_mail_that_arrives_during_the_first_run(self):
        self.put(self.source, "a", [message(n, size=60_000) for n in range(300)])
        bridge = self.bridge([self.one()]).start()
        for number in range(10):
            self.put(self.source, "a", [message(1_000 + number)])
            time.sleep(0.1)
        self.assert_arrives(310, bridge=bridge)

    def test_g4_mail_with_an_old_date_header_that_arrives_now(self):
        late = message(1, days=0).octets().replace(b"Date: ", b"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\nX-Date: ")
        bridge = self.bridge([self.one(since="7d")]).start()
        self.settle(1)
        bridge.stop()
        with connect(self.source, "a") as connection:
            tag = connection.next_tag()
            connection.write(tag + b" APPEND INBOX {%d+}\r\n%s\r\n" % (len(late), late))
            connection.finish(tag)
        bridge.start()
        self.assert_arrives(1, bridge=bridge)

    def test_g14_old_is_what_came_long_ago_whatever_its_header_says(self):
        old_by_header = message(1, days=0).octets().replace(b"Date: ", b"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\nX-Date: ")
        with connect(self.source, "a") as connection:
            tag = connection.next_tag()
            connection.write(tag + b" APPEND INBOX {%d+}\r\n%s\r\n" % (len(old_by_header), old_by_header))
            connection.finish(tag)
        self.put(self.source, "a", [message(2, days=20)])
        bridge = self.bridge([self.one(since="30d", retention_days=5)]).start()
        self.assert_arrives(2, bridge=bridge)
        self.assertTrue(wait_until(lambda: count(self.source, "a") == 1, 20), bridge.log())
        self.settle(2)
        left = self.mailboxes(self.source, "a")["INBOX"]
        self.assertEqual([one.digest for one in left], [hashlib.sha256(old_by_header).hexdigest()])

    def test_g5_mail_without_a_message_id(self):
        self.put(self.source, "a", [message(n, kind="no-message-id") for n in range(5)])
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(5, bridge=bridge)
        self.put(self.source, "a", [message(7, kind="no-message-id")])
        self.assert_arrives(6, bridge=bridge)

    def test_g6_idle_can_be_turned_off(self):
        proxy = self.meddle(self.source)
        bridge = self.bridge([self.one(port=proxy.port, idle=False, poll_interval="1s")]).start()
        self.settle(1)
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, bridge=bridge)
        self.assertEqual(proxy.names("IDLE"), [])

    def test_g7_polling_goes_on_after_a_lost_connection(self):
        proxy = self.meddle(self.source)
        bridge = self.bridge([self.one(port=proxy.port, idle=False, poll_interval="1s")], **QUICK).start()
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, bridge=bridge)
        self.source.stop()
        proxy.cut_all()
        self.settle(2)
        self.source.start()
        self.put(self.source, "a", [message(2)])
        self.assert_arrives(2, bridge=bridge)

    def test_g8_any_text_may_follow_the_plus_of_idle(self):
        for text in (b"+ IDLE accepted, awaiting DONE command.\r\n", b"+ \r\n", b"+ entering idle mode\r\n"):
            with self.subTest(text=text):
                proxy = self.meddle(self.source, on_line=lambda line, t=text: t if line.startswith(b"+ idling") else line)
                user = f"u{len(text)}"
                bridge = self.bridge([Source("one", self.source, user, [("INBOX", [f"Box{len(text)}"], [])], port=proxy.port)])
                bridge.start()
                self.settle(1)
                self.put(self.source, user, [message(len(text))])
                self.assert_arrives(1, f"Box{len(text)}", timeout=8, bridge=bridge)
                self.assertEqual(bridge.stop(), 0)

    def test_g9_news_of_before_idle_and_behind_done(self):
        """Announced while a look goes on or while DONE is on its way: nothing waits for the next poll."""
        bridge = self.bridge([self.one()]).start()
        self.settle(1)
        for number in range(60):
            self.put(self.source, "a", [message(number, size=500)])
            time.sleep(0.01 * (number % 7))
        self.assert_arrives(60, timeout=15, bridge=bridge)

    def test_g8_idle_that_is_refused_or_ends_at_once_becomes_polling(self):
        for answer in (b"{tag} NO not today\r\n", b"{tag} OK done\r\n"):
            with self.subTest(answer=answer):
                proxy = self.meddle(self.source, lambda n, t, name, line, a=answer: a if name == "IDLE" else None)
                user = f"u{len(answer)}"
                mappings = [("INBOX", [f"Box{len(answer)}"], [])]
                bridge = self.bridge([Source("one", self.source, user, mappings, port=proxy.port, poll_interval="2s")])
                bridge.start()
                self.settle(1)
                self.put(self.source, user, [message(len(answer))])
                self.assert_arrives(1, f"Box{len(answer)}", timeout=8, bridge=bridge)
                self.settle(3)
                self.assertLess(len(proxy.names("IDLE")), 10)
                bridge.stop()

    def test_g10_a_first_run_of_much_mail_takes_little_memory(self):
        if harness.is_sanitized():
            self.skipTest("memory of the sanitizer")
        self.put(self.source, "a", [message(n, size=1_000_000) for n in range(80)])
        self.put(self.source, "b", [message(1_000)])
        little = self.bridge([Source("b", self.source, "b", [("INBOX", ["Little"], [])])]).start()
        self.assert_arrives(1, "Little", bridge=little)
        of_little = little.rss()[1]
        little.stop()
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(80, timeout=60, bridge=bridge)
        self.assertLess(bridge.rss()[1] - of_little, 30 * 1024)

    def test_g11_news_of_one_message_are_not_news_of_all(self):
        self.put(self.source, "a", [message(n, size=300) for n in range(600)])
        answered = []
        proxy = self.meddle(self.source, on_line=lambda line: answered.append(line) or line)
        bridge = self.bridge([self.one(port=proxy.port)]).start()
        self.assert_arrives(600, bridge=bridge)
        self.settle(1)
        answered.clear()
        asked = len(proxy.commands)
        self.put(self.source, "a", [message(5_000)])
        self.assert_arrives(601, bridge=bridge)
        self.settle(1)
        self.assertLess(sum(map(len, answered)), 10_000, answered[:20])
        later = [line for _, _, line in proxy.commands[asked:]]
        self.assertFalse([line for line in later if b"SEARCH" in line or b" 1:* " in line], later)

    def test_g12_a_certificate_that_nobody_vouches_for_gets_no_password(self):
        self.put(self.source, "a", [message(1)])
        logins = self.source.log().count("user=<a>")
        keys = {"security": "tls"}
        bridge = self.bridge([self.one(port=self.source.tls_port, account_keys=keys)], **QUICK).start()
        self.assert_logged(bridge, "certificate")
        self.settle(3)
        self.assertEqual(self.source.log().count("user=<a>"), logins)
        self.assertEqual(bridge.stop(), 0)
        keys["tls_ca"] = self.source.ca
        bridge.write_config()
        bridge.start()
        self.assert_arrives(1, bridge=bridge)

    def test_g12_a_server_that_falls_silent_is_given_up_and_asked_again(self):
        silent = [True]
        proxy = self.meddle(self.source, lambda number, tag, name, line: STALL if name == "EXAMINE" and silent[0] else None)
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(port=proxy.port)], timeout=2, **QUICK).start()
        self.assertTrue(wait_until(lambda: proxy.connections >= 3, 30), bridge.log())
        silent[0] = False
        self.assert_arrives(1, bridge=bridge)

    def test_g13_killed_at_any_moment_nothing_is_lost_or_doubled(self):
        bridge = self.bridge([self.one()], **QUICK)
        for round_ in range(6):
            bridge.start()
            self.put(self.source, "a", [message(100 * round_ + n, kind="no-message-id" if n % 3 == 0 else "plain")
                                        for n in range(20)])
            time.sleep(0.05 + 0.15 * round_)
            bridge.kill()
        bridge.start()
        self.assert_arrives(120, bridge=bridge)
        self.settle(3)
        self.assert_arrives(120, bridge=bridge)

    def test_g15_message_ids_that_break_a_quoted_string(self):
        mail = []
        for number, name in enumerate((b'<a"b@x>', b"<a\\b@x>", b'<") (SEEN@x>', "<grün@x>".encode(), b"<a b@x>")):
            mail.append(re.sub(rb"Message-ID: [^\r]*", lambda _, n=name: b"Message-ID: " + n, message(number).octets()))
        for server, user in ((self.source, "a"), (self.destination, "archive")):
            with connect(server, user) as connection:
                for octets in mail:
                    tag = connection.next_tag()
                    connection.write(tag + b" APPEND INBOX {%d+}\r\n%s\r\n" % (len(octets), octets))
                    connection.finish(tag)
        self.put(self.source, "a", [message(50)])
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(6, bridge=bridge)
        self.settle(1)
        self.assert_arrives(6, bridge=bridge)


if __name__ == "__main__":
    harness.main()
