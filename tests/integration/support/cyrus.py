"""A private Cyrus 3.6 for one test. It runs as nobody, or as the ordinary user who runs the test."""

import time

from .rawimap import Connection, ImapError
from .server import PrivateServer, give_to, run_quietly, unpacked

_FOLDERS = ("db", "log", "proc", "socket", "lock", "msg", "quota", "user", "sieve")
_ADMIN = "cyrus"
_IMAPD_CONF = """\
configdirectory: {root}/conf
defaultpartition: default
partition-default: {root}/spool
sievedir: {root}/conf/sieve
cyrus_user: {user}
admins: {admin}
servername: localhost
virtdomains: off
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
unixhierarchysep: {unix_separator}
altnamespace: {alternative_names}
munge8bit: {munge}
failedloginpause: 0
tls_server_cert: {certificate}
tls_server_key: {key}
imapidlepoll: 1
idlesocket: {root}/conf/socket/idle
{extra}
"""
_CYRUS_CONF = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {root}/imapd.conf -U 30" listen="127.0.0.1:{port}" prefork=0
  imaps cmd="{bin}/imapd -C {root}/imapd.conf -s -U 30" listen="127.0.0.1:{tls_port}" prefork=0
}}
DAEMON {{
  idled cmd="{bin}/idled -C {root}/imapd.conf -d"
}}
EVENTS {{
}}
"""


class Cyrus(PrivateServer):
    """One server. `hide` removes capabilities from what it advertises (they still work).

    separator   "/", or "." for the dotted names of old installations
    prefix      "" or "INBOX" plus the separator, which is Cyrus' default
    munge8bit   8-bit octets in headers are replaced by X, which is Cyrus' default
    """

    name = "Cyrus"
    programs = ("usr/lib/cyrus/bin/master", "usr/lib/cyrus/bin/imapd", "usr/lib/cyrus/bin/idled", "usr/sbin/saslpasswd2")
    refused_in_names = '!"%^\\`;<>{}|'

    def __init__(self, *, separator="/", prefix="", hide=(), munge8bit=False, extra="", **options):
        super().__init__(**options)
        self.separator, self.prefix = separator, prefix
        self.settings |= dict(hide=set(hide), munge8bit=munge8bit, extra=extra)

    def prepare(self):
        for name in _FOLDERS:
            (self.root / "conf" / name).mkdir(parents=True)
        (self.root / "spool").mkdir()
        for user, password in {**self.users, _ADMIN: "admin"}.items():
            self._set_password(user, password)
        give_to(self.user, self.root)

    def _set_password(self, user, password):
        run_quietly(unpacked("usr/sbin/saslpasswd2"), "-p", "-c", "-f", self.root / "sasldb2", "-u", "localhost", user,
                    input=password.encode(), env=self.environment())

    def write_config(self):
        settings = self.settings
        spelled = lambda value: "yes" if value else "no"  # noqa: E731
        extra = settings["extra"] + (f"\nsuppress_capabilities: {' '.join(sorted(settings['hide']))}" if settings["hide"] else "")
        values = dict(root=self.root, user=self.user.pw_name, admin=_ADMIN, certificate=self.certificate, key=self.key,
                      unix_separator=spelled(self.separator == "/"), alternative_names=spelled(not self.prefix),
                      munge=spelled(settings["munge8bit"]), extra=extra, bin=unpacked("usr/lib/cyrus/bin"),
                      port=self.port, tls_port=self.tls_port)
        (self.root / "imapd.conf").write_text(_IMAPD_CONF.format(**values))
        (self.root / "cyrus.conf").write_text(_CYRUS_CONF.format(**values))

    def command(self):
        return [unpacked("usr/lib/cyrus/bin/master"), "-D", "-C", self.root / "imapd.conf", "-M", self.root / "cyrus.conf",
                "-p", self.root / "conf/master.pid"]

    def start(self):
        super().start()
        for user in self.users:
            self._create_inbox(user)
        return self

    def _create_inbox(self, user):
        with Connection(self.port, _ADMIN, "admin") as connection:
            name = "user" + self.separator + user
            if not connection.command(b'LIST "" ' + name.encode()):
                connection.command(b"CREATE " + name.encode())

    def add_user(self, user, password="secret"):
        self.users[user] = password
        self._set_password(user, password)
        self._create_inbox(user)

    def forget_user(self, user):
        """Deletes all mail of one user; an empty INBOX is there again."""
        with Connection(self.port, _ADMIN, "admin") as connection:
            name = ("user" + self.separator + user).encode()
            connection.command(b"SETACL " + name + b" " + _ADMIN.encode() + b" lrswipkxtecda")
            self._delete(connection, name)
        self._create_inbox(user)

    @staticmethod
    def _delete(connection, name):
        """Deleting is renaming, with the second in the new name: a mailbox of that name may have gone in the same one."""
        for attempt in range(5):
            try:
                connection.command(b"DELETE " + name)
                return
            except ImapError as error:
                if "already exists" not in str(error) or attempt == 4:
                    raise
                time.sleep(1.1)

    def set(self, **changes):
        """Changes settings and restarts on new ports; mail stays."""
        self.stop()
        self.settings.update(changes)
        return self.start()
