#!/usr/bin/env python3
"""Seeded faults of the network on either side: every run ends in time, with all mail there once or with an honest report.

    fault_test.py [--runs 25] [--seed 1] [--jobs 4] [--late 1]

A failure prints the seed of its round; `--seed S --runs 1` repeats it as far as time allows.

Each round copies a small account of its own. The first connections of one side or both suffer: delay, fragments, stall,
drop, reset, garbage, half-close, at random octets. The program must end within LIMIT. Exit 0 means that both accounts are
equal; any other exit, that standard error names what failed, that no message is there twice, and that what was reported as
copied is there. Then the same command runs again, now and then disturbed once more, and in the end, left alone, must end
with 0 and equal accounts.

Nothing is held back for longer than the program lets a server come to rest (HELD): what was given up long ago and arrives
all the same is stored once more by any server, and no client can prevent that.

Garbage is put only where somebody can notice it or where it does no harm. Plain IMAP has no checksum: octets that come into
a message or its flags mostly break the length of a literal or the grammar, but now and then (about one in forty) what comes
out is a correct command or answer for everybody behind, and no program could tell. So garbage goes anywhere, both ways, into
TLS connections, where the next record shows it; and into plain ones only as whole lines between the lines of the server. (A
line between those of the client would be answered by the server, and be it with LOGOUT.)
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import pathlib
import random
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.faultproxy import Course, Delay, Drop, FaultProxy, Fragments, Garbage, HalfClose, Reset, Stall  # noqa: E402

OPTIONS = argparse.Namespace(runs=25, seed=1, jobs=4, late=1)
VARIANTS = ((), ("UIDPLUS",), ("MULTIAPPEND", "LITERAL+"))  # what a destination does without
BREAKING = (Stall, Drop, Reset, HalfClose)
INCOMPLETE, UNREACHABLE, SERVER = 1, 3, 6
HONEST = (INCOMPLETE, UNREACHABLE, SERVER)
NOISE = re.compile(r"terminate called|Sanitizer|runtime error|Traceback|Assertion|std::|\bsecret\b")
COUNTS = re.compile(r"(?m)^(.*) → (.*): ([\d,]+) copied \(.*?\), ([\d,]+) there already, ([\d,]+) failed")
FAULTY = 3       # connections of a side, at most
HELD = 2.0       # seconds: sync::RunSettings::least_quiet
# Seconds for one run of the program. Each faulty connection may cost a silence (2), the pause before the next one (up to 4),
# what a Delay holds back, and the rest before what is in doubt is looked up: three times the slowest append.
LIMIT = FAULTY * (2 + 4 + HELD + 3 * HELD) + 18
TOLD_UIDS = re.compile(rb"\[APPENDUID [^\]]*\] ")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in vars(OPTIONS).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.parse_args(namespace=OPTIONS)


@dataclasses.dataclass
class Side:
    """One side of a run: its server, how it is reached, and what happens to its connections."""
    name: str
    server: object
    user: str
    tls: bool = False
    faults: dict = dataclasses.field(default_factory=dict)  # number of the connection → faults
    proxy: FaultProxy = None

    def open(self):
        """The proxy, the same for all runs: the port is part of the account that the state knows."""
        silent = "UIDPLUS" in self.server.settings["hide"] and not self.tls  # Dovecot tells UIDs all the same
        self.proxy = FaultProxy(self.server.tls_port if self.tls else self.server.port,
                                rewrite=(lambda data: TOLD_UIDS.sub(b"", data)) if silent else None)
        return self.proxy

    def config(self, seconds):
        text = f'[account.{self.name}]\nhost = "localhost"\nport = {self.proxy.port}\nuser = "{self.user}"\n'
        text += f'password_file = "{self.server.password_file(self.user)}"\n'
        text += f'tls_ca = "{self.server.ca}"\n' if self.tls else 'security = "plaintext"\n'
        return text + "".join(f'{key}_timeout = "{seconds}s"\n' for key in ("connect", "response", "write"))


class Planner:
    """Makes the faults of a run from its seed. `extents`: how many octets a copy moves, side → way → octets."""

    def __init__(self, seed, extents):
        self.random, self._extents = random.Random(seed), extents

    def octet(self, side, way):
        """Small and large places alike: sign-in and listing are short, messages are long."""
        whole = self._extents[side][way]
        return int(whole ** self.random.random()) if self.random.random() < 0.35 else self.random.randrange(whole)

    def garbage(self, side, tls):
        data = self.random.randbytes(self.random.choice((1, 3, 20, 300, 5000)))
        if tls:
            way = self.random.choice(("up", "down"))
            return Garbage(way, self.octet(side, way), data)
        return Garbage("down", self.octet(side, "down"), re.sub(rb"[\r\n{}]", b"~", data) + b"\r\n", between_lines=True)

    def slowing(self):
        way = self.random.choice(("up", "down"))
        if self.random.random() < 0.5:
            seconds = self.random.choice((0.02, 0.1, 0.4))
            return Delay(way, seconds, min(self.random.choice((3, 10)), int(HELD / seconds)))
        return Fragments(way, self.random.choice((1, 1, 2, 7)), self.random.choice((500, 3_000, 10_000)))

    def connection(self, side, tls):
        """The faults of one connection; perhaps none."""
        faults, dice = [], self.random.random()
        if dice < 0.15:
            return faults
        if dice < 0.5:
            faults.append(self.slowing())
        if dice > 0.3:
            kind = self.random.choice(BREAKING + (Garbage,))
            long_way = {"old": "down", "new": "up"}[side]  # on which the messages come
            way = self.random.choice((long_way, "up", "down"))
            faults.append(self.garbage(side, tls) if kind is Garbage else kind(way, self.octet(side, way)))
        return faults

    def weigh(self, account):
        """Messages go down from the source and up to the destination."""
        octets = sum(message.size for box in account.mailboxes.values() for message in box)
        self._extents = {"old": {**self._extents["old"], "down": octets + 3000},
                         "new": {**self._extents["new"], "up": octets + 3000}}

    def plan(self, side):
        """Faults for the first connections of a side."""
        side.faults = {number: self.connection(side.name, side.tls) for number in range(self.random.randint(1, FAULTY))}


@dataclasses.dataclass
class Round:
    """One account that is copied until it is there."""
    number: int
    seed: int
    planner: Planner
    folder: harness.Folder
    old: Side
    new: Side
    seconds: int                                       # all timeouts of the configuration
    options: tuple = ()
    notes: list = dataclasses.field(default_factory=list)
    left: checker.Account = None

    def __str__(self):
        return f"run {self.number} (--seed {self.seed}): {'; '.join(self.notes)}"


def number_of(text):
    return int(text.replace(",", ""))


def shown(faults):
    """{number: faults} in one line for people."""
    def fields(fault):
        values = {field.name: getattr(fault, field.name) for field in dataclasses.fields(fault)}
        if "octets" in values and isinstance(values["octets"], bytes):
            values["octets"] = f"{len(values['octets'])} octets"
        return " ".join(str(value) for value in values.values())
    told = [f"#{number} " + " + ".join(f"{type(fault).__name__} {fields(fault)}" for fault in some)
            for number, some in sorted(faults.items()) if some]
    return ", ".join(told) or "undisturbed"


class CourseTest(unittest.TestCase):
    """A proxy that disturbs nothing would prove nothing: where the faults strike, in whatever pieces the octets come."""

    TEXT = b"* OK hello\r\n* 1 FETCH (BODY[] {6}\r\nx\r\ny\r\n)\r\na OK done\r\n"

    def passed(self, faults, sizes):
        """What goes on, and the faults with their places, when the octets come in pieces of `sizes`."""
        course, out, struck, rest = Course(faults), b"", [], self.TEXT
        for size in sizes:
            piece, rest = rest[:size], rest[size:]
            for octets, fault in course.steps(piece) if piece else ():
                out += octets
                if fault:
                    struck.append((type(fault), len(out)))
                    out += getattr(fault, "octets", b"")
        return out, struck

    def every_split(self):
        whole = len(self.TEXT)
        yield from ([at, whole] for at in range(1, whole + 1))
        yield [1] * whole

    def test_at_the_octet(self):
        for after in (0, 1, 17, len(self.TEXT)):
            for sizes in self.every_split():
                for kind in (Stall, Drop, Reset, HalfClose):
                    _, [first] = self.passed([kind("down", after)], sizes)
                    self.assertEqual(first, (kind, after))

    def test_garbage_between_lines_leaves_literals_alone(self):
        for sizes in self.every_split():
            out, [(_, place)] = self.passed([Garbage("down", 14, b"#\r\n", between_lines=True)], sizes)
            self.assertEqual(place, self.TEXT.index(b"a OK"))
            self.assertEqual(out.replace(b"#\r\n", b""), self.TEXT)

    def test_fragments(self):
        steps = list(Course([Fragments("down", 2, 7)]).steps(self.TEXT))

        self.assertEqual([len(piece) for piece, _ in steps[:4]], [2, 2, 2, 2])
        self.assertEqual(b"".join(piece for piece, _ in steps), self.TEXT)
        self.assertEqual(len(steps), 5)


class FaultTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source = self.server(any_user="secret", connections=400)
        self.destinations = [self.server(any_user="secret", hide=hidden, connections=400,
                                         mail_format=("maildir", "sdbox")[at % 2])
                             for at, hidden in enumerate(VARIANTS)]
        self.failures, self.codes, self.struck = [], collections.Counter(), collections.Counter()
        self.longest, self.again, self.lock = 0.0, 0, threading.Lock()
        self.extents = self.undisturbed()

    def undisturbed(self):
        """How many octets a copy of such an account moves on each side, each way: rounded, as times in answers vary."""
        with harness.Folder() as folder:
            one = self.round(0, 0, folder, {"old": {}, "new": {}})
            self.prepare(one)
            self.enterContext(one.old.open())
            self.enterContext(one.new.open())
            done = self.execute(one)
            self.assertEqual(done.code, 0, done)
            self.assertEqual(self.differences(one), [])
            return {side.name: {way: octets // 1000 * 1000 + 1000 for way, octets in side.proxy.octets.items()}
                    for side in (one.old, one.new)}

    def round(self, number, seed, folder, extents):
        planner = Planner(seed, extents)
        choose = planner.random
        user = f"user{number}-{seed}"
        old, new = Side("old", self.source, user), Side("new", self.destinations[seed % len(VARIANTS)], user)
        old.tls, new.tls = choose.random() < 0.4, choose.random() < 0.4
        options = () if choose.random() < 0.7 else ("--connections", choose.choice((2, 3)))
        return Round(number, seed, planner, folder, old, new, choose.choice((1, 1, 2)), options)

    def prepare(self, one):
        """A small account on the source; now and then some of it is on the destination already."""
        choose = one.planner.random
        messages = choose.randint(20, 60)
        names = tuple(choose.sample(corpus.MAILBOXES, choose.randint(1, 5)))
        account = corpus.mixed(messages, messages * choose.choice((2_000, 8_000, 30_000)), seed=one.seed, names=names,
                               largest=1_000_000)
        corpus.load(self.source, account, one.old.user)
        if one.seed % 5 == 4:
            some = {name: box[:len(box) // 2] for name, box in account.mailboxes.items()}
            corpus.load(one.new.server, corpus.Corpus(some, account.subscribed), one.new.user)
            one.notes.append("half of it there before")
        one.left = checker.read_account(self.source, one.old.user)
        one.planner.weigh(one.left)
        one.notes.append(f"{messages} messages in {len(names)} mailboxes, timeouts {one.seconds} s {one.options or ''}")

    def execute(self, one):
        """One run of the program, with the faults of both sides. What of it is to be said stands in the notes."""
        sides = (one.old, one.new)
        for side in sides:
            side.proxy.reset_counters()
            side.proxy.set_plan(side.faults.get)
        config = one.folder.path / "mailferry.toml"
        config.write_text("".join(side.config(one.seconds) for side in sides))
        command = ["copy", "old", "new", "--config", config, "--state", one.folder.state, "--yes", "--verbose", *one.options]
        started = time.monotonic()
        done = harness.run(command, one.folder, timeout=LIMIT)
        taken = time.monotonic() - started
        struck = [fault for side in sides for fault in side.proxy.struck]
        told = [f"{side.name}{' (TLS)' if side.tls else ''} {shown(side.faults)}" for side in sides]
        one.notes.append(f"{'; '.join(told)}: {len(struck)} struck, exit {done.code} after {taken:.1f} s")
        with self.lock:
            self.longest = max(self.longest, taken)
            self.struck.update(type(fault).__name__ for fault in struck)
            self.codes[done.code] += 1
            self.again += "connecting again" in done.err
        return done

    def differences(self, one, what=("flags", "dates", "subscriptions")):
        return checker.compare(one.left, checker.read_account(one.new.server, one.new.user), what=what)

    def problems(self, one, done):
        """What is wrong with a run that has ended, in words."""
        found = [f"noise: {match.group(0)}" for match in NOISE.finditer(done.out + done.err)]
        if done.code == 0:
            return found + self.differences(one)
        if done.code not in HONEST:
            found.append(f"exit {done.code} is not among {HONEST}")
        told = "\n".join(line for line in done.err.splitlines() if "is not encrypted" not in line)
        if not any(name in told for name in ("localhost", *one.left.mailboxes)):
            found.append("standard error does not name what failed")
        right = checker.read_account(one.new.server, one.new.user)
        found += [line for line in checker.compare(one.left, right, what=()) if "surplus" in line or "only on" in line]
        for _, name, copied, there, _ in COUNTS.findall(done.out):
            told, arrived = number_of(copied) + number_of(there), len(right.mailboxes.get(name, ()))
            if told > arrived:
                found.append(f"{name}: {told} are said to be there, {arrived} are")
        return found

    def check(self, number):
        """One round; what is wrong goes to the failures."""
        seed = OPTIONS.seed + number
        with harness.Folder() as folder:
            one = self.round(number, seed, folder, self.extents)
            try:
                self.prepare(one)
                with one.old.open(), one.new.open():
                    found = self.disturbed(one) or self.undisturbed_at_last(one)
            except Exception as error:  # also a run that does not end
                found = [f"{type(error).__name__}: {error}"]
            for server in (self.source, one.new.server):
                server.forget_user(one.old.user)
        if found:
            with self.lock:
                self.failures.append(f"{one}\n  " + "\n  ".join(found[:8]))
            print(f"\nFAILED {self.failures[-1]}", flush=True)

    def disturbed(self, one):
        for _ in range(one.planner.random.choice((1, 1, 1, 2))):
            for side in one.planner.random.choice(((one.old,), (one.new,), (one.old, one.new))):
                one.planner.plan(side)
            done = self.execute(one)
            found = self.problems(one, done)
            if found:
                return [*found, str(done)]
        return []

    def undisturbed_at_last(self, one):
        one.old.faults, one.new.faults = {}, {}
        done = self.execute(one)
        if done.code != 0:
            return [f"the run without faults ends with {done.code}", str(done)]
        found = self.problems(one, done)
        return [*found, str(done)] if found else []

    def test_what_is_on_its_way_when_the_source_breaks(self):
        """The way to the destination is slow and holds whole APPENDs; the source breaks, and both sides are connected anew."""
        if not OPTIONS.late:
            self.skipTest("--late 0: it takes a minute")
        destination, folder = self.destinations[0], self.folder
        corpus.load(self.source, corpus.mixed(60, 900_000, seed=3, odd=False, largest=100_000), "late")
        left = checker.read_account(self.source, "late")
        octets = sum(message.size for box in left.mailboxes.values() for message in box)
        old, new = Side("old", self.source, "late"), Side("new", destination, "late")
        with old.open() as near, new.open() as far:
            near.set_plan(lambda number: Reset("down", octets * 9 // 10) if number == 0 else None)
            far.set_plan(lambda number: [Delay("up", 0.2, 1000), Fragments("up", 30_000, octets)] if number == 0 else None)
            config = folder.path / "mailferry.toml"
            config.write_text(old.config(60) + new.config(60))
            command = ["copy", "old", "new", "--config", config, "--state", folder.state, "--yes"]
            done = harness.run(command, folder, timeout=200)
            time.sleep(octets / 150_000)  # until all that is on its way has arrived

        self.assertEqual(done.code, 0, done)
        self.assertEqual(checker.compare(left, checker.read_account(destination, "late")), [], done)

    def test_a_deep_verify_goes_on_where_its_connections_were_cut(self):
        """Each connection carries a third of the account; beginning anew would never end."""
        destination, folder = self.destinations[0], self.folder
        corpus.load(self.source, corpus.mixed(60, 900_000, seed=5, odd=False, largest=100_000), "deep")
        left = checker.read_account(self.source, "deep")
        octets = sum(message.size for box in left.mailboxes.values() for message in box)
        old, new = Side("old", self.source, "deep"), Side("new", destination, "deep")
        with old.open() as near, new.open() as far:
            config = folder.path / "mailferry.toml"
            config.write_text(old.config(60) + new.config(60))
            accounts = ["old", "new", "--config", config, "--state", folder.state]
            copied = harness.run(["copy", *accounts, "--yes"], folder, timeout=200)
            for proxy in (near, far):
                proxy.set_plan(lambda number: Reset("down", octets // 3))
            done = harness.run(["verify", *accounts, "--deep"], folder, timeout=200)
            struck = len(near.struck), len(far.struck)

        self.assertEqual(copied.code, 0, copied)
        self.assertEqual(done.code, 0, done)
        self.assertIn("0 differences", done.out)
        self.assertGreaterEqual(min(struck), 2, "connections were cut")

    def test_faults(self):
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(OPTIONS.jobs) as pool:
            list(pool.map(self.check, range(OPTIONS.runs)))
        print(f"\n{OPTIONS.runs} rounds in {time.monotonic() - started:.0f} s, {len(self.failures)} failures; "
              f"exit codes {dict(sorted(self.codes.items()))}, {self.again} runs replaced a connection; "
              f"faults that struck {dict(self.struck.most_common())}; "
              f"the longest run of the program {self.longest:.1f} s", flush=True)
        self.assertGreater(sum(self.struck.values()), OPTIONS.runs // 2, "faults happen")
        if self.failures:
            self.fail("\n" + "\n".join(self.failures[:6]))


if __name__ == "__main__":
    read_options()
    sys.argv[1:] = []
    harness.main()
