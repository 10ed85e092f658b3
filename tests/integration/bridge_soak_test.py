#!/usr/bin/env python3
"""Random mail, flag changes, cuts, stalls, restarts of servers and kills of the daemon for a while; at the end every message
is once in each mailbox that it is mapped to, byte for byte and with its date, and nothing is parked without a reason.

--minutes 1 --sources 6 --seed N --makes dovecot[,cyrus,courier]; the acceptance: 30 minutes, 20 sources, all makes."""

import argparse
import collections
import hashlib
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness, pairs  # noqa: E402
from support.bridging import BridgeTest, connect, message  # noqa: E402
from support.daemon import Source, wait_until  # noqa: E402
from support.meddler import LOSE, STALL, Meddler  # noqa: E402

KINDS = ("plain",) * 8 + ("no-message-id", "8bit", "same-message-id", "no-final-eol", "from-line")
WANTED = argparse.Namespace(minutes=1.0, sources=6, seed=None, makes="dovecot")


class Line:
    """The way to one server: a proxy that stalls or loses an answer now and then, and can be cut."""

    def __init__(self, test, server, chance, source):
        self.server, self.chance, self.random = server, chance, random.Random(source)
        self.proxy = test.enterContext(Meddler(lambda: server.port, self.on_command))
        self.calm = False

    def on_command(self, number, tag, name, line):
        if self.calm or self.random.random() > self.chance:
            return None
        return self.random.choice((LOSE, STALL)) if name in ("APPEND", "UID FETCH", "UID SEARCH", "IDLE") else None


class SoakTest(BridgeTest):
    def make_server(self, make):
        if make == "dovecot":
            return self.server(any_user="secret")
        names = {f"user{n}": "secret" for n in range(WANTED.sources)}
        return self.enterContext({"cyrus": pairs.Cyrus, "courier": pairs.Courier}[make](users=names))

    def test_everything_arrives_once(self):
        seed = WANTED.seed if WANTED.seed is not None else random.randrange(1 << 30)
        print(f"--seed {seed}", flush=True)
        self.random = random.Random(seed)
        makes = WANTED.makes.split(",")
        count = max(2, min(4, WANTED.sources // 2), len(makes))
        servers = [self.make_server(makes[n % len(makes)]) for n in range(count)]
        self.lines = [Line(self, server, 0.004, seed + n) for n, server in enumerate(servers)]
        self.way = Line(self, self.destination, 0.01, seed - 1)
        self.users = [(self.lines[n % count], f"user{n}") for n in range(WANTED.sources)]
        sources = [Source(f"s{n}", line.server, user, self.mappings(n), port=line.proxy.port, poll_interval="5s")
                   for n, (line, user) in enumerate(self.users)]
        self.sent = collections.defaultdict(collections.Counter)  # mailbox of the destination → what belongs there
        self.number, self.labels = 0, {}
        bridge = self.bridge(sources, port=self.way.proxy.port, timeout=4, backoff_first="1s", backoff_most="2s",
                             message_attempts=12)
        bridge.start()
        end = time.monotonic() + WANTED.minutes * 60 - min(20, WANTED.minutes * 20)
        done = collections.Counter()
        while time.monotonic() < end:
            done[self.disturb(bridge)] += 1
            time.sleep(self.random.random() * 0.3)
        print(dict(done), f"{self.number} messages", flush=True)
        for line in [*self.lines, self.way]:
            line.calm = True
        self.way.proxy.cut_all()
        if bridge.process.poll() is not None:
            bridge.start()
        self.assert_all_arrives(bridge)

    @staticmethod
    def mappings(number):
        if number % 3 == 1:
            return [("INBOX", [f"Box{number}", "INBOX"], [])]
        return [("INBOX", ["INBOX"] if number % 3 else [f"Box{number}"], [])]

    def disturb(self, bridge):
        chosen = self.random.choices(
            (self.deliver, self.deliver_many, self.change_flags, self.cut, self.restart_server, self.kill, self.restart),
            (50, 6, 10, 4, 1, 2, 1))[0]
        chosen(bridge)
        return chosen.__name__

    def deliver(self, bridge, messages=1):
        index = self.random.randrange(len(self.users))
        line, user = self.users[index]
        mail = []
        for _ in range(messages):
            self.number += 1
            size = 400_000 if self.random.random() < 0.03 else self.random.randrange(500, 20_000)
            flags = self.random.choice(((), ("\\Seen",), ("\\Flagged", "\\Answered")))
            mail.append(message(self.number, size=size, flags=flags, days=self.random.randrange(300),
                                kind=self.random.choice(KINDS)))
        with connect(line.server, user) as connection:
            pairs.append(line.server, connection, "INBOX", mail)
        for one in mail:
            digest = hashlib.sha256(line.server.keeps(one.octets())).hexdigest()
            self.labels[digest] = f"{user} {one}"
            for mailbox in self.mappings(index)[0][1]:
                self.sent[mailbox][digest, int(one.when.timestamp())] += 1

    def deliver_many(self, bridge):
        self.deliver(bridge, self.random.randrange(2, 60))

    def change_flags(self, bridge):
        line, user = self.random.choice(self.users)
        with connect(line.server, user) as connection:
            connection.command(b"SELECT INBOX")
            try:
                connection.command(b"STORE 1:* +FLAGS (\\Flagged)")
            except Exception:  # noqa: BLE001: it is empty
                pass

    def cut(self, bridge):
        self.random.choice([*self.lines, self.way]).proxy.cut_all()

    def restart_server(self, bridge):
        line = self.random.choice([*self.lines, self.way])
        line.server.stop()
        line.proxy.cut_all()
        time.sleep(self.random.random())
        line.server.start()

    def kill(self, bridge):
        bridge.kill()
        bridge.start()

    def restart(self, bridge):
        self.assertEqual(bridge.stop(timeout=32), 0, bridge.log()[-3000:])
        bridge.start()

    def arrived(self):
        found = collections.defaultdict(collections.Counter)
        account = checker.read_account(self.destination, "archive", kept=self.destination.keeps)
        for name, messages in account.mailboxes.items():
            for one in messages:
                found[name][one.digest, one.instant] += 1
        return found

    def assert_all_arrives(self, bridge):
        wanted = {name: counter for name, counter in self.sent.items() if counter}
        total = sum(sum(counter.values()) for counter in wanted.values())
        # On a machine that is busy otherwise much may be left to be carried; 50 messages a second are few.
        wait_until(lambda: sum(sum(c.values()) for c in self.arrived().values()) >= total, 60 + total / 50, 1)
        time.sleep(3)
        have = self.arrived()
        notes = []
        for name, counter in wanted.items():
            for what, found in (("missing", counter - have[name]), ("surplus", have[name] - counter)):
                notes += [f"{name}: {what} {count} × {self.labels.get(key[0], key)}" for key, count in found.items()]
        self.assertEqual(notes, [], bridge.log()[-6000:])
        self.assertEqual(bridge.failures(), [])
        self.assertEqual(bridge.stop(timeout=32), 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=WANTED.minutes)
    parser.add_argument("--sources", type=int, default=WANTED.sources)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--makes", default=WANTED.makes)
    _, rest = parser.parse_known_args(namespace=WANTED)
    sys.argv[1:] = rest
    pairs.main() if WANTED.makes != "dovecot" else harness.main()


if __name__ == "__main__":
    main()
