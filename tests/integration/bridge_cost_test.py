#!/usr/bin/env python3
"""What a bridge costs: octets written to disk, memory, processor time, connections, and how long mail is on its way.

Disk: the kernel's count of blocks that the process caused to be written (ru_oublock, 512 octets each), over its whole life and
behind a last flush, less that of a life in which nothing arrived; the state lies on a real file system. In the same run the same
is counted for a program that commits each message by itself. --sources for idle, --idle for the seconds in which nothing happens."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, daemon, harness, pairs  # noqa: E402
from support.bridging import BridgeTest, connect, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import Meddler  # noqa: E402
from support.rawimap import mailbox as mailbox_argument  # noqa: E402

WANTED = argparse.Namespace(sources=100, idle=8)

# What a daemon does that commits each message by itself, with the tables of the one before this: where it is, and what it has
# delivered. SQLite's own defaults for little wear: WAL, and a sync at checkpoints only.
ONE_BY_ONE = """
import sqlite3, sys
state = sqlite3.connect(sys.argv[1], isolation_level=None)
state.execute("PRAGMA journal_mode=WAL")
state.execute("PRAGMA synchronous=" + sys.argv[3])
state.execute("CREATE TABLE offsets (account TEXT PRIMARY KEY, last_uid INTEGER)")
state.execute("CREATE TABLE delivered (message_id TEXT PRIMARY KEY, at DATETIME DEFAULT CURRENT_TIMESTAMP)")
for number in range(int(sys.argv[2])):
    state.execute("BEGIN")
    state.execute("INSERT INTO delivered (message_id) VALUES (?)", ("<%032x@mail.example.org>INBOX" % (number * 0x9e3779b97f4a7c15),))
    state.execute("INSERT OR REPLACE INTO offsets VALUES ('alice@mail.example.org:993:INBOX', ?)", (number,))
    state.execute("COMMIT")
state.close()
"""


def written(bridge):
    """Ends the daemon, and tells the octets that its life wrote."""
    bridge.process.terminate()
    _, status, usage = os.wait4(bridge.process.pid, 0)
    bridge.process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_oublock * 512


class CostTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret")

    def tell(self, **figures):
        print("  " + "  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)


class DiskTest(CostTest):
    def setUp(self):
        super().setUp()
        self.disk = pathlib.Path(tempfile.mkdtemp(prefix="mfc", dir="/var/tmp"))  # /tmp may be in memory
        self.addCleanup(lambda: shutil.rmtree(self.disk, ignore_errors=True))
        self.bridge_of = self.bridge([Source("one", self.source, "a")], state=self.disk / "bridge.db")

    def one_by_one(self, messages, synchronous):
        """What a program wrote, a message, that committed so many by itself."""
        def life(count):
            state = self.disk / f"one-by-one-{synchronous}-{count}.db"
            process = subprocess.Popen([sys.executable, "-c", ONE_BY_ONE, state, str(count), synchronous])
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            return usage.ru_oublock * 512
        return (life(messages) - life(0)) // messages

    def compare(self, each, messages):
        for synchronous in ("NORMAL", "FULL"):
            other = self.one_by_one(messages, synchronous)
            self.tell(messages=messages, bridge_each=round(each), one_commit_each=other, synchronous=synchronous)
            self.assertLess(each * 5, other, "seldom is not worth it")

    def life(self, work):
        self.bridge_of.start()
        time.sleep(1)
        work()
        return written(self.bridge_of)

    def idle_life(self):
        """Of a daemon that knows everything already."""
        self.put(self.source, "a", [message(1)])
        self.bridge_of.start()
        self.assert_arrives(1, bridge=self.bridge_of)
        written(self.bridge_of)
        return self.life(lambda: None)

    def steady(self, messages):
        """One after the other, each on its own; a flush comes after five minutes, which is 300 of them."""
        for number in range(messages):
            self.put(self.source, "a", [message(100 + number, size=800)])
            wait_until(lambda n=number: count(self.destination, "archive") > n + 1, 10, 0.005)

    def test_steadily_one_by_one(self):
        idle = self.idle_life()
        octets = self.life(lambda: self.steady(300)) - idle
        self.tell(idle_life=idle, steady_300=octets, each=octets // 300)
        self.assertLessEqual(octets / 300, 500)
        self.compare(octets / 300, 300)

    def test_bursts(self):
        idle = self.idle_life()
        burst = [message(1_000 + n, size=700) for n in range(1_000)]

        def work():
            self.put(self.source, "a", burst)
            self.assert_arrives(1_001, bridge=self.bridge_of, timeout=60)
        octets = self.life(work) - idle
        self.tell(burst_1000=octets, each=octets // 1_000)
        self.assertLessEqual(octets / 1_000, 200)
        self.compare(octets / 1_000, 1_000)

    def test_nothing_while_nothing_happens(self):
        self.put(self.source, "a", [message(1)])
        self.bridge_of.start()
        self.assert_arrives(1, bridge=self.bridge_of)
        time.sleep(2)
        self.bridge_of.stop()  # which records the message, so that no flush of it comes later
        self.bridge_of.start()
        time.sleep(3)
        before, commits = self.bridge_of.written_octets(), self.commits()
        cpu, begin = self.bridge_of.cpu_seconds(), time.monotonic()
        time.sleep(WANTED.idle)
        written_octets = self.bridge_of.written_octets() - before
        self.tell(idle_seconds=round(time.monotonic() - begin), written=written_octets,
                  cpu_seconds=round(self.bridge_of.cpu_seconds() - cpu, 2))
        self.assertEqual(written_octets, 0)
        self.assertEqual(self.commits(), commits)

    def commits(self):
        done = harness.run(["status", "--state", self.bridge_of.state, "--json"], self.folder)
        return done.events()[0]["journal_commits"]


class MemoryTest(CostTest):
    def test_a_message_of_100_mb_into_three_mailboxes(self):
        self.put(self.source, "a", [message(1, size=100_000_000)])
        mailboxes = ["INBOX", "Two", "Three"]
        bridge = self.bridge([Source("one", self.source, "a", [("INBOX", mailboxes, [])])], timeout=120).start()
        for name in mailboxes:
            self.assert_arrives(1, name, timeout=240, bridge=bridge)
        now, most = bridge.rss()
        self.tell(rss_kib=now, most_kib=most)
        self.assertLess(most, 40 * 1024)

    def test_many_idle_sources(self):
        servers = [self.server(any_user="secret", connections=0) for _ in range(max(1, WANTED.sources // 300))]
        sources = [Source(f"s{n}", servers[n % len(servers)], f"u{n}") for n in range(WANTED.sources)]
        alone = self.bridge(sources[:1], timeout=60).start()
        time.sleep(2)
        base = alone.rss()[0]
        alone.stop()
        bridge = self.bridge(sources, timeout=60).start()
        begin = time.monotonic()
        time.sleep(max(10, WANTED.sources / 20))
        self.assertNotIn("warning", bridge.log())
        cpu, at = bridge.cpu_seconds(), time.monotonic()
        time.sleep(10)
        share = (bridge.cpu_seconds() - cpu) / (time.monotonic() - at)
        rss = bridge.rss()[0]
        each = (rss - base) / (WANTED.sources - 1)
        total = base + each * 999
        self.tell(sources=WANTED.sources, rss_kib=rss, each_kib=round(each, 1), thousand_mib=round(total / 1024, 1),
                  cpu_percent=round(100 * share, 3), start_s=round(at - begin))
        self.assertLess(total, 150 * 1024)
        self.assertLess(share * 1_000 / WANTED.sources, 0.01 * 10)
        last = sources[-1]
        self.put(last.server, last.user, [message(7)])
        self.assert_arrives(1, bridge=bridge)


class ConnectionTest(CostTest):
    def test_connections_stay_under_their_caps(self):
        names = [f"Box{n}" for n in range(12)]
        self.create(self.source, "a", *names)
        of, to = (self.enterContext(Meddler(server.port)) for server in (self.source, self.destination))
        mappings = [(name, [f"To{name}", "INBOX"], []) for name in names]
        sources = [Source("one", self.source, "a", mappings, port=of.port, poll_interval="2s")]
        sources += [Source(f"s{n}", self.source, f"s{n}") for n in range(8)]
        bridge = self.bridge(sources, port=to.port).start()
        time.sleep(2)
        for name in names:
            self.put(self.source, "a", [message(hash(name) % 10_000 + n) for n in range(3)], name)
        for number in range(8):
            self.put(self.source, f"s{number}", [message(20_000 + 10 * number + n) for n in range(5)])
        for name in names:
            self.assert_arrives(3, f"To{name}", bridge=bridge)
        self.tell(source_connections=of.connections, destination_connections=to.connections)
        self.assertLessEqual(of.connections, 4)
        self.assertLessEqual(to.connections, 5)


class BacklogTest(CostTest):
    """A server without an index looks through the whole mailbox at each search: few of them have to do."""

    def test_a_backlog_into_a_large_mailbox(self):
        corpus.load(self.destination, corpus.uniform(10_000, 1_000), user="archive", password="secret")
        self.put(self.source, "a", [message(500_000 + number, size=800) for number in range(1_000)])
        to = self.enterContext(Meddler(self.destination.port))
        begin = time.monotonic()
        self.bridge([Source("one", self.source, "a")], port=to.port).start()
        self.assertTrue(wait_until(lambda: count(self.destination, "archive") >= 11_000, 120, 0.2))
        searches = len(to.names("UID SEARCH"))
        self.tell(backlog=1_000, seconds=round(time.monotonic() - begin, 1), searches=searches)
        self.assertLess(searches, 150)


class LatencyTest(CostTest):
    """From the end of the APPEND on the source, and from the EXISTS that the server sent, to the message being there."""

    def test_latency_with_twenty_sources(self):
        whole, told = self.measure(self.source)
        self.assertLess(told, 0.1)  # the proxies and the watching of this test included
        self.assertLess(whole, 1.0)  # Dovecot tells of a message half a second late

    def test_latency_from_a_server_that_tells_at_once(self):
        """Cyrus, whose idled tells of a message in 20 to 50 ms."""
        try:
            whole, _ = self.measure(self.enterContext(pairs.Cyrus(users={"u0": "secret"})))
        except pairs.NeedsRoot as why:
            self.skipTest(str(why))
        self.assertLess(whole, 0.25)

    def measure(self, watched):
        of, to = (self.enterContext(Meddler(server.port)) for server in (watched, self.destination))
        users = [f"u{n}" for n in range(20)]
        sources = [Source(f"s{n}", self.source if n else watched, user, port=None if n else of.port) for n, user in enumerate(users)]
        self.bridge(sources, port=to.port).start()
        time.sleep(4)
        stop = threading.Event()
        busy = threading.Thread(target=self.keep_busy, args=(users[1:], stop))
        busy.start()
        whole, told = [], []
        watch = connect(self.destination, "archive")
        try:
            for number in range(40):
                self.one_way(number, watched, users[0], of, to, watch, whole, told)
        finally:
            stop.set()
            busy.join()
            watch.close()
        for name, values in (("whole", whole), ("from_exists", told)):
            values.sort()
            self.tell(what=name, median_ms=round(1000 * statistics.median(values), 1),
                      p99_ms=round(1000 * values[max(0, int(len(values) * 0.99) - 1)], 1), of=len(values))
        return statistics.median(whole), statistics.median(told)

    def keep_busy(self, users, stop):
        number = 100_000
        while not stop.is_set():
            number += 1
            self.put(self.source, users[number % len(users)], [message(number, size=1_500)])
            time.sleep(0.05)

    def one_way(self, number, server, user, of, to, watch, whole, told):
        size = 40_000 + 50 * number  # by which it is known on the way
        with connect(server, user) as connection:
            corpus.append(connection, "INBOX", [message(500_000 + number, size=size)])
        begin = time.monotonic()
        sent = lambda: [one for one in to.commands if b"{%d+}" % size in one[2]]  # noqa: E731
        self.assertTrue(wait_until(sent, 20, 0.002))
        argument = mailbox_argument("INBOX")
        answer = lambda: watch.command(b"EXAMINE " + argument) and watch.command(b"SEARCH LARGER %d SMALLER %d" % (size - 1, size + 1))  # noqa: E731
        while not any(b"SEARCH " in line[0] for line in answer()):
            time.sleep(0.002)
        end = time.monotonic()
        whole.append(end - begin)
        told.append(end - min(moment for moment, _, _ in of.lines if begin - 0.01 < moment < end))
        time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=WANTED.sources)
    parser.add_argument("--idle", type=int, default=WANTED.idle)
    _, rest = parser.parse_known_args(namespace=WANTED)
    sys.argv[1:] = rest
    harness.main()


if __name__ == "__main__":
    main()
