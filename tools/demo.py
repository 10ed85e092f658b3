#!/usr/bin/env python3
"""Shows what mailferry does, on real servers.

    ./dev demo                         two private Dovecots with generated mail
    ./dev demo FROM TO [OPTION...]     your own two accounts; options go to mailferry (--from-password-file F …)

It copies, runs again, kills a third run half-way and resumes it, verifies, and prints what that proved. The private
servers listen on 127.0.0.1 only and are gone afterwards. With your own accounts nothing on FROM is changed; TO gets
FROM's mail.
"""

import getpass
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))
from support import checker, corpus  # noqa: E402
from support.dovecot import Dovecot, die_with_parent, installed  # noqa: E402
from support.faultproxy import FaultProxy  # noqa: E402

PROGRAM = os.environ.get("MAILFERRY", str(ROOT / "build/release/mailferry"))
MESSAGES, OCTETS = 2000, 80_000_000


def headline(text):
    line = f"\n━━ {text} "
    print(line + "━" * max(3, 100 - len(line)), flush=True)


def stop(text):
    sys.exit(f"\ndemo: {text}")


class Demo:
    """Runs the program and remembers what was proved."""

    def __init__(self, folder, environment=None):
        self.folder, self.proved = folder, []
        self.environment = os.environ | {"XDG_STATE_HOME": str(folder)} | (environment or {})

    def run(self, *arguments, show=True):
        command = [PROGRAM, *map(str, arguments)]
        if show:
            print("$ mailferry " + " ".join(command[1:]), flush=True)
        started = time.monotonic()
        code = subprocess.run(command, env=self.environment, check=False).returncode
        if code != 0:
            stop(f"mailferry ended with exit code {code}")
        return time.monotonic() - started

    def run_killed(self, half_way, *arguments):
        """Starts the program and kills it (SIGKILL) as soon as half_way() says so; whether it was still running."""
        print("$ mailferry " + " ".join(map(str, arguments)), flush=True)
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], env=self.environment, preexec_fn=die_with_parent,
                                   stdin=subprocess.DEVNULL)
        while process.poll() is None and not half_way():
            time.sleep(0.001)
        process.kill()
        return process.wait() == -signal.SIGKILL

    def tell(self):
        headline("What this proved")
        for number, text in enumerate(self.proved, 1):
            print(f" {number}. {text}")
        print(flush=True)


def sides(source, destination, user="alice", to_port=None):
    """The arguments that name two private accounts."""
    return [source.url(), destination.url(user, port=to_port), "--from-password-file", source.password_file(),
            "--to-password-file", destination.password_file(user), "--from-tls-ca", source.ca, "--to-tls-ca", destination.ca]


def require_same(left, destination, user, translate):
    right = checker.read_account(destination, user)
    differences = checker.compare(left, right, translate)
    if differences:
        stop("the accounts differ:\n  " + "\n  ".join(differences[:20]))
    return right


def private_demo(folder):
    if not installed():
        stop("dovecot-imapd is not installed; ./dev demo installs it")
    demo = Demo(folder)
    users = {"alice": "secret", "bob": "hidden"}
    with Dovecot(special_use={"Sent": "\\Sent"}) as source, \
            Dovecot(users=users, mail_format="sdbox", special_use={"Sent Items": "\\Sent"}) as destination:
        headline("Two private IMAP servers")
        account = corpus.mixed(MESSAGES, OCTETS)
        corpus.load(source, account)
        left = checker.read_account(source)
        translate = checker.same_name(source, destination, {"Sent": "Sent Items"})
        print(f"from {source.url()}  {left.count()} messages, {OCTETS // 1_000_000} MB in {len(left.mailboxes)} mailboxes, Maildir\n"
              f"to   {destination.url()}  empty, sdbox; its mailbox for sent mail is called \"Sent Items\"", flush=True)
        copy_whole(demo, source, destination, left, translate)
        kill_and_resume(demo, source, destination, left, translate)
        headline("Verify")
        demo.run("verify", *sides(source, destination), "--state", folder / "first.db")
        demo.proved.append("mailferry verify agrees: every message of the source is on the destination, with its flags and date.")
    demo.tell()


def copy_whole(demo, source, destination, left, translate):
    headline("1. Copy the whole account")
    seconds = demo.run("copy", *sides(source, destination), "--state", demo.folder / "first.db", "--yes")
    right = require_same(left, destination, "alice", translate)
    demo.proved.append(
        f"{right.count()} messages arrived in {seconds:.1f} s, each once and byte for byte, with flags, keywords, dates and "
        "subscriptions; checked by a program that shares no code with mailferry. Sent became Sent Items.")
    headline("2. Run again: nothing to do")
    before = checker.fingerprint(right)
    seconds = demo.run("copy", *sides(source, destination), "--state", demo.folder / "first.db", "--yes")
    if checker.fingerprint(checker.read_account(destination)) != before:
        stop("the second run changed the destination")
    demo.proved.append(f"A second run took {seconds:.2f} s and changed nothing.")


def kill_and_resume(demo, source, destination, left, translate):
    headline("3. A third run, to another account, is killed half-way (SIGKILL)")
    total = sum(message.size for box in left.mailboxes.values() for message in box)
    with FaultProxy(destination.tls_port) as wire:  # only counts what passes
        arguments = ["copy", *sides(source, destination, "bob", wire.port), "--state", demo.folder / "third.db", "--yes"]
        if not demo.run_killed(lambda: wire.octets["up"] > total / 2, *arguments):
            stop("the third run ended before it could be killed")
        arrived = checker.read_account(destination, "bob").count()
        print(f"\nkilled; {arrived} of {left.count()} messages are on the destination", flush=True)
        headline("   … and resumed")
        demo.run(*arguments)
    require_same(left, destination, "bob", translate)
    demo.proved.append(f"A run killed with {arrived} of {left.count()} messages delivered was resumed: none was lost, none came twice.")


def secrets(options):
    """Asks for the passwords that no option names, once; returns options and environment to pass on."""
    added, environment = [], {}
    for side in ("from", "to"):
        if any(option.startswith((f"--{side}-password", f"--{side}-token")) for option in options):
            continue
        if not sys.stdin.isatty():
            stop(f"no password for the {side.upper()} account: give --{side}-password-file FILE")
        variable = f"MAILFERRY_DEMO_{side.upper()}"
        environment[variable] = getpass.getpass(f"Password of the {side.upper()} account: ")
        added += [f"--{side}-password-env", variable]
    return added, environment


def own_demo(folder, accounts, options):
    added, environment = secrets(options)
    demo = Demo(folder, environment)
    arguments = [*accounts, *options, *added]
    confirmed = [] if "--yes" in options else ["--yes"]
    headline("1. Copy the whole account")
    seconds = demo.run("copy", *arguments, "--state", folder / "first.db")
    demo.proved.append(f"The account was copied in {seconds:.1f} s; every message that could not be is listed above.")
    headline("2. Run again: nothing to do")
    seconds = demo.run("copy", *arguments, "--state", folder / "first.db", *confirmed)
    demo.proved.append(f"A second run took {seconds:.1f} s and found nothing to copy.")
    headline("3. A third run, which knows nothing of the first two, is killed half-way (SIGKILL) and resumed")
    deadline = time.monotonic() + max(0.05, seconds / 2)
    killed = demo.run_killed(lambda: time.monotonic() > deadline, "copy", *arguments, "--state", folder / "third.db", *confirmed)
    demo.run("copy", *arguments, "--state", folder / "third.db", *confirmed)
    demo.proved.append(("A killed run was resumed" if killed else "A third run without the first one's state ended at once")
                       + "; it recognised what had been copied before and copied none of it twice.")
    headline("Verify")
    verify = [option for option in arguments if option != "--yes"]
    demo.run("verify", *verify, "--state", folder / "first.db")
    demo.proved.append("mailferry verify agrees: every message of FROM is on TO.")
    demo.tell()


def main():
    arguments = sys.argv[1:]
    if any(option in ("-h", "--help") for option in arguments) or len(arguments) == 1:
        print(__doc__)
        return 0 if len(arguments) != 1 or arguments[0].startswith("-") else 2
    if not os.access(PROGRAM, os.X_OK):
        stop(f"{PROGRAM} is not there: run ./dev build")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mailferry-demo-"))
    try:
        if arguments:
            own_demo(folder, arguments[:2], arguments[2:])
        else:
            private_demo(folder)
    except KeyboardInterrupt:
        stop("interrupted")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
