#!/usr/bin/env python3
"""Exactly once: SIGKILL at seeded random moments, and connections cut at random octets; afterwards none lost, none twice.

    kill_test.py [--moments 30] [--cuts 30] [--seed 1] [--messages 500] [--only kill|cut]

A failure prints the seed of its round; `--seed S --moments 1` (or --cuts 1) repeats it as far as time allows.
"""

import argparse
import dataclasses
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import Cut, FaultProxy  # noqa: E402

VARIANTS = ((), ("UIDPLUS",), ("MULTIAPPEND",), ("UIDPLUS", "MULTIAPPEND"))
OPTIONS = argparse.Namespace(moments=30, cuts=30, seed=1, messages=500)
MAX_RUNS = 12  # until exit 0, of one account


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in vars(OPTIONS).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--only", choices=("kill", "cut"))
    parser.parse_args(namespace=OPTIONS)
    if OPTIONS.only:
        setattr(OPTIONS, {"kill": "cuts", "cut": "moments"}[OPTIONS.only], 0)


@dataclasses.dataclass
class Round:
    """One destination account that is copied to, disturbed, until it is complete."""
    number: int
    seed: int
    user: str
    folder: harness.Folder
    destination: object
    hidden: tuple
    notes: list

    def __str__(self):
        return f"round {self.number} (--seed {self.seed}), without {self.hidden or 'nothing'}, {'; '.join(self.notes)}"


class KillTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source = self.server()
        corpus.load(self.source, corpus.mixed(OPTIONS.messages, OPTIONS.messages * 12_000, seed=OPTIONS.seed, largest=1_000_000))
        self.left = checker.read_account(self.source)
        self.destinations = [self.server(any_user="secret", hide=hidden, mail_format=("maildir", "sdbox")[number % 2])
                             for number, hidden in enumerate(VARIANTS)]
        self.failures = []

    def round(self, number):
        variant = number % len(VARIANTS)
        return Round(number, OPTIONS.seed + number, f"user{number}", self.enterContext(harness.Folder()),
                     self.destinations[variant], VARIANTS[variant], [])

    def arguments(self, one, **ports):
        return harness.copy_arguments(self.source, one.destination, one.folder, "--quiet", to_user=one.user,
                                      tls=not ports, **ports)

    def undisturbed_seconds(self):
        """How long an undisturbed copy takes here, the longest of the variants."""
        longest = 0.0
        for number, _ in enumerate(VARIANTS):
            one = self.round(number)
            one.user = f"timing{number}"
            started = time.monotonic()
            done = harness.run(self.arguments(one), one.folder)
            self.assertEqual(done.code, 0, done)
            longest = max(longest, time.monotonic() - started)
        return longest

    def compare(self, one):
        differences = checker.compare(self.left, checker.read_account(one.destination, one.user))
        if differences:
            self.failures.append(f"{one}\n  " + "\n  ".join(differences[:8]))
        one.destination.forget_user(one.user)

    def finish(self, one, run):
        """Runs until exit 0."""
        for _ in range(MAX_RUNS):
            done = run()
            if done.code == 0:
                return True
        self.failures.append(f"{one}\n  never ends with 0: {done}")
        return False

    def report(self, what, count):
        print(f"\n{count} {what}, {len(self.failures)} failures", flush=True)
        if self.failures:
            self.fail("\n" + "\n".join(self.failures[:6]))

    def killed(self, one, seconds):
        """Starts a copy and kills it after `seconds`; whether it was still running."""
        process = harness.start(self.arguments(one), one.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    def test_killed_at_random_moments(self):
        if OPTIONS.moments == 0:
            self.skipTest("--only cut")
        whole = self.undisturbed_seconds()
        kills = number = 0
        while kills < OPTIONS.moments and len(self.failures) < 6:
            one = self.round(number)
            number += 1
            source = random.Random(one.seed)
            for _ in range(source.choice((1, 1, 2, 3))):
                seconds = source.uniform(0, whole * 1.05)
                if not self.killed(one, seconds):
                    break
                kills += 1
                one.notes.append(f"killed after {seconds:.3f} s")
            if self.finish(one, lambda: harness.run(self.arguments(one), one.folder)):
                self.compare(one)
        self.report("kills", kills)

    def cut_plan(self, source, whole, cuts):
        """Cuts up to `cuts` connections of a run, at octets spread evenly over small and large offsets."""
        left = [cuts]

        def plan(number):
            if left[0] == 0 or source.random() < 0.2:
                return None
            left[0] -= 1
            way = source.choice(("up", "down"))
            return Cut(way, int(whole ** source.random()) if source.random() < 0.5 else source.randrange(whole))
        return plan

    def test_cut_at_random_octets(self):
        if OPTIONS.cuts == 0:
            self.skipTest("--only kill")
        whole = sum(m.size for box in self.left.mailboxes.values() for m in box)
        done = number = 0
        with FaultProxy(self.source.port) as near:
            fars = [self.enterContext(FaultProxy(server.port)) for server in self.destinations]
            while done < OPTIONS.cuts and len(self.failures) < 6:
                one = self.round(number)
                far = fars[number % len(VARIANTS)]
                number += 1
                source = random.Random(one.seed)
                near.reset_counters()
                far.reset_counters()
                near.set_plan(self.cut_plan(source, whole, source.choice((0, 1, 2))))
                far.set_plan(self.cut_plan(source, whole, source.choice((1, 1, 2))))
                if self.finish(one, lambda: harness.run(self.arguments(one, from_port=near.port, to_port=far.port), one.folder)):
                    one.notes.append(f"{near.cuts} cuts of the source, {far.cuts} of the destination")
                    self.compare(one)
                done += near.cuts + far.cuts
                if number > 20 + 4 * OPTIONS.cuts:
                    self.fail(f"only {done} cuts happened in {number} rounds")
        self.report("cuts", done)


if __name__ == "__main__":
    read_options()
    sys.argv[1:] = []
    harness.main()
