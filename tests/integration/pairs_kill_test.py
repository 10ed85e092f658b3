#!/usr/bin/env python3
"""Exactly once between servers of different makes: SIGKILL at seeded random moments, for each of the nine pairs.

    pairs_kill_test.py [--moments 3] [--seed 1] [--messages 150] [--pair dovecot:cyrus]
"""

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness, pairs  # noqa: E402

OPTIONS = argparse.Namespace(moments=3, seed=1, messages=150)
MAX_RUNS = 12  # until exit 0, of one account


class PairsKillTest(pairs.ServersTest):
    """The tests are made below, one for each pair."""

    def run_once(self, folder, kill_after=None):
        """Starts a copy; the exit code, or None when it was killed first."""
        process = harness.start(harness.copy_arguments(self.source, self.destination, folder, "--quiet"), folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, self.said = process.communicate(timeout=kill_after or 300)
            return process.returncode
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if not kill_after:
                self.fail("a copy did not end within 300 s")
            return None

    def disturbed(self, seed, whole):
        """Kills a copy into the empty account one to three times and lets it come to its end; how often, and what is wrong."""
        source = random.Random(seed)
        kills, notes = 0, []
        with harness.Folder() as folder:
            for _ in range(source.choice((1, 1, 2, 3))):
                seconds = source.uniform(0, whole * 1.05)
                if self.run_once(folder, seconds) is not None:
                    break
                kills += 1
                notes.append(f"killed after {seconds:.3f} s")
            codes = []
            while not codes or (codes[-1] != 0 and len(codes) < MAX_RUNS):
                codes.append(self.run_once(folder))
            wrong = [f"never ends with 0: {self.said}"] if codes[-1] != 0 else pairs.differences(self.source, self.destination)
        self.destination.forget_user("alice")
        return kills, [f"--seed {seed}, {', '.join(notes)}: {line}" for line in wrong[:5]]

    def check(self, one, other):
        self.source, self.destination = self.start(pairs.MAKES[one]), self.start(pairs.MAKES[other])
        names = pairs.names_for(self.source, full=False)
        pairs.load(self.source, corpus.mixed(OPTIONS.messages, OPTIONS.messages * 12_000, seed=OPTIONS.seed, names=names,
                                             largest=500_000, odd=False))
        with harness.Folder() as folder:
            started = time.monotonic()
            self.assertEqual(self.run_once(folder), 0, self.said if hasattr(self, "said") else "")
            whole = time.monotonic() - started
        self.destination.forget_user("alice")
        kills, rounds, wrong = 0, 0, []
        while kills < OPTIONS.moments and len(wrong) < 5 and rounds < 4 * OPTIONS.moments + 4:
            count, lines = self.disturbed(OPTIONS.seed + rounds, whole)
            kills, rounds, wrong = kills + count, rounds + 1, wrong + lines
        print(f"{one} to {other}: {kills} kills in {rounds} copies of {whole:.2f} s, {len(wrong)} differences", flush=True)
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(kills, OPTIONS.moments)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in vars(OPTIONS).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--pair", help="one pair only, source:destination")
    parser.parse_args(namespace=OPTIONS)
    for one, other in pairs.PAIRS:
        if OPTIONS.pair in (None, f"{one}:{other}"):
            setattr(PairsKillTest, f"test_{one}_to_{other}", lambda self, one=one, other=other: self.check(one, other))
    sys.argv[1:] = []
    pairs.main()


if __name__ == "__main__":
    main()
