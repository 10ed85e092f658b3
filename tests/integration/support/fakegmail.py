"""A small strict IMAP server that behaves like Gmail where a bridge can tell: X-GM-EXT-1 with labels kept for each message,
[Gmail] that cannot be selected, UIDPLUS and IDLE but no MULTIAPPEND, what is stored already is merged, what is moved in a day
is counted, and refusals in Gmail's words. Plain connections, one thread each; anything it does not expect is BAD."""

import dataclasses
import hashlib
import pathlib
import re
import shutil
import socket
import tempfile
import threading
import time

from .rawimap import from_utf7, to_utf7

CAPABILITY = (b"IMAP4rev1 IDLE NAMESPACE QUOTA XLIST CHILDREN X-GM-EXT-1 UIDPLUS MOVE ESEARCH LITERAL- "
              b"SPECIAL-USE APPENDLIMIT=35651584")
SYSTEM_LABELS = ("\\Inbox", "\\Starred", "\\Important", "\\Sent", "\\Draft", "\\Trash", "\\Spam")
SPECIAL = {"[Gmail]/All Mail": "\\All", "[Gmail]/Drafts": "\\Drafts", "[Gmail]/Sent Mail": "\\Sent", "[Gmail]/Trash": "\\Trash"}
TOO_MANY = b"[ALERT] Too many simultaneous connections. (Failure)"
EXCEEDED = b"[ALERT] Account exceeded command or bandwidth limits. (Failure)"
_ITEM = re.compile(rb'"((?:[^"\\]|\\["\\])*)"|(\()|(\))|([^\s()"]+)')


@dataclasses.dataclass
class Stored:
    octets: bytes
    flags: set
    date: bytes
    labels: set = dataclasses.field(default_factory=set)  # as people read them; system labels with a backslash


class Refused(Exception):
    """The text of a NO or BAD."""


def tokens(line):
    """Arguments of a command as bytes; lists are lists; quoted strings are Quoted."""
    stack, at = [[]], 0
    while at < len(line):
        if line[at:at + 1] == b" ":
            at += 1
            continue
        found = _ITEM.match(line, at)
        if not found:
            raise Refused("BAD Could not parse command")
        quoted, opens, closes, atom = found.groups()
        if opens:
            stack.append([])
        elif closes:
            done = stack.pop()
            if not stack:
                raise Refused("BAD Could not parse command")
            stack[-1].append(done)
        else:
            stack[-1].append(Quoted(re.sub(rb"\\(.)", rb"\1", quoted)) if quoted is not None else atom)
        at = found.end()
    if len(stack) != 1:
        raise Refused("BAD Could not parse command")
    return stack[0]


class Quoted(bytes):
    pass


def label_of(token):
    """The label that Gmail would set. Raises Refused for what it does not accept."""
    if not isinstance(token, Quoted):
        name = token.decode("ascii", "replace")
        if name.startswith("\\"):
            if name not in SYSTEM_LABELS:
                raise Refused("BAD Could not parse command")
            return name
    if any(octet >= 0x80 for octet in token):
        raise Refused("BAD Could not parse command")
    name = from_utf7(bytes(token))
    if not name or name != name.strip() or "  " in name or "^" in name:
        raise Refused(f"NO [CANNOT] Invalid label name: {to_utf7(name).decode()} (Failure)")
    if name.lower() in ("inbox", "sent", "trash", "drafts", "spam", "starred"):
        return f"[Imap]/{name}"
    return name


class FakeGmail:
    """limits: octets of a day, `up` and `down` (0: none); connections at a time. `script(name, line)` may answer a command
    itself: bytes without the tag, or "bye" to close. `pause` is slept before each APPEND is answered."""

    name, separator, prefix = "FakeGmail", "/", ""
    has_flags = has_keywords = has_dates = has_uidplus = True

    def __init__(self, *, up=0, down=0, connections=15, script=None, tells_uids=True):
        self.up_limit, self.down_limit, self.most = up, down, connections
        self.script, self.tells_uids, self.pause = script, tells_uids, 0
        self.users, self.settings = {"archive": "secret"}, {"any_user": "secret"}
        self.boxes, self.next_uid = {"INBOX": {}, **{name: {} for name in SPECIAL}}, {}
        self.up = self.down = self.appends = self.merged = self.refused = self.open = self.most_open = 0
        self.commands, self.trouble = [], []
        self.lock = threading.RLock()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mfg", dir="/tmp"))
        self._sockets = set()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # a thread that waits in accept() would take a connection of the next test
        self._acceptor.join()
        self._listener.close()
        self.drop_all()
        shutil.rmtree(self.root, ignore_errors=True)

    @staticmethod
    def login_name(user):
        return user

    def password_file(self, user):
        path = self.root / "password"
        path.write_text("secret\n")
        path.chmod(0o600)
        return path

    def drop_all(self, bye=b""):
        for one in list(self._sockets):
            try:
                if bye:
                    one.sendall(b"* BYE " + bye + b"\r\n")
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def messages(self, mailbox="INBOX"):
        with self.lock:
            return list(self.boxes.get(mailbox, {}).values())

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with self.lock:
            self._sockets.add(client)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            Session(self, client).run()
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self._sockets.discard(client)
                self.open -= 1
            client.close()

    def store(self, mailbox, octets, flags, date):
        """The UID; Gmail merges what it has in that mailbox already."""
        digest = hashlib.sha256(octets).digest()
        with self.lock:
            box = self.boxes[mailbox]
            self.appends += 1
            for uid, stored in box.items():
                if hashlib.sha256(stored.octets).digest() == digest:
                    self.merged += 1
                    return uid
            uid = self.next_uid[mailbox] = self.next_uid.get(mailbox, 0) + 1
            box[uid] = Stored(octets, flags, date)
            return uid


class Session:
    def __init__(self, server, client):
        self.server, self.client = server, client
        self.file = client.makefile("rb", 1 << 18)
        self.selected, self.writable, self.known = None, False, []
        self.user = None

    def say(self, line):
        self.client.sendall(line + b"\r\n")

    def run(self):
        if self.server.open > self.server.most:
            self.server.refused += 1
        self.say(b"* OK Gimap ready for requests")
        while line := self.file.readline():
            tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
            name = rest.split(b" ", 1)[0].upper().decode()
            self.server.commands.append(rest[:200])
            if self.server.script and (told := self.server.script(name, rest)):
                if told == "bye":
                    return
                self._swallow(rest)
                self.say(tag + b" " + told)
                continue
            try:
                done = self._dispatch(tag, name, rest)
            except Refused as refused:
                if str(refused).startswith("BAD"):
                    self.server.trouble.append(rest[:200])
                done = str(refused).encode()
            if done is None:
                return
            self.say(tag + b" " + done)

    def _swallow(self, rest):
        found = re.search(rb"\{(\d+)(\+?)\}$", rest)
        if not found:
            return
        if found.group(2):
            self.file.read(int(found.group(1)))
            self.file.readline()

    def _dispatch(self, tag, name, rest):
        if name == "UID":
            _, verb, rest = (rest.split(b" ", 2) + [b"", b""])[:3]
            work = getattr(self, "do_uid_" + verb.decode().lower(), None)
        else:
            rest = rest.partition(b" ")[2]
            work = getattr(self, "do_" + name.lower(), None)
        if work is None:
            raise Refused(f"BAD Unknown command {name}")
        if self.user is None and name not in ("CAPABILITY", "LOGIN", "AUTHENTICATE", "LOGOUT", "NOOP"):
            raise Refused("BAD not signed in")
        return work(rest)

    def do_capability(self, _):
        self.say(b"* CAPABILITY " + CAPABILITY)
        return b"OK Thats all she wrote!"

    def do_login(self, rest):
        if self.server.open > self.server.most:
            raise Refused("NO " + TOO_MANY.decode())
        self.user = tokens(rest)[0]
        self.say(b"* CAPABILITY " + CAPABILITY)
        return b"OK " + self.user + b" authenticated (Success)"

    def do_noop(self, _):
        return b"OK Success"

    do_lsub = do_subscribe = do_noop

    def do_logout(self, _):
        self.say(b"* BYE LOGOUT Requested")
        return None

    def do_namespace(self, _):
        self.say(b'* NAMESPACE (("" "/")) NIL NIL')
        return b"OK Success"

    def do_list(self, rest):
        if b'""' == rest.split(b" ")[-1]:
            self.say(b'* LIST (\\Noselect) "/" "/"')
            return b"OK Success"
        self.say(b'* LIST (\\HasChildren \\Noselect) "/" "[Gmail]"')
        with self.server.lock:
            for box in self.server.boxes:
                use = SPECIAL.get(box, "").encode()
                self.say(b'* LIST (\\HasNoChildren' + (b" " + use if use else b"") + b') "/" "' +
                         to_utf7(box).replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
        return b"OK Success"

    def _box(self, raw):
        name = from_utf7(bytes(raw))
        name = "INBOX" if name.upper() == "INBOX" else name
        with self.server.lock:
            if name not in self.server.boxes:
                raise Refused(f"NO [NONEXISTENT] Unknown Mailbox: {to_utf7(name).decode()} (Failure)")
            return name, self.server.boxes[name]

    def do_create(self, rest):
        name = from_utf7(bytes(tokens(rest)[0]))
        if name != name.strip() or "  " in name or "^" in name:
            raise Refused("NO [CANNOT] Invalid folder name (Failure)")
        with self.server.lock:
            if name in self.server.boxes:
                raise Refused("NO [ALREADYEXISTS] Duplicate folder name (Failure)")
            self.server.boxes[name] = {}
        return b"OK Success"

    def do_select(self, rest, writable=True):
        name, box = self._box(tokens(rest)[0])
        self.selected, self.writable = name, writable
        with self.server.lock:
            self.known = sorted(box)
            self.say(b"* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing)")
            self.say(b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing \\*)] Flags.")
            self.say(b"* OK [UIDVALIDITY 7] UIDs valid.")
            self.say(b"* %d EXISTS" % len(self.known))
            self.say(b"* 0 RECENT")
            self.say(b"* OK [UIDNEXT %d] Predicted next UID." % (self.server.next_uid.get(name, 0) + 1))
        return b"OK [%s] %s selected. (Success)" % (b"READ-WRITE" if writable else b"READ-ONLY", to_utf7(name))

    def do_examine(self, rest):
        return self.do_select(rest, writable=False)

    def do_idle(self, _):
        self.say(b"+ idling")
        self.file.readline()
        return b"OK IDLE terminated (Success)"

    def do_append(self, rest):
        found = re.fullmatch(rb'("(?:[^"\\]|\\.)*"|[^ ]+)(?: \(([^)]*)\))?(?: "([^"]*)")? \{(\d+)(\+?)\}', rest)
        if not found:
            raise Refused("BAD Could not parse command")
        raw, flags, date, size, plus = found.groups()
        size = int(size)
        if plus and size > 4096:
            raise Refused("BAD literal too large for LITERAL-")
        name, _ = self._box(tokens(raw)[0])
        if size > 35_651_584:
            raise Refused("NO [TOOBIG] Message too large. (Failure)")
        if self.server.up_limit and self.server.up + size > self.server.up_limit:
            self.server.refused += 1
            self._swallow(rest)
            raise Refused("NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)")
        if not plus:
            self.say(b"+ go ahead")
        octets = self.file.read(size)
        self.server.up += size
        if len(octets) != size or self.file.readline() != b"\r\n":
            raise ValueError("cut")
        if self.server.pause:
            time.sleep(self.server.pause)
        kept = {flag.decode() for flag in (flags or b"").split()}
        uid = self.server.store(name, octets, kept, date)
        return b"OK [APPENDUID 7 %d] (Success)" % uid if self.server.tells_uids else b"OK (Success)"

    def _uids(self, text):
        with self.server.lock:
            have = sorted(self.server.boxes[self.selected])
        if not re.fullmatch(rb"[\d:,*]+", text):
            raise Refused("BAD Could not parse command")
        wanted = set()
        for part in text.split(b","):
            ends = [(have[-1] if have else 0) if end == b"*" else int(end) for end in part.split(b":")]
            low, high = min(ends), max(ends)
            wanted |= {uid for uid in have if low <= uid <= high}
        return sorted(wanted)

    def do_uid_search(self, rest):
        found = re.findall(rb'HEADER "?(?:Message-ID|Date|Subject)"? ("(?:[^"\\]|\\.)*"|\S+)', rest, re.IGNORECASE)
        if not found:
            raise Refused("BAD Could not parse command")
        wanted = [bytes(tokens(one)[0]).lower() for one in found]
        with self.server.lock:
            uids = [uid for uid, stored in self.server.boxes[self.selected].items()
                    if any(one in stored.octets.split(b"\r\n\r\n", 1)[0].lower() for one in wanted)]
        told = b",".join(b"%d" % uid for uid in uids)
        self.say(b"* ESEARCH UID" + (b" ALL " + told if told else b"") if b"RETURN" in rest.upper()
                 else b"* SEARCH " + told.replace(b",", b" "))
        return b"OK SEARCH completed (Success)"

    def do_uid_fetch(self, rest):
        text, _, items = rest.partition(b" ")
        with self.server.lock:
            box = dict(self.server.boxes[self.selected])
        order = {uid: number + 1 for number, uid in enumerate(sorted(box))}
        for uid in self._uids(text):
            self.say(self._fetched(order[uid], uid, box[uid], items))
        return b"OK Success"

    def _fetched(self, number, uid, stored, items):
        parts = [b"UID %d" % uid]
        upper = items.upper()
        if b"FLAGS" in upper:
            parts.append(b"FLAGS (" + " ".join(sorted(stored.flags)).encode() + b")")
        if b"RFC822.SIZE" in upper:
            parts.append(b"RFC822.SIZE %d" % len(stored.octets))
        if b"INTERNALDATE" in upper:
            parts.append(b'INTERNALDATE "' + (stored.date or b"01-Jan-2024 00:00:00 +0000") + b'"')
        if fields := re.search(rb"BODY\.PEEK\[HEADER\.FIELDS \(([^)]*)\)\]", items):
            head = b"".join(field for field in re.findall(rb"(?m)^[^\s:]+:.*(?:\r\n[ \t].*)*\r\n",
                                                          stored.octets.split(b"\r\n\r\n", 1)[0] + b"\r\n")
                            if field.split(b":")[0].lower() in fields.group(1).replace(b'"', b"").lower().split())
            parts.append(b"BODY[HEADER.FIELDS (" + fields.group(1) + b")] {%d}\r\n" % (len(head) + 2) + head + b"\r\n")
        elif body := re.search(rb"BODY\.PEEK\[(TEXT)?\]", items):
            told = stored.octets.partition(b"\r\n\r\n")[2] if body.group(1) else stored.octets
            self.server.down += len(told)
            parts.append(b"BODY[" + (body.group(1) or b"") + b"] {%d}\r\n" % len(told) + told)
        return b"* %d FETCH (" % number + b" ".join(parts) + b")"

    def do_uid_store(self, rest):
        if not self.writable:
            raise Refused("NO [READ-ONLY] the mailbox is open read-only (Failure)")
        text, _, change = rest.partition(b" ")
        found = re.fullmatch(rb"\+X-GM-LABELS(?:\.SILENT)? (\(.*\))", change, re.IGNORECASE)
        if not found:
            raise Refused("BAD Could not parse command")
        labels = {label_of(token) for token in tokens(found.group(1))[0]}
        with self.server.lock:
            for uid in self._uids(text):
                self.server.boxes[self.selected][uid].labels |= labels
        return b"OK Success"
