#!/usr/bin/env python3
"""What a run asks of the servers when little or nothing is to do, counted by a proxy.

    commands_test.py [--messages 5000] [--mailboxes 100]
"""

import argparse
import datetime
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import FaultProxy  # noqa: E402
from support.rawimap import Connection  # noqa: E402

OPTIONS = argparse.Namespace(messages=5000, mailboxes=100)
NOTHING_TO_DO = 12  # commands a side
ONE_MESSAGE = 6     # more than that


class CommandsTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, corpus.many_mailboxes(OPTIONS.mailboxes, OPTIONS.messages))
        self.near = self.enterContext(FaultProxy(self.source.port, count=True))
        self.far = self.enterContext(FaultProxy(self.destination.port, count=True))
        self.run_counted(timeout=3600)
        self.run_counted()  # brings the state up to what the servers said last

    def run_counted(self, timeout=300):
        for proxy in (self.near, self.far):
            proxy.reset_counters()
        self.copy(self.source, self.destination, "--quiet", tls=False, from_port=self.near.port, to_port=self.far.port,
                  timeout=timeout)
        return [proxy.command_names() for proxy in (self.near, self.far)]

    def lines_about_messages(self, proxy):
        return [line for line in proxy.responses if re.match(rb"\* \d+ (FETCH|EXPUNGE)", line)]

    def test_nothing_to_do(self):
        for side, names, proxy in zip(("source", "destination"), self.run_counted(), (self.near, self.far)):
            print(f"nothing to do, {side}: {len(names)} commands: {' '.join(names)}", flush=True)
            self.assertLessEqual(len(names), NOTHING_TO_DO, f"{side}: {names}")
            self.assertEqual(self.lines_about_messages(proxy), [], f"{side}: a line for a message")
            self.assertLess(proxy.octets["down"], 20_000 + 200 * OPTIONS.mailboxes)

    def test_one_new_message(self):
        nothing = self.run_counted()
        now = datetime.datetime.now(datetime.timezone.utc)
        with Connection(self.source.port) as connection:
            corpus.append(connection, "Box 3/4", [corpus.Message(990_000, 1500, ("\\Seen",), now)])

        one = self.run_counted()

        for side, before, after in zip(("source", "destination"), nothing, one):
            print(f"one new message, {side}: {len(after)} commands: {' '.join(after)}", flush=True)
            self.assertLessEqual(len(after), len(before) + ONE_MESSAGE, f"{side}: {after}")
        box = lambda server: checker.read_mailbox(Connection(server.port), "Box 3/4")  # noqa: E731
        self.assertEqual(checker.compare_mailboxes("Box 3/4", box(self.source), box(self.destination)), [])

    def test_one_changed_flag(self):
        nothing = self.run_counted()
        with Connection(self.source.port) as connection:
            connection.command(b'SELECT "Box 3/4"')
            connection.command(b"STORE 2 +FLAGS (\\Flagged)")

        one = self.run_counted()

        for side, before, after, proxy in zip(("source", "destination"), nothing, one, (self.near, self.far)):
            print(f"one changed flag, {side}: {len(after)} commands: {' '.join(after)}", flush=True)
            self.assertLessEqual(len(after), len(before) + ONE_MESSAGE, f"{side}: {after}")
            self.assertLess(len(self.lines_about_messages(proxy)), 10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in vars(OPTIONS).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.parse_args(namespace=OPTIONS)
    sys.argv[1:] = []
    harness.main()
