#!/usr/bin/env python3
"""Two private Dovecots to try things by hand: the first holds a generated account, the second is empty.

    python3 tests/integration/support/playground.py --messages 1000 [--to-format sdbox] [--to-hide UIDPLUS,MULTIAPPEND]

Prints addresses, password files and a command to copy, then waits for Ctrl-C or a line on standard input that says quit.
"""

import argparse
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import corpus  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=None, help="total, default 46,500 a message")
    parser.add_argument("--corpus", choices=("mixed", "small", "many"), default="mixed",
                        help="mixed account; 2 KB messages in one INBOX; 100 mailboxes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rawlog", action="store_true", help="Dovecot writes what each connection says")
    for side in ("from", "to"):
        parser.add_argument(f"--{side}-format", choices=("maildir", "sdbox"), default="maildir")
        parser.add_argument(f"--{side}-separator", default="/")
        parser.add_argument(f"--{side}-prefix", default="")
        parser.add_argument(f"--{side}-hide", default="", help="capabilities not advertised, comma separated")
    return parser.parse_args()


def server(arguments, side):
    value = lambda key: getattr(arguments, f"{side}_{key}")  # noqa: E731
    special = {"from": {"Sent": "\\Sent"}, "to": {"Sent Items": "\\Sent"}}[side]
    return Dovecot(mail_format=value("format"), separator=value("separator"), prefix=value("prefix"), rawlog=arguments.rawlog,
                   hide=set(filter(None, value("hide").split(","))), special_use=special, escape_names=True)


def make_corpus(arguments):
    if arguments.corpus == "small":
        return corpus.uniform(arguments.messages, 2048, seed=arguments.seed)
    if arguments.corpus == "many":
        return corpus.many_mailboxes(100, arguments.messages, seed=arguments.seed)
    return corpus.mixed(arguments.messages, arguments.bytes, seed=arguments.seed)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers and their folders go too
    arguments = options()
    with server(arguments, "from") as source, server(arguments, "to") as destination:
        started = time.monotonic()
        account = make_corpus(arguments)
        corpus.load(source, account)
        print(f"source: {account.count()} messages, {account.octets() / 1e6:.1f} MB, loaded in {time.monotonic() - started:.1f} s")
        for name, one in (("source", source), ("destination", destination)):
            print(f"{name}: user alice, password secret (file {one.password_file()}), CA {one.ca}, certificate for localhost\n"
                  f"  TLS {one.url()}   STARTTLS or plain {one.url(tls=False)}\n"
                  f"  log {one.root}/log" + (f"   wire logs {one.root}/rawlog" if arguments.rawlog else ""))
        print(f"\nbuild/release/mailferry copy {source.url()} {destination.url()} \\\n"
              f"  --from-password-file {source.password_file()} --to-password-file {destination.password_file()} \\\n"
              f"  --from-tls-ca {source.ca} --to-tls-ca {destination.ca} --state /tmp/playground-{source.port}.db --yes\n\n"
              "Ctrl-C ends both.", flush=True)
        try:
            for line in sys.stdin:
                if line.strip() == "quit":
                    return
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
