#!/usr/bin/env python3
"""What the daemons before this one got wrong, each as a test: losses (l), duplicates (d), fidelity (f), liveness (v), and
those of the one for Gmail (g). Real servers, with a proxy between where something must go wrong."""

import pathlib
import re
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.bridging import BridgeTest, connect, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.faultproxy import FaultProxy, Stall  # noqa: E402
from support.meddler import CUT, LOSE, STALL, Meddler  # noqa: E402

QUICK = {"backoff_first": "1s", "backoff_most": "2s"}


def literal_size(line):
    found = re.search(rb"\{(\d+)\+?\}\r\n$", line)
    return int(found.group(1)) if found else 0


class DefectTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")

    def meddle(self, server, on_command=None, on_line=None):
        return self.enterContext(Meddler(lambda: server.port, on_command, on_line))

    def one(self, **keys):
        return Source("one", self.source, "a", **keys)

    def settle(self, seconds=2):
        time.sleep(seconds)


class LossTest(DefectTest):
    def make_destination(self):
        return self.server(any_user="secret", hide=("MULTIAPPEND",))

    def refusing(self, times, which=3_000):
        """A proxy that refuses messages of about `which` octets so often."""
        left = [times]

        def on_command(number, tag, name, line):
            if name != "APPEND" or abs(literal_size(line) - which) > 20 or not left[0]:
                return None
            left[0] -= 1
            return b"{tag} NO not now\r\n"
        return self.meddle(self.destination, on_command), left

    def test_l1_a_message_refused_once_is_tried_again_though_later_ones_passed(self):
        proxy, left = self.refusing(1)
        self.put(self.source, "a", [message(1), message(2, size=3_000), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.assertEqual(left, [0])
        self.assert_same_mail(self.source, "a")

    def test_l1_what_is_refused_each_time_is_parked_and_all_others_pass(self):
        proxy, left = self.refusing(1_000_000)
        self.put(self.source, "a", [message(1), message(2, size=3_000), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=3, **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.assertTrue(wait_until(lambda: bridge.failures(), 20, 0.5), bridge.log())
        self.put(self.source, "a", [message(4)])
        self.assert_arrives(3, bridge=bridge)
        parked = bridge.failures()
        self.assertEqual([one["uid"] for one in parked], [2])
        self.assertIn("not now", parked[0]["reason"])

        left[0] = 0  # l3, l4, l5: it is tried again when asked to, which the daily hour does as well; also after a restart
        bridge.kill()
        bridge.start()
        self.settle(1)
        bridge.process.send_signal(signal.SIGUSR1)
        self.assert_arrives(4, bridge=bridge)
        self.assertTrue(wait_until(lambda: not bridge.failures(), 5, 0.2))

    def test_l2_an_answer_that_leaves_out_the_body_is_no_delivery(self):
        hidden = [True]

        def on_command(number, tag, name, line):
            if name == "UID FETCH" and b"BODY" in line and b"HEADER" not in line and hidden[0]:
                hidden[0] = False
                return b"{tag} OK nothing to tell\r\n"
            return None
        proxy = self.meddle(self.source, on_command)
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(port=proxy.port)], **QUICK).start()
        self.assert_arrives(1, bridge=bridge)
        self.assertFalse(hidden[0])

    def test_l6_nothing_is_pruned_that_was_not_delivered_to_every_target(self):
        def on_command(number, tag, name, line):
            return b"{tag} NO never here\r\n" if name == "APPEND" and b"Second" in line else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(n, days=30) for n in range(3)])
        bridge = self.bridge([self.one(mappings=[("INBOX", ["INBOX", "Second"], [])], since="60d", retention_days=5)],
                             port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.settle(4)
        self.assertEqual(count(self.source, "a"), 3, bridge.log())

    def test_l8_a_connection_that_dies_in_a_message_leaves_no_part_of_it(self):
        cuts = [2]

        def on_command(number, tag, name, line):
            if name == "APPEND" and literal_size(line) > 400_000 and cuts[0]:
                cuts[0] -= 1
                threading.Timer(0.05, proxy.cut_all).start()
            return None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1), message(2, size=20_000_000), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port, **QUICK).start()
        self.assert_arrives(3, timeout=60, bridge=bridge)
        self.assert_same_mail(self.source, "a")

    def test_l9_the_same_login_on_two_hosts(self):
        other = self.server(any_user="secret")
        self.put(self.source, "a", [message(n) for n in range(3)])
        self.put(other, "a", [message(10 + n) for n in range(4)])
        bridge = self.bridge([self.one(), Source("two", other, "a")]).start()
        self.assert_arrives(7, bridge=bridge)

    def test_l9_two_mappings_with_the_same_from(self):
        self.put(self.source, "a", [message(n) for n in range(3)])
        mappings = [("INBOX", ["INBOX"], []), ("INBOX", ["Second"], [])]
        bridge = self.bridge([self.one(mappings=mappings)]).start()
        self.assert_arrives(3, bridge=bridge)
        self.assert_arrives(3, "Second", bridge=bridge)
        self.put(self.source, "a", [message(9)])
        self.assert_arrives(4, bridge=bridge)
        self.assert_arrives(4, "Second", bridge=bridge)

    def test_l9_a_target_added_later_gets_what_the_first_look_wanted(self):
        self.put(self.source, "a", [message(n, days=3 * n) for n in range(4)])
        bridge = self.bridge([self.one(since="7d")]).start()
        self.assert_arrives(3, bridge=bridge)
        bridge.stop()
        bridge.sources = [self.one(mappings=[("INBOX", ["INBOX", "Later"], [])], since="7d")]
        bridge.write_config()
        bridge.start()
        self.assert_arrives(3, "Later", bridge=bridge)
        self.settle(1)
        self.assert_arrives(3, bridge=bridge)

    def replace_inbox(self, messages):
        """Another UIDVALIDITY: the mailbox is deleted below the server and filled anew."""
        with connect(self.source, "a") as connection:
            connection.command(b"CREATE Work")
            corpus.append(connection, "Work", messages)

    def test_l10_a_uidvalidity_that_changed_loses_and_doubles_nothing(self):
        old = [message(n, kind="no-message-id" if n % 2 else "plain") for n in range(6)]
        self.replace_inbox(old)
        bridge = self.bridge([self.one(mappings=[("Work", ["INBOX"], [])], poll_interval="2s")], **QUICK).start()
        self.assert_arrives(6, bridge=bridge)
        self.settle(1)
        self.command(self.source, "a", b"DELETE Work")
        self.replace_inbox([message(50)] + old)
        self.assert_arrives(7, bridge=bridge)
        self.settle(2)
        self.assert_arrives(7, bridge=bridge)

        bridge.stop()
        self.command(self.source, "a", b"DELETE Work")
        self.replace_inbox(old + [message(51, kind="no-message-id")])
        bridge.start()
        self.assert_arrives(8, bridge=bridge)
        self.settle(2)
        self.assert_arrives(8, bridge=bridge)

    def test_l11_a_message_id_used_again_by_another_message(self):
        self.put(self.source, "a", [message(n, kind="same-message-id") for n in range(4)])
        bridge = self.bridge([self.one()]).start()
        self.assert_arrives(4, bridge=bridge)
        self.put(self.source, "a", [message(9, kind="same-message-id")])
        self.assert_arrives(5, bridge=bridge)

    def test_l12_names_with_colons_and_wildcards(self):
        names = ["a:b:c", "100%_done", "x*y"]
        self.create(self.source, "a", *names)
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(number)], name)
        mappings = [(name, [f"To/{name}"], []) for name in names]
        bridge = self.bridge([self.one(mappings=mappings, poll_interval="2s")]).start()
        for name in names:
            self.assert_arrives(1, f"To/{name}", bridge=bridge)
        bridge.stop()
        for number, name in enumerate(names):
            self.put(self.source, "a", [message(10 + number)], name)
        bridge.start()
        for name in names:
            self.assert_arrives(2, f"To/{name}", bridge=bridge)

    def test_l13_f4_missing_mailboxes_are_made_also_when_they_vanish_later(self):
        bridge = self.bridge([self.one(mappings=[("INBOX", ["Deep/Down/Below"], [])])], **QUICK).start()
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, "Deep/Down/Below", bridge=bridge)
        self.command(self.destination, "archive", b"DELETE Deep/Down/Below")
        self.put(self.source, "a", [message(2)])
        self.assert_arrives(1, "Deep/Down/Below", bridge=bridge)

    def test_l13_a_mailbox_that_cannot_be_made_blocks_no_other_and_parks_nothing(self):
        refuse = [True]

        def on_command(number, tag, name, line):
            return b"{tag} NO [NOPERM] not here\r\n" if b"Locked" in line and refuse[0] else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(n) for n in range(3)])
        mappings = [("INBOX", ["Locked", "INBOX"], [])]
        bridge = self.bridge([self.one(mappings=mappings)], port=proxy.port, message_attempts=2, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.settle(5)
        self.assertEqual(bridge.failures(), [])
        refuse[0] = False
        self.assert_arrives(3, "Locked", bridge=bridge)

    def test_l13_too_large_parks_at_once_and_others_pass(self):
        def on_command(number, tag, name, line):
            return b"{tag} NO [TOOBIG] no\r\n" if name == "APPEND" and literal_size(line) > 50_000 else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1), message(2, size=60_000), message(3), message(4, size=900_000), message(5)])
        bridge = self.bridge([self.one()], port=proxy.port).start()
        self.assert_arrives(3, bridge=bridge)
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 2, 10, 0.3), bridge.log())
        self.settle(2)
        large = [line for line in proxy.names("APPEND") if literal_size(line) > 50_000]
        self.assertEqual(len(large), 2)

    def test_l13_what_the_server_says_it_does_not_take_is_not_even_sent(self):
        self.destination.set(capability="IMAP4rev1 UIDPLUS LITERAL+ ESEARCH APPENDLIMIT=50000")
        proxy = self.meddle(self.destination)
        self.put(self.source, "a", [message(1), message(2, size=60_000), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port).start()
        self.assert_arrives(2, bridge=bridge)
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 1, 10, 0.3), bridge.log())
        self.assertLess(max(map(literal_size, proxy.names("APPEND"))), 50_000)

    def test_l13_a_message_that_breaks_each_connection_holds_up_no_other(self):
        def on_command(number, tag, name, line):
            return CUT if name == "APPEND" and abs(literal_size(line) - 3_000) < 20 else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1, size=3_000), message(2), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=3, **QUICK).start()
        self.assert_arrives(2, timeout=40, bridge=bridge)
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 1, 40, 0.5), bridge.log())
        self.assertEqual(count(self.destination, "archive"), 2)


class DuplicateTest(DefectTest):
    def test_d1_a_quiet_mailbox_is_not_sent_again(self):
        self.put(self.source, "a", [message(n) for n in range(3)])
        bridge = self.bridge([self.one(poll_interval="1s", idle=False)])
        for _ in range(2):
            bridge.start()
            self.assert_arrives(3, bridge=bridge)
            self.settle(3)
            bridge.stop()
        self.assert_arrives(3, bridge=bridge)

    def test_d2_equal_mail_from_two_sources_at_once_arrives_once(self):
        other = self.server(any_user="secret")
        bridge = self.bridge([self.one(), Source("two", other, "b")], **QUICK).start()
        self.settle(1)
        for round_ in range(5):
            mail = [message(100 * round_ + n) for n in range(8)]
            threads = [threading.Thread(target=self.put, args=(server, user, mail))
                       for server, user in ((self.source, "a"), (other, "b"))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assert_arrives(40, bridge=bridge)
        self.settle(3)
        self.assert_arrives(40, bridge=bridge)

    def test_d3_killed_between_the_append_and_its_answer(self):
        def on_command(number, tag, name, line):
            return STALL if name == "APPEND" else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(n, kind="no-message-id" if n % 2 else "plain") for n in range(6)])
        bridge = self.bridge([self.one()], port=proxy.port).start()
        self.assertTrue(wait_until(lambda: count(self.destination, "archive") == 6), bridge.log())
        bridge.kill()
        proxy.on_command = None
        bridge.start()
        self.put(self.source, "a", [message(9)])
        self.assert_arrives(7, bridge=bridge)
        self.settle(1)
        self.assert_arrives(7, bridge=bridge)

    def test_d4_an_answer_that_is_lost_doubles_nothing(self):
        lost = [3]

        def on_command(number, tag, name, line):
            if name != "APPEND" or not lost[0]:
                return None
            lost[0] -= 1
            return LOSE
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(n, kind="no-message-id" if n % 2 else "plain") for n in range(6)])
        bridge = self.bridge([self.one()], port=proxy.port, **QUICK).start()
        for number in range(3):
            self.assertTrue(wait_until(lambda n=number: lost[0] <= 2 - n, 20), bridge.log())
            self.put(self.source, "a", [message(50 + number, kind="no-message-id" if number == 1 else "plain")])
        self.assert_arrives(9, bridge=bridge)
        self.settle(4)
        self.assert_arrives(9, bridge=bridge)


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
        self.assert_arrives(2, bridge=bridge)
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
