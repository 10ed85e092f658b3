"""Seeded accounts: the same seed makes the same mailboxes and messages, byte for byte; loaded by MULTIAPPEND.

A Message is a recipe, its octets are made when they are asked for, so that a corpus of gigabytes costs no memory.
"""

import dataclasses
import datetime
import math
import random

from .rawimap import Connection, mailbox as mailbox_argument

# Nested, non-ASCII, '&', quotes; weights are the share of the messages.
MAILBOXES = (
    ("INBOX", 0.35), ("Sent", 0.14), ("Projects", 0.06), ("Projects/2024", 0.10), ("Projects/2024/Übergrößen", 0.07),
    ("日本語/メール", 0.08), ("R&D", 0.07), ('He said "hi"', 0.05), ("Élan & Söhne/a&b", 0.04), ("Lists/mailferry-devel", 0.04))
SYSTEM_FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted")
KEYWORDS = ("$Forwarded", "$Label1", "$Label2", "Project-X", "NonJunk", "todo", "$MDNSent")
ZONES = (0, 60, 120, -300, -480, 330, 345, 765, -570)
_WORDS = ("invoice meeting report holiday schedule contract draft review delivery question answer update weekly plan "
          "number ticket garden music train coffee").split()


def _pool(lines=60_000):
    """A few MB of base64-looking lines from which bodies are cut; the same in every run."""
    source = random.Random(20240229)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table = bytes(alphabet[i % 64] for i in range(256))
    raw = source.randbytes(76 * lines).translate(table)
    return b"\r\n".join(raw[i:i + 76] for i in range(0, len(raw), 76)) + b"\r\n"


_POOL = None


def pool_slice(start, size):
    global _POOL
    if _POOL is None:
        _POOL = _pool()
    start = start % (len(_POOL) // 78) * 78
    whole = b""
    while len(whole) < size:
        whole += _POOL[start:start + size - len(whole)]
        start = 0
    if whole.endswith(b"\r"):
        whole = whole[:-1] + b"="
    return whole


@dataclasses.dataclass(frozen=True)
class Message:
    """A recipe for one message."""
    number: int
    size: int                  # octets wanted; the real size is close to it
    flags: tuple               # system flags and keywords
    when: datetime.datetime    # INTERNALDATE, with zone
    kind: str = "plain"        # see octets()
    body_seed: int = 0

    def internal_date(self):
        return self.when.strftime("%d-%b-%Y %H:%M:%S %z").encode()

    def octets(self):
        make = _KINDS.get(self.kind)
        return make(self) if make else _plain(self)


def _header(message, identity=True):
    number = message.number
    words = random.Random(number)
    subject = " ".join(words.choice(_WORDS) for _ in range(5))
    lines = [f"Return-Path: <sender{number % 97}@example.org>",
             "Received: from mx.example.org (mx.example.org [192.0.2.7])\r\n\tby mail.example.net; "
             + message.when.strftime("%a, %d %b %Y %H:%M:%S %z"),
             f"From: Sender {number % 97} <sender{number % 97}@example.org>",
             f"To: Reader <reader{number % 13}@example.net>", f"Subject: {subject} {number}",
             "Date: " + message.when.strftime("%a, %d %b %Y %H:%M:%S %z")]
    if identity:
        lines.append(f"Message-ID: <{number}.{message.body_seed}@corpus.example.org>")
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join(lines).encode() + b"\r\n"


def _plain(message, identity=True):
    head = _header(message, identity) + b"\r\n"
    body = b"body %d of message %d\r\n" % (message.body_seed, message.number)
    rest = max(0, message.size - len(head) - len(body))
    return head + body + pool_slice(message.number * 131 + message.body_seed, rest)


_KINDS = {
    "no-message-id": lambda m: _plain(m, identity=False),
    "same-message-id": lambda m: _header(m, False) + b"Message-ID: <same@corpus.example.org>\r\n\r\nother body %d\r\n" % m.number,
    "8bit": lambda m: _header(m) + b"X-Raw: \xe9t\xe9 \xff\xfe\r\n\r\n" + "Grüße aus Köln, 東京\r\n".encode() * 20,
    "long-line": lambda m: _header(m) + b"\r\n" + b"x" * 70_000 + b"\r\n",
    "no-final-eol": lambda m: _header(m) + b"\r\nthis line does not end",
    "header-only": lambda m: _header(m),
    "no-header": lambda m: b"\r\nonly a body, number %d\r\n" % m.number,
    "from-line": lambda m: _header(m) + b"\r\nFrom the start of a line\r\n>From quoted\r\n.\r\n..\r\n",
    "bare-cr": lambda m: _header(m) + b"\r\nbare \r inside a line\r\n",
    "imap-like": lambda m: _header(m) + b"\r\n* 1 FETCH (UID 7 BODY[] {3}\r\n)\r\nx9 OK done\r\n+ go ahead\r\n",
}
ODD_KINDS = tuple(_KINDS)


@dataclasses.dataclass
class Corpus:
    """mailbox name (with '/' between levels) → its messages, in order."""
    mailboxes: dict
    subscribed: tuple = ()

    def count(self):
        return sum(map(len, self.mailboxes.values()))

    def octets(self):
        return sum(m.size for messages in self.mailboxes.values() for m in messages)


def _flags(source):
    flags = [f for f, chance in zip(SYSTEM_FLAGS, (0.7, 0.15, 0.1, 0.02, 0.02)) if source.random() < chance]
    flags += [k for k in KEYWORDS if source.random() < 0.04]
    return tuple(flags)


def _when(source):
    zone = datetime.timezone(datetime.timedelta(minutes=source.choice(ZONES)))
    return datetime.datetime.fromtimestamp(source.randrange(946_684_800, 1_730_000_000), zone)


def _sizes(source, count, total, largest):
    """Log-normal sizes with a median of 8 KB, scaled above the median so that they add up to about `total`."""
    sizes = [min(largest, source.lognormvariate(math.log(8192), 1.86)) for _ in range(count)]
    for _ in range(6):
        factor = total / sum(sizes)
        sizes = [min(largest, max(600, size * factor)) for size in sizes]
    return [int(size) for size in sizes]


def mixed(messages=10_000, total=None, seed=1, names=MAILBOXES, largest=25_000_000, odd=True):
    """The mixed account: `messages` of log-normal sizes over `names`; one in forty is odd when `odd`."""
    source = random.Random(seed)
    sizes = _sizes(source, messages, total or messages * 46_500, largest)
    mailboxes = {}
    number = 0
    weight = sum(share for _, share in names)
    for index, (name, share) in enumerate(names):
        count = messages - number if index == len(names) - 1 else round(messages * share / weight)
        mailboxes[name] = [_one(source, number + i, sizes[number + i], odd) for i in range(count)]
        number += count
    if odd:
        _add_duplicates(source, mailboxes)
    return Corpus(mailboxes, tuple(name for name, _ in names if name != "Projects/2024"))


def _one(source, number, size, odd):
    kind = source.choice(ODD_KINDS) if odd and source.random() < 0.025 else "plain"
    return Message(number, size, _flags(source), _when(source), kind, source.randrange(1 << 30))


def _add_duplicates(source, mailboxes):
    """Replaces a few messages by true duplicates, in the same mailbox and in another; the count stays."""
    everything = [m for messages in mailboxes.values() for m in messages if m.size < 100_000]
    for messages in mailboxes.values():
        for position in range(7, len(messages), 50):
            twin = messages[position - 1] if position % 100 < 50 else source.choice(everything)
            messages[position] = dataclasses.replace(twin, flags=messages[position].flags)


def uniform(messages, size, name="INBOX", seed=2):
    """`messages` of one size in one mailbox."""
    source = random.Random(seed)
    return Corpus({name: [Message(i, size, _flags(source), _when(source), "plain", i) for i in range(messages)]}, (name,))


def many_mailboxes(mailboxes, messages, seed=3, size=700):
    """`messages` small ones spread evenly over `mailboxes`."""
    source = random.Random(seed)
    boxes = {"INBOX" if i == 0 else f"Box {i // 10}/{i % 10}": [] for i in range(mailboxes)}
    names = list(boxes)
    for i in range(messages):
        boxes[names[i % mailboxes]].append(Message(i, size, _flags(source), _when(source), "plain", i))
    return Corpus(boxes, tuple(names))


def append_item(message):
    """One message of an APPEND command: flags, date and a non-synchronising literal."""
    data = message.octets()
    return b" (%s) \"%s\" {%d+}\r\n%s" % (" ".join(message.flags).encode(), message.internal_date(), len(data), data)


def append(connection, name, messages, batch=500, limit=16_000_000):
    """Appends messages by MULTIAPPEND, at most `batch` messages or about `limit` octets a command."""
    pending, size, tags = [], 0, []

    def flush():
        nonlocal pending, size
        if not pending:
            return
        tag = connection.next_tag()
        connection.write(tag + b" APPEND " + mailbox_argument(name) + b"".join(pending) + b"\r\n")
        connection.finish(tag)
        pending, size = [], 0

    for message in messages:
        item = append_item(message)
        pending.append(item)
        size += len(item)
        if len(pending) >= batch or size >= limit:
            flush()
    flush()


def server_name(server, name):
    """A corpus name ('/' between levels, %2F for a slash inside one) as `server` spells it."""
    if name == "INBOX":
        return name
    return server.prefix + name.replace("/", server.separator).replace("%2F", "/")


def load(server, corpus, user="alice", password=None):
    """Creates the corpus in an account of `server`."""
    password = password or server.users.get(user) or server.settings["any_user"]
    with Connection(server.port, user, password, timeout=600) as connection:
        existing = {name for name, _, _ in connection.list_mailboxes()}
        for name, messages in corpus.mailboxes.items():
            spelled = server_name(server, name)
            if spelled not in existing:
                connection.command(b"CREATE " + mailbox_argument(spelled))
            append(connection, spelled, messages)
        for name in corpus.subscribed:
            connection.command(b"SUBSCRIBE " + mailbox_argument(server_name(server, name)))
