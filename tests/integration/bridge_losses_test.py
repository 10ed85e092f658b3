#!/usr/bin/env python3
"""What the daemons before this one lost (l) and doubled (d), each as a test with real servers, and with a proxy between where
something must go wrong."""

import contextlib
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.bridging import QUICK, DefectTest, connect, literal_size, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import CUT, LOSE, STALL  # noqa: E402


def uids_of(text):
    """The UIDs that a set in a command names."""
    found = set()
    for part in text.decode().split(","):
        first, _, last = part.partition(":")
        found.update(range(int(first), (int(last) if last not in ("", "*") else int(first)) + 1))
    return found


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

    def test_a_message_at_which_the_source_breaks_before_it_sends_any_of_it_stops_no_other(self):
        self.check_breaking(b"BODY.PEEK[]")

    def test_a_message_at_which_the_source_breaks_instead_of_sending_its_header_stops_no_other(self):
        self.check_breaking(b"HEADER.FIELDS")

    def check_breaking(self, what):
        def on_command(number, tag, name, line):
            asked = re.search(rb"UID FETCH (\S+) ", line)
            return CUT if asked and what in line and bad & uids_of(asked.group(1)) else None
        bad = {2, 3}
        proxy = self.meddle(self.source, on_command)
        self.create(self.source, "a", "Else")
        self.put(self.source, "a", [message(1), message(2), message(3), message(4), message(7)])
        self.put(self.source, "a", [message(5)], "Else")
        mappings = [("INBOX", ["INBOX"], []), ("Else", ["Else"], [])]
        bridge = self.bridge([self.one(port=proxy.port, mappings=mappings)], message_attempts=3, **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.assert_arrives(1, "Else", bridge=bridge)
        self.put(self.source, "a", [message(6)])
        self.assert_arrives(4, bridge=bridge)
        self.assertTrue(wait_until(lambda: bridge.failures(), 60, 0.5), bridge.log())
        self.assertTrue(wait_until(lambda: [one["uid"] for one in bridge.failures()] == [2, 3], 60, 0.5), bridge.log())

    def test_a_message_id_that_cannot_be_looked_for_stops_no_other(self):
        odd = re.sub(rb"Message-ID: [^\r]*", b"Message-ID: <gr\xfcn@x>", message(2).octets())
        self.put(self.source, "a", [message(1)])
        with connect(self.source, "a") as connection:
            tag = connection.next_tag()
            connection.write(tag + b" APPEND INBOX {%d+}\r\n%s\r\n" % (len(odd), odd))
            connection.finish(tag)
        self.put(self.source, "a", [message(3)])
        bridge = self.bridge([self.one()], **QUICK).start()
        self.assert_arrives(3, bridge=bridge)
        self.assertNotIn("search", bridge.log().lower())

    def test_names_are_those_of_the_destination(self):
        self.destination = self.server(any_user="secret", separator=".", prefix="INBOX.")
        self.create(self.source, "a", "Work", "Work/Sent")
        self.put(self.source, "a", [message(1)])
        self.put(self.source, "a", [message(2)], "Work/Sent")
        mappings = [("INBOX", ["Archive/2026"], []), ("Work/Sent", ["Work/Sent"], [])]
        bridge = self.bridge([self.one(mappings=mappings)], **QUICK).start()
        self.assert_arrives(1, "INBOX.Archive.2026", bridge=bridge)
        self.assert_arrives(1, "INBOX.Work.Sent", bridge=bridge)

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

    def test_l6_what_was_gone_and_comes_back_is_not_pruned(self):
        hidden = [True]
        of_it = re.compile(rb"\* \d+ FETCH \(.*UID 3\b")

        def on_line(line):
            if not hidden[0]:
                return line
            return b"" if of_it.match(line) else line.replace(b"* 3 EXISTS", b"* 2 EXISTS")
        proxy = self.meddle(self.source, on_line=on_line)
        self.put(self.source, "a", [message(n, days=30) for n in range(3)])
        bridge = self.bridge([self.one(port=proxy.port, since="60d", retention_days=5)], **QUICK).start()
        self.assert_arrives(2, bridge=bridge)
        self.assertTrue(wait_until(lambda: count(self.source, "a") == 1), bridge.log())
        bridge.stop()
        hidden[0] = False
        bridge.start()
        self.put(self.source, "a", [message(4)])
        self.assert_arrives(3, bridge=bridge)
        self.settle(2)
        self.assertEqual(count(self.source, "a"), 2, bridge.log())

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

    def test_l13_a_destination_that_breaks_at_each_message_parks_none(self):
        cuts = [4]

        def on_command(number, tag, name, line):
            cuts[0] -= name == "APPEND"
            return CUT if name == "APPEND" and cuts[0] >= 0 else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=2, destination_attempts=3, **QUICK).start()
        self.assert_logged(bridge, "the destination is down", timeout=40)
        self.assert_arrives(1, timeout=60, bridge=bridge)
        self.assert_logged(bridge, "works again")
        self.assertEqual(bridge.failures(), [])
        self.assertNotIn("is parked", bridge.log())

    def test_l13_a_message_that_breaks_each_connection_holds_up_no_other(self):
        def on_command(number, tag, name, line):
            return CUT if name == "APPEND" and abs(literal_size(line) - 3_000) < 20 else None
        proxy = self.meddle(self.destination, on_command)
        self.put(self.source, "a", [message(1, size=3_000), message(2), message(3)])
        bridge = self.bridge([self.one()], port=proxy.port, message_attempts=3, **QUICK).start()
        self.assert_arrives(2, timeout=40, bridge=bridge)
        self.assertTrue(wait_until(lambda: len(bridge.failures()) == 1, 40, 0.5), bridge.log())
        self.assertEqual(count(self.destination, "archive"), 2)

    def test_a_message_that_is_announced_before_it_is_listed(self):
        hidden = [True]
        of_it = re.compile(rb"\* \d+ FETCH \(.*UID 3\b")
        proxy = self.meddle(self.source, on_line=lambda line: b"" if hidden[0] and of_it.match(line) else line)
        self.put(self.source, "a", [message(1), message(2)])
        bridge = self.bridge([self.one(port=proxy.port)]).start()
        self.assert_arrives(2, bridge=bridge)
        self.put(self.source, "a", [message(3)])
        self.settle(2)
        hidden[0] = False
        self.put(self.source, "a", [message(4)])
        self.assert_arrives(4, bridge=bridge)
        self.assert_same_mail(self.source, "a")


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

    def small_disk(self):
        """A file system of 200 KB; only root can make one."""
        disk = self.folder.path / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", disk], capture_output=True, check=False).returncode:
            self.skipTest("only root can mount a small disk")
        self.addCleanup(lambda: subprocess.run(["umount", disk], check=False))
        return disk

    def test_d3_a_full_disk_ends_the_daemon_and_doubles_nothing(self):
        disk = self.small_disk()
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one()], state=disk / "bridge.db").start()
        self.assert_arrives(1, bridge=bridge)
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass
        mail = [message(100 + n, size=500, kind="no-message-id" if n % 2 else "plain") for n in range(2_000)]
        self.put(self.source, "a", mail)
        self.assertTrue(wait_until(lambda: bridge.process.poll() is not None), bridge.log())
        self.assertEqual(bridge.process.returncode, 5)
        self.assertIn("no room is left", bridge.log())
        (disk / "filler").unlink()
        bridge.start()
        self.assert_arrives(2_001, bridge=bridge)
        self.settle(2)
        self.assert_arrives(2_001, bridge=bridge)
        bridge.kill()

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


if __name__ == "__main__":
    harness.main()
