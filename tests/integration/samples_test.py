#!/usr/bin/env python3
"""Real and broken messages through all pairs of servers: each arrives byte for byte, once, or is named in the report.

MAILFERRY_SAMPLES is a folder or a tar file of messages, one a file; without it there is nothing to test.
"""

import collections
import os
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, harness, pairs  # noqa: E402
from support.rawimap import ImapError, mailbox  # noqa: E402

SAMPLES = os.environ.get("MAILFERRY_SAMPLES")


def read_samples(path):
    """name → octets of every file in a folder or a tar."""
    path = pathlib.Path(path)
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    with tarfile.open(path) as archive:
        found = {member.name.removeprefix("./"): archive.extractfile(member).read() for member in archive if member.isfile()}
    return dict(sorted(found.items()))


def folder_of(name):
    return name.split("/")[0] if "/" in name else "Samples"


class SamplesTest(pairs.ServersTest):
    """The tests are made below, one for each pair."""

    def load(self, server):
        """Appends every sample as the file has it, else with CRLF for LF; returns those that are refused, with the answer."""
        samples, refused = read_samples(SAMPLES), {}
        with pairs.connect(server) as connection:
            for folder in sorted(set(map(folder_of, samples))):
                connection.command(b"CREATE " + mailbox(server.prefix + folder))
            for name, octets in samples.items():
                for form in (octets, octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
                    try:
                        pairs.append_octets(server, connection, folder_of(name), form)
                        refused.pop(name, None)
                        break
                    except ImapError as error:
                        refused[name] = str(error)
        return refused

    def copied(self, source, destination):
        """The last event of a copy, its report."""
        arguments = harness.copy_arguments(source, destination, self.folder, "--json")
        done = harness.run(arguments, self.folder, 900)
        events = done.events()
        self.assertTrue(events and events[-1]["event"] == "report", done)
        self.assertEqual(done.code, 1 if events[-1]["failures"] else 0, done)
        return events[-1]

    def judge(self, source, destination, report):
        """Counts what became of each message; in words, what is wrong."""
        named = {(failure["mailbox"], failure["uid"]) for failure in report["failures"]}
        translate = checker.same_name(source, destination)
        plain, kept = checker.read_account(source), checker.read_account(source, kept=destination.keeps)
        there = checker.read_account(destination)
        counts, wrong = collections.Counter(), []
        for name, messages in plain.mailboxes.items():
            arrived = collections.Counter(message.digest for message in there.mailboxes.get(translate(name), []))
            shown = "/".join(name.removeprefix(source.prefix).split(source.separator))
            for message, changed in zip(messages, kept.mailboxes[name]):
                for digest, how in ((message.digest, "identical"), (changed.digest, "as the destination keeps it")):
                    if arrived[digest]:
                        arrived[digest] -= 1
                        break
                else:
                    how = "named in the report" if (shown, message.uid) in named else "lost or changed"
                counts[how] += 1
                if how == "lost or changed" or (how != "named in the report" and (shown, message.uid) in named):
                    wrong.append(f"{how}: {name} uid {message.uid} {message.label} {message.size} octets")
            surplus = sum(arrived.values())
            if surplus:
                counts["surplus on the destination"] += surplus
                wrong.append(f"{name}: {surplus} messages on the destination that are none of the source")
        return counts, wrong

    def tell(self, source, destination, refused, counts, report):
        reasons = collections.Counter(failure["reason"] for failure in report["failures"])
        answers = collections.Counter(refused.values())
        print(f"\n{source.name} → {destination.name}: {dict(counts)}", flush=True)
        for title, lines in ((f"not taken by {source.name}", answers), ("named", reasons)):
            for text, count in lines.most_common(12):
                print(f"  {title}: {count} × {text}", flush=True)

    def check(self, source, destination):
        source, destination = self.start(pairs.MAKES[source]), self.start(pairs.MAKES[destination])
        refused = self.load(source)
        report = self.copied(source, destination)
        counts, wrong = self.judge(source, destination, report)
        self.tell(source, destination, refused, counts, report)
        self.assertEqual(wrong, [])
        with self.subTest("again"):
            again = self.copied(source, destination)
            self.assertEqual(again["copied"], 0, "copied again")
        with self.subTest("without the state"):
            self.folder.state = self.folder.path / "other.db"
            again = self.copied(source, destination)
            self.assertEqual(again["copied"], 0, "copied again without the state")
        with self.subTest("verify"):
            arguments = harness.copy_arguments(source, destination, self.folder, command="verify")
            done = harness.run(arguments, self.folder, 900)
            self.assertEqual(done.code, 1 if report["failures"] else 0, done)


for one, other in pairs.PAIRS:
    setattr(SamplesTest, f"test_{one}_to_{other}", lambda self, one=one, other=other: self.check(one, other))


if __name__ == "__main__":
    if not SAMPLES:
        print("MAILFERRY_SAMPLES names no folder and no tar of messages")
        sys.exit(77)
    pairs.main()
