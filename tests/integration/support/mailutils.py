"""A private GNU imap4d for one test: a server that can do little and is wrong in places, as a source to copy from.

It has no UIDPLUS, no keywords and no push; APPEND drops flags and takes the date from the message's own header.
"""

import shutil

from .server import PrivateServer, give_to, run_quietly, unpacked

_DOMAIN = "test"
_CONFIG = """\
mode daemon;
foreground yes;
pidfile {root}/pid;
logging {{ syslog no; }};
virtdomain {{ passwd-dir {root}/domains; }};
auth {{ authorization virtdomain; authentication generic; }};
mailbox {{ mailbox-type maildir; mail-spool "maildir:{root}/spool"; }};
tls {{ ssl-certificate-file {certificate}; ssl-key-file {key}; }};
server 127.0.0.1:{port} {{ tls-mode ondemand; }};
server 127.0.0.1:{tls_port} {{ tls-mode connection; }};
"""
_CHALLENGES = """\
gsasl {{ service imap; realm test; hostname localhost; cram-passwd {root}/challenges; }};
"""


class Imap4d(PrivateServer):
    """One server. Its users log in with a domain: alice as alice@test.

    challenges   False: it has only hashes of the passwords, and so refuses SCRAM and CRAM, which it offers all the same
    """

    name = "imap4d"
    programs = ("usr/sbin/imap4d",)
    has_uidplus = has_multiappend = has_flags = has_keywords = has_dates = False

    def __init__(self, *, challenges=True, **options):
        super().__init__(**options)
        self.settings |= dict(challenges=challenges)

    @staticmethod
    def login_name(user):
        return f"{user}@{_DOMAIN}"

    def url(self, user="alice", tls=True, port=None):
        return super().url(f"{user}%40{_DOMAIN}", tls, port)

    def prepare(self):
        for name in ("domains", "spool", "home"):
            (self.root / name).mkdir()
        for user in self.users:
            self._make_home(user)
        self.key.chmod(0o600)
        self._write_users()

    def _make_home(self, user):
        home = self.root / "home" / user
        for name in ("cur", "new", "tmp"):  # only CREATE would make INBOX, and says BAD all the same
            (home / "INBOX" / name).mkdir(parents=True)
        give_to(self.user, home)

    def _write_users(self):
        lines = [self._user_line(user, password) for user, password in self.users.items()]
        (self.root / "domains" / _DOMAIN).write_text("".join(lines))
        passwords = [f"{self.login_name(user)}\t{password}\n" for user, password in self.users.items()]
        (self.root / "challenges").write_text("".join(passwords))
        (self.root / "challenges").chmod(0o600)
        give_to(self.user, self.root)

    def _user_line(self, user, password):
        coded = run_quietly("openssl", "passwd", "-6", "-stdin", input=password.encode()).decode().strip()
        home = self.root / "home" / user
        return f"{user}:{coded}:{self.user.pw_uid}:{self.user.pw_gid}:t:{home}:/bin/sh:{home}/INBOX\n"

    def write_config(self):
        text = _CONFIG + (_CHALLENGES if self.settings["challenges"] else "")
        (self.root / "imap4d.conf").write_text(text.format(root=self.root, certificate=self.certificate, key=self.key,
                                                           port=self.port, tls_port=self.tls_port))

    def command(self):
        return [unpacked("usr/sbin/imap4d"), "--config-file", self.root / "imap4d.conf"]

    def add_user(self, user, password="secret"):
        self.users[user] = password
        self._make_home(user)
        self._write_users()

    def forget_user(self, user):
        """Deletes all mail of one user."""
        shutil.rmtree(self.root / "home" / user, ignore_errors=True)
        self._make_home(user)
