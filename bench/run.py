#!/usr/bin/env python3
"""How fast and how small mailferry is: against the raw floor, mbsync and dsync, between two private Dovecots.

    bench/run.py [--quick] [--only mixed,small,delay,again,large,compress,million] [--rounds 5] [--rivals mbsync,dsync] [--output FILE]

All contenders take turns, round after round; the best of the rounds counts. A private run on an otherwise idle machine.
"""

import argparse
import contextlib
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/integration"))
sys.path.insert(0, str(HERE))
import contenders as programs_to_run  # noqa: E402
from contenders import PASSWORD, Mailferry, Route  # noqa: E402
from support import checker, corpus  # noqa: E402
from support.dovecot import CAPABILITIES, Dovecot, die_with_parent  # noqa: E402
from support.rawimap import Connection  # noqa: E402

SCENARIOS = ("mixed", "small", "delay", "again", "large", "compress", "million")
WALL_GOAL = {"delay": 1.25}
CPU_GOAL, RSS_GOAL_MB, OCTETS_A_MESSAGE_GOAL = 2.0, 32, 64


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="million is run only when named")
    parser.add_argument("--only", default="mixed,small,delay,again,large,compress", help="of " + ", ".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rivals", default=None, help="default mbsync,dsync; empty: none; each is run once")
    parser.add_argument("--rival-rounds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a tenth of the mail, two rounds, no rivals")
    parser.add_argument("--no-tls", action="store_true", help="plain connections only")
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parent / "build/release")
    parser.add_argument("--output", type=pathlib.Path, help="write the tables (Markdown) to this file too")
    parser.add_argument("--server-format", default="maildir", choices=("maildir", "sdbox", "mdbox"))
    parser.add_argument("--enforce", action="store_true", help="exit 1 when a goal is missed")
    parsed = parser.parse_args()
    if parsed.quick:
        parsed.rounds = min(parsed.rounds, 2)
    if parsed.rivals is None:
        parsed.rivals = "" if parsed.quick else "mbsync,dsync"
    parsed.only = parsed.only.split(",")
    unknown = set(parsed.only) - set(SCENARIOS)
    if unknown:
        parser.error(f"unknown scenario {', '.join(unknown)}")
    return parsed


def memory_folder():
    """A tmpfs with room for the mail of both sides, else the ordinary temporary folder."""
    if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 4 << 30:
        return "/dev/shm"
    return tempfile.gettempdir()


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.scratch = tempfile.mkdtemp(prefix="mfs", dir=memory_folder())
        self.lines, self.missed, self.users = [], [], 0

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def note(self, text):
        print(f"    {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def servers(self, mail_format=None, **more):
        extra = "auth_mechanisms = plain login\n" + more.pop("extra", "")  # the default; what the floor uses too
        settings = dict(any_user=PASSWORD, mail_root=memory_folder(), mail_format=mail_format or self.arguments.server_format,
                        connections=100, extra=extra, **more)
        with Dovecot(**settings) as source, Dovecot(**settings) as destination:
            yield source, destination

    def contenders(self, rivals=True):
        wanted = self.arguments.rivals.split(",") if rivals else ()
        return programs_to_run.contenders(self.arguments.programs, self.scratch, wanted)

    def new_user(self):
        self.users += 1
        return f"run{self.users}"

    def load(self, source, user, account):
        started = time.monotonic()
        corpus.load(source, account, user, PASSWORD)
        with Connection(source.port, user, PASSWORD, timeout=600) as connection:  # the source's caches are warm for everyone
            for name in account.mailboxes:
                checker_name = corpus.server_name(source, name)
                connection.command(b"EXAMINE " + corpus.mailbox_argument(checker_name))
                tag = connection.send(b"UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)")
                for _ in connection.untagged(tag):
                    pass
        self.note(f"loaded {account.count()} messages, {account.octets() / 1e6:.0f} MB in {time.monotonic() - started:.1f} s")

    def arrived(self, route):
        """How many messages the destination account has."""
        with Connection(route.destination.port, route.to_user, PASSWORD, timeout=600) as connection:
            total = 0
            for pieces in connection.command(b'LIST "" "*" RETURN (STATUS (MESSAGES))'):
                if pieces[0].startswith(b"* STATUS"):
                    total += int(pieces[-1].rsplit(b" ", 1)[1].rstrip(b")"))
            return total

    def once(self, contender, route, expected):
        result = contender.run(route)
        complete = result.code == 0 and self.arrived(route) == expected
        if not complete:
            self.note(f"{contender.name}: exit {result.code}, {self.arrived(route)} of {expected} arrived: {result.output.strip()}")
        self.note(f"{contender.name}: {result.wall:.2f} s, CPU {result.cpu:.2f} s, {result.rss_mb:.0f} MB")
        return result if complete else None

    def in_turns(self, contenders, make_route, expected):
        """Runs everyone round after round into fresh accounts; name → results."""
        results = {contender.name: [] for contender in contenders}
        for number in range(self.arguments.rounds):
            for contender in contenders:
                if contender.is_rival and number >= self.arguments.rival_rounds:
                    continue
                route = make_route(self.new_user())
                result = self.once(contender, route, expected)
                if result:
                    results[contender.name].append(result)
                route.destination.forget_user(route.to_user)
                contender.forget(route)
        return {name: runs for name, runs in results.items() if runs}

    def table(self, title, results, goal):
        floors = [runs for name, runs in results.items() if name.startswith("floor")]
        best_floor = min(floors, key=lambda runs: min(run.wall for run in runs))
        wall, cpu = min(run.wall for run in best_floor), min(run.cpu for run in best_floor)
        self.say(f"\n### {title}\n")
        self.say("| | best, s | of the floor | all runs, s | own CPU, s | of the floor's | peak RSS, MB |")
        self.say("|---|--:|--:|---|--:|--:|--:|")
        for name, runs in results.items():
            best, own = min(run.wall for run in runs), min(run.cpu for run in runs)
            every = " ".join(f"{run.wall:.2f}" for run in runs)
            self.say(f"| {name} | {best:.2f} | {best / wall:.2f} | {every} | {own:.2f} | {own / cpu:.2f} "
                     f"| {max(run.rss_mb for run in runs):.0f} |")
            if name == "mailferry":
                self.hold(f"{title}: wall time", best / wall, goal)
                self.hold(f"{title}: CPU", own / cpu, CPU_GOAL)
                self.hold(f"{title}: memory, MB", max(run.rss_mb for run in runs), RSS_GOAL_MB)
        if "mailferry" not in results:
            self.missed.append(f"{title}: mailferry did not copy the account")

    def hold(self, what, value, goal):
        if not value <= goal:
            self.missed.append(f"{what}: {value:.2f}, the goal is {goal}")

    def fraction(self, count):
        return count // 10 if self.arguments.quick else count

    def copies(self, name, title, account):
        """Full copies of one account by everyone, plain and over TLS."""
        with self.servers() as (source, destination):
            self.load(source, name, account)
            for tls in (False, True)[:1 if self.arguments.no_tls else 2]:
                make_route = lambda user: Route(source, destination, name, user, tls)  # noqa: E731
                results = self.in_turns(self.contenders(), make_route, account.count())
                self.table(f"{title}, {'TLS' if tls else 'plain'}", results, WALL_GOAL.get(name, 1.15))

    def run_mixed(self):
        count = self.fraction(10_000)
        self.copies("mixed", f"{count:,} messages, {count * 46_500 // 1_000_000} MB, ten mailboxes",
                    corpus.mixed(count, count * 46_500, odd=False))

    def run_small(self):
        count = self.fraction(50_000)
        self.copies("small", f"{count:,} messages of 2 KB in one mailbox", corpus.uniform(count, 2048))

    @contextlib.contextmanager
    def delay_proxy(self, *servers, line="40"):
        process = subprocess.Popen([self.arguments.programs / "bench/delay_proxy", line, *(str(s.port) for s in servers)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        try:
            yield [int(process.stdout.readline()) for _ in servers]
        finally:
            process.stdin.close()
            process.wait()

    def run_delay(self):
        account = corpus.mixed(2000, 95_000_000, odd=False)
        with self.servers() as (source, destination), self.delay_proxy(source, destination) as ports:
            self.load(source, "delay", account)
            make_route = lambda user: Route(source, destination, "delay", user, False, *ports)  # noqa: E731
            everyone = [c for c in self.contenders() if c.name != "dsync"]  # it takes minutes: a turn for each message
            results = self.in_turns(everyone, make_route, account.count())
            self.table("2,000 messages, 95 MB, round trip 40 ms", results, WALL_GOAL["delay"])

    def run_again(self):
        """A second run, when nothing is to do and when a little is."""
        count = self.fraction(10_000)
        account = corpus.mixed(count, count * 46_500, odd=False)
        self.say(f"\n### Run again, {count:,} messages\n")
        self.say("| | nothing to do, s | own CPU, s | at 40 ms, s |")
        self.say("|---|--:|--:|--:|")
        with self.servers() as (source, destination), self.delay_proxy(source, destination) as ports:
            self.load(source, "again", account)
            for contender in self.contenders():
                if contender.name.startswith("floor"):
                    continue
                route = Route(source, destination, "again", self.new_user())
                if self.once(contender, route, account.count()) is None:
                    continue
                near = min((contender.run(route) for _ in range(3)), key=lambda run: run.wall)
                far = "n/a"
                if contender.name != "dsync":
                    route.from_port, route.to_port = ports
                    contender.run(route)  # the account has another address now; let it settle
                    far = f"{min(contender.run(route).wall for _ in range(3)):.3f}"
                self.say(f"| {contender.name} | {near.wall:.3f} | {near.cpu:.3f} | {far} |")

    def run_large(self):
        account = corpus.uniform(5, 100_000_000)
        with self.servers() as (source, destination):
            self.load(source, "large", account)
            make_route = lambda user: Route(source, destination, "large", user)  # noqa: E731
            everyone = [c for c in self.contenders() if c.name != "dsync"]
            self.table("Five messages of 100 MB", self.in_turns(everyone, make_route, 5), 1.15)

    def run_compress(self):
        """What COMPRESS=DEFLATE costs and wins on lines of different speed."""
        account = corpus.mixed(400, 20_000_000, odd=False)
        zlib = dict(plugins="zlib", extra="protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n",
                    capability=" ".join(CAPABILITIES + ["COMPRESS=DEFLATE"]))
        self.say("\n### Compression, 400 messages, 20 MB, round trip 20 ms, both servers behind the line\n")
        self.say("| line | never, s | own CPU, s | always, s | own CPU, s |\n|---|--:|--:|--:|--:|")
        with self.servers(**zlib) as (source, destination):
            self.load(source, "compress", account)
            for line, name in (("20:10", "10 Mbit/s"), ("20:50", "50 Mbit/s"), ("20:200", "200 Mbit/s"), ("20", "unlimited"),
                               ("0", "unlimited, no delay")):
                with self.delay_proxy(source, destination, line=line) as ports:
                    make_route = lambda user: Route(source, destination, "compress", user, False, *ports)  # noqa: E731,B023
                    everyone = [Mailferry(self.arguments.programs, self.scratch, "--from-compress", wanted, "--to-compress", wanted)
                                for wanted in ("never", "always")]
                    runs = list(self.in_turns(everyone, make_route, account.count()).values())
                    cells = [f"{min(r.wall for r in one):.2f} | {min(r.cpu for r in one):.2f}" for one in runs]
                    self.say(f"| {name} | {' | '.join(cells)} |")

    def run_million(self):
        """Peak memory against the number of messages: a copy of few, of many, and a run again."""
        many = 100_000 if self.arguments.quick else 1_000_000
        peaks = {}
        with self.servers("mdbox") as (source, destination):
            for count in (1000, many):
                self.load(source, f"count{count}", corpus.uniform(count, 700))
                contender = Mailferry(self.arguments.programs, self.scratch)
                route = Route(source, destination, f"count{count}", self.new_user())
                for what in ("copy", "again"):
                    result = self.once(contender, route, count)
                    peaks[what, count] = result.rss_mb if result else float("nan")
        self.say(f"\n### Memory and the number of messages, one mailbox\n\n| | 1,000 | {many:,} | octets a message |\n|---|--:|--:|--:|")
        for what, label in (("copy", "full copy"), ("again", "run again")):
            each = (peaks[what, many] - peaks[what, 1000]) * (1 << 20) / many
            self.say(f"| {label}, peak RSS, MB | {peaks[what, 1000]:.1f} | {peaks[what, many]:.1f} | {each:.1f} |")
            self.hold(f"octets a message, {label}", each, OCTETS_A_MESSAGE_GOAL)

    def describe_machine(self):
        version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]  # noqa: E731
        self.say(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, {platform.machine()}, load at the start "
                 f"{os.getloadavg()[0]:.1f}; mail on {memory_folder()}, {self.arguments.server_format}, mail_fsync=never; "
                 f"Dovecot {version('/usr/sbin/dovecot', '--version')}; {version('mbsync', '--version') if shutil.which('mbsync') else 'no mbsync'}; "
                 f"best of {self.arguments.rounds} rounds in turn, rivals {self.arguments.rival_rounds}")

    def run(self):
        self.describe_machine()
        for name in self.arguments.only:
            getattr(self, f"run_{name}")()
        self.say("\n" + ("All goals are met." if not self.missed else "Goals missed:\n\n" + "\n".join(f"* {m}" for m in self.missed)))
        if self.arguments.output:
            self.arguments.output.write_text("\n".join(self.lines) + "\n")
        return 1 if self.missed and self.arguments.enforce else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options())
    try:
        return bench.run()
    finally:
        shutil.rmtree(bench.scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
