#!/usr/bin/env python3
"""Ctrl-C: the program ends soon, cleanly, with 130, says so, and the next run carries on."""

import datetime
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.faultproxy import Cut, FaultProxy  # noqa: E402
from support.rawimap import Connection  # noqa: E402


class InterruptTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(), self.server()
        corpus.load(self.source, corpus.mixed(3000, 60_000_000, largest=2_000_000))

    def start(self, **ports):
        arguments = harness.copy_arguments(self.source, self.destination, self.folder, tls=not ports, **ports)
        return harness.start(arguments, self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def arrived(self):
        with Connection(self.destination.port) as connection:
            pieces = connection.command(b"STATUS INBOX (MESSAGES)")[0]
        return int(pieces[0].rsplit(b" ", 1)[1].rstrip(b")"))

    def wait_until(self, condition, process, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)

    def interrupted(self, process, number=signal.SIGINT, within=10):
        process.send_signal(number)
        started = time.monotonic()
        out, err = process.communicate(timeout=60)
        run = harness.Run(process.returncode, out, err, process.args)
        self.assertEqual(run.code, 130, run)
        self.assertLess(time.monotonic() - started, within)
        return run

    def test_in_the_middle_it_ends_with_130_and_the_next_run_completes(self):
        with FaultProxy(self.destination.port) as proxy:
            process = self.start(from_port=self.source.port, to_port=proxy.port)
            self.wait_until(lambda: proxy.octets["up"] > 5_000_000, process)
            self.interrupted(process)

        self.copy(self.source, self.destination)
        self.assert_same(self.source, self.destination)

    def test_inside_a_message_it_waits_for_its_end(self):
        """An APPEND that is cut short would hang both sides; one that is whole leaves nothing in doubt."""
        with Connection(self.source.port) as connection:
            connection.command(b"CREATE Large")
            now = datetime.datetime.now(datetime.timezone.utc)
            for number in range(3):
                corpus.append(connection, "Large", [corpus.Message(970_000 + number, 40_000_000, (), now)])
        for after in (1_000_000, 45_000_000, 90_000_000):
            with FaultProxy(self.destination.port) as proxy:
                arguments = harness.copy_arguments(self.source, self.destination, self.folder, "--mailbox", "Large", tls=False,
                                                   from_port=self.source.port, to_port=proxy.port)
                process = harness.start(arguments, self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.wait_until(lambda: proxy.octets["up"] > after, process)
                if process.poll() is None:
                    self.interrupted(process, within=9)
        self.copy(self.source, self.destination)
        self.assert_same(self.source, self.destination)

    def test_sigterm_does_the_same(self):
        with FaultProxy(self.destination.port) as proxy:
            process = self.start(from_port=self.source.port, to_port=proxy.port)
            self.wait_until(lambda: proxy.octets["up"] > 1_000_000, process)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertIn(process.returncode, (130, 143))

        self.copy(self.source, self.destination)
        self.assert_same(self.source, self.destination)

    def test_a_closed_terminal_does_the_same_and_the_commands_are_counted(self):
        with FaultProxy(self.destination.port) as proxy:
            arguments = harness.copy_arguments(self.source, self.destination, self.folder, "--json", tls=False,
                                               from_port=self.source.port, to_port=proxy.port)
            process = harness.start(arguments, self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.wait_until(lambda: proxy.octets["up"] > 5_000_000, process)
            done = self.interrupted(process, signal.SIGHUP)
        report = json.loads(done.out.splitlines()[-1])
        self.assertTrue(report["interrupted"], done)
        self.assertGreater(report["source_commands"], 2)
        self.assertGreater(report["destination_commands"], 2)

    def test_while_the_destination_is_silent(self):
        with FaultProxy(self.destination.port, plan=lambda number: Cut("up", 3_000_000, stall=True)) as proxy:
            process = self.start(from_port=self.source.port, to_port=proxy.port)
            self.wait_until(lambda: proxy.cuts > 0, process)
            self.interrupted(process, within=20)

        self.copy(self.source, self.destination)
        self.assert_same(self.source, self.destination)

    def test_before_the_first_answer(self):
        with FaultProxy(self.source.port, plan=lambda number: Cut("down", 0, stall=True)) as proxy:
            process = self.start(from_port=proxy.port, to_port=self.destination.port)
            self.wait_until(lambda: proxy.connections > 0, process)
            self.interrupted(process)


if __name__ == "__main__":
    harness.main()
