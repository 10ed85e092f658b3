"""Compares two accounts by its own IMAP client, message by message, byte for byte. Shares no code with the engine.

A mailbox is a multiset of messages: (SHA-256 of the octets, flags, keywords, instant of INTERNALDATE). What differs is
told in words: which mailbox, which message by UID, Message-ID and subject, and what about it.
"""

import collections
import dataclasses
import datetime
import hashlib
import re

from .rawimap import Connection, mailbox as mailbox_argument, tokens

_DATE = re.compile(rb"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = {name: number + 1 for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}


@dataclasses.dataclass(frozen=True)
class Stored:
    """One message as a server has it."""
    uid: int
    digest: str
    size: int
    flags: frozenset     # lower case, without \\recent
    instant: int         # INTERNALDATE as seconds since 1970
    label: str           # Message-ID and subject, for people

    def key(self, what):
        return (self.digest, self.size) + ((self.flags,) if "flags" in what else ()) + ((self.instant,) if "dates" in what else ())


@dataclasses.dataclass
class Account:
    """Everything that counts in an account: mailbox → messages; subscriptions; special uses."""
    mailboxes: dict
    subscribed: set
    attributes: dict

    def count(self):
        return sum(map(len, self.mailboxes.values()))


def instant(text):
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = _DATE.fullmatch(text).groups()
    moment = datetime.datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second),
                               tzinfo=datetime.timezone.utc)
    offset = (int(zone_hours) * 60 + int(zone_minutes)) * 60
    return int(moment.timestamp()) - (offset if sign == b"+" else -offset)


def _label(octets):
    head = octets[:4000].split(b"\r\n\r\n", 1)[0]
    found = {}
    for name in (b"message-id", b"subject"):
        match = re.search(rb"(?im)^" + name + rb":[ \t]*(.*?)\r?$", head)
        found[name] = match.group(1).decode("utf-8", "replace") if match else "none"
    return f"{found[b'message-id']} {found[b'subject']!r}"


def _fetched(pieces):
    fields = tokens(pieces)[3]
    return dict(zip((bytes(name).upper() for name in fields[::2]), fields[1::2]))


def _stored(pairs, kept):
    body = pairs[b"BODY[]"]
    if body == b"NIL":
        body = b""
    label = _label(body)
    body = kept(body)
    flags = frozenset(flag.decode().lower() for flag in pairs[b"FLAGS"]) - {"\\recent"}
    return Stored(int(pairs[b"UID"]), hashlib.sha256(body).hexdigest(), len(body), flags, instant(pairs[b"INTERNALDATE"]), label)


def read_mailbox(connection, name, kept=bytes):
    connection.command(b"EXAMINE " + mailbox_argument(name))
    tag = connection.send(b"UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])")
    fetched = (_fetched(pieces) for pieces in connection.untagged(tag) if b" FETCH " in pieces[0][:30])
    # Flags alone are news of what somebody else changes meanwhile.
    return [_stored(pairs, kept) for pairs in fetched if b"BODY[]" in pairs]


def read_account(server, user="alice", password=None, kept=bytes):
    """Reads all selectable mailboxes of an account of `server`; `kept` says what another server makes of a message."""
    password = password or server.users.get(user) or server.settings["any_user"]
    with Connection(server.port, server.login_name(user), password, timeout=600) as connection:
        listed = connection.list_mailboxes()
        # \Noselect: not subscribed itself, only something below it (RFC 3501 §6.3.9)
        subscribed = {name for name, attributes, _ in connection.list_mailboxes(b"LSUB") if "\\noselect" not in attributes}
        mailboxes = {name: read_mailbox(connection, name, kept) for name, attributes, _ in listed
                     if not attributes & {"\\noselect", "\\nonexistent"}}
    return Account(mailboxes, subscribed, {name: attributes for name, attributes, _ in listed})


def same_name(source, destination, special=None):
    """The expected destination name of a source name: prefix and separator translated, `special` by the table."""
    def translate(name):
        if special and name in special:
            return special[name]
        if name.upper() == "INBOX":
            return name
        if source.prefix and name.startswith(source.prefix):
            name = name[len(source.prefix):]
        return destination.prefix + destination.separator.join(name.split(source.separator))
    return translate


def _describe(difference, messages, what):
    by_key = collections.defaultdict(list)
    for message in messages:
        by_key[message.key(what)].append(message)
    lines = []
    for key, count in difference.items():
        one = by_key[key][0]
        when = datetime.datetime.fromtimestamp(one.instant, datetime.timezone.utc).isoformat()
        lines.append((one.digest, f"{count} × uid {one.uid} {one.label} {one.size} octets {sorted(one.flags)} {when}"))
    return lines


def compare_mailboxes(name, source, destination, what=("flags", "dates"), limit=5):
    """The differences of one mailbox as lines for people; empty when both are the same multiset."""
    left = collections.Counter(message.key(what) for message in source)
    right = collections.Counter(message.key(what) for message in destination)
    missing, surplus = left - right, right - left
    lines = []
    for title, difference, messages in (("missing on the destination", missing, source),
                                        ("surplus on the destination", surplus, destination)):
        described = sorted(_describe(difference, messages, what))
        lines += [f"{name}: {title}: {text}" for _, text in described[:limit]]
        if len(described) > limit:
            lines.append(f"{name}: … {len(described) - limit} more {title}")
    return lines


def compare(source, destination, translate=lambda name: name, *, what=("flags", "dates", "subscriptions"), only=None,
            may_have=()):
    """All differences of two accounts as lines. `translate` gives the expected name; `only` restricts the source's
    mailboxes; `may_have` are destination mailboxes that need not be on the source, if they are empty."""
    lines, expected = [], set()
    for name, messages in source.mailboxes.items():
        if only is not None and name not in only:
            continue
        wanted = translate(name)
        expected.add(wanted)
        if wanted not in destination.mailboxes:
            lines.append(f"{name}: the destination has no mailbox {wanted!r}")
            continue
        lines += compare_mailboxes(name, messages, destination.mailboxes[wanted], what)
        if "subscriptions" in what and (name in source.subscribed) != (wanted in destination.subscribed):
            lines.append(f"{name}: subscribed is {name in source.subscribed}, on the destination {wanted in destination.subscribed}")
    for name, messages in destination.mailboxes.items():
        if name not in expected and (messages or name not in may_have) and name != "INBOX":
            lines.append(f"{name}: only on the destination, {len(messages)} messages")
    return lines


def fingerprint(account):
    """A value that changes when anything in the account does, UIDs included."""
    return {name: sorted((m.uid, m.digest, tuple(sorted(m.flags)), m.instant) for m in messages)
            for name, messages in account.mailboxes.items()} | {"subscribed": sorted(account.subscribed)}
