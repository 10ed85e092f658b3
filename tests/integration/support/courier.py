"""A private Courier-IMAP 5 for one test. Needs root: places that Courier has compiled in are mounted over for it alone.

The server lives in its own mount namespace, where /etc/courier and /run are the test's; the machine's are not touched. A
namespace of processes as well, for its listeners leave the process group: they all end when the first of them does.
"""

import hashlib
import os
import shutil
import signal
import stat

from .dovecot import die_with_parent
from .server import PrivateServer, give_to, run_quietly, unpacked

_AUTHDAEMONRC = """\
authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
"""
_ENVIRONMENT = """\
IMAP_CAPABILITY="{capability}"
IMAP_CAPABILITY_TLS="{capability} AUTH=PLAIN"
IMAP_KEYWORDS={keywords}
IMAP_ACL=1
IMAP_IDLE_TIMEOUT=1
IMAP_USELOCKS=1
GAMIN_DEBUG_SERVER={gamin}
GAM_CLIENT_ID={root}
IMAP_MAILBOX_SANITY_CHECK=1
IMAP_ENHANCEDIDLE=0
IMAP_UMASK=022
IMAP_TRASHFOLDERNAME=Trash
IMAP_EMPTYTRASH=
MAILDIRPATH=Maildir
COURIERTLS={couriertls}
TLS_CERTFILE={root}/etc/imapd.pem
TLS_VERIFYPEER=NONE
TLS_PROTOCOL=TLS1_2++
"""
_SCRIPT = """\
set -e
mount -t tmpfs -o size=1m,mode=755 tmpfs /run
mkdir -p /run/courier/authdaemon
mount --bind {root}/run /run/courier/authdaemon
mount --bind {root}/etc /etc/courier
/usr/sbin/makeuserdb
( set -a; . /etc/courier/authdaemonrc; exec /usr/lib/courier/courier-authlib/authdaemond ) & auth=$!
set -a
. {root}/environment
listen="{couriertcpd} -address=127.0.0.1 -maxprocs=400 -maxperip=400 -nodnslookup -noidentlookup"
imap="{imaplogin} {imapd} Maildir"
( IMAP_STARTTLS=YES; exec $listen {port} $imap ) & plain=$!
( IMAP_TLS=1; exec $listen {tls_port} {couriertls} -server -tcpd $imap ) & tls=$!
wait $auth $plain $tls
"""
CAPABILITIES = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA AUTH=CRAM-MD5 IDLE".split()


class NeedsRoot(RuntimeError):
    pass


class Courier(PrivateServer):
    """One server. `hide` removes capabilities from what it advertises (they still work).

    keywords   False: refuses keywords, as IMAP_KEYWORDS=0 does
    """

    name = "Courier"
    programs = ("/usr/sbin/makeuserdb", "/usr/sbin/userdbpw", "/usr/lib/courier/courier-authlib/authdaemond",
                "usr/sbin/couriertcpd", "usr/bin/couriertls", "usr/bin/imapd", "usr/lib/courier/courier/imaplogin",
                "usr/bin/maildirmake.courier")
    separator, prefix = ".", "INBOX."
    has_multiappend = False
    refused_in_names = "/.😀"

    def __init__(self, *, hide=(), keywords=True, **options):
        super().__init__(**options)
        self.has_keywords = keywords
        self.settings |= dict(hide=set(hide))

    @classmethod
    def check_installed(cls):
        super().check_installed()
        if os.getuid() != 0:
            raise NeedsRoot("Courier needs root, for its own mount namespace")

    @staticmethod
    def keeps(octets):
        """Lines end in CRLF, the last one too; a CR elsewhere goes."""
        whole = octets.replace(b"\r", b"").replace(b"\n", b"\r\n")
        return whole if octets.endswith(b"\n") else whole + b"\r\n"

    def prepare(self):
        for name in ("etc", "etc/shared", "run", "home"):
            (self.root / name).mkdir()
        (self.root / "etc/authdaemonrc").write_text(_AUTHDAEMONRC)
        (self.root / "etc/imapd.pem").write_text(self.key.read_text() + self.certificate.read_text())
        self._private("etc/imapd.pem")
        for user in self.users:
            self._make_home(user)
        self._write_users()

    def _private(self, name):
        (self.root / name).chmod(stat.S_IRUSR | stat.S_IWUSR)

    def _make_home(self, user):
        home = self.root / "home" / user
        home.mkdir()
        run_quietly(unpacked("usr/bin/maildirmake.courier"), home / "Maildir", env=self.environment())
        give_to(self.user, home)

    def _write_users(self):
        lines = [self._user_line(user, password) for user, password in self.users.items()]
        (self.root / "etc/userdb").write_text("".join(lines))
        self._private("etc/userdb")

    def _user_line(self, user, password):
        def coded(way):
            return run_quietly("/usr/sbin/userdbpw", way, input=f"{password}\n{password}\n".encode()).decode().strip()
        home = self.root / "home" / user
        return (f"{user}\tuid={self.user.pw_uid}|gid={self.user.pw_gid}|home={home}|mail={home}/Maildir|"
                f"systempw={coded('-md5')}|hmac-md5pw={coded('-hmac-md5')}\n")

    def write_config(self):
        capability = " ".join(word for word in CAPABILITIES if word not in self.settings["hide"])
        (self.root / "environment").write_text(_ENVIRONMENT.format(
            root=self.root, capability=capability, keywords=int(self.has_keywords), couriertls=unpacked("usr/bin/couriertls"),
            gamin=unpacked("usr/libexec/gam_server")))
        (self.root / "start.sh").write_text(_SCRIPT.format(
            root=self.root, port=self.port, tls_port=self.tls_port, couriertcpd=unpacked("usr/sbin/couriertcpd"),
            couriertls=unpacked("usr/bin/couriertls"), imapd=unpacked("usr/bin/imapd"),
            imaplogin=unpacked("usr/lib/courier/courier/imaplogin")))
        (self.root / "run/socket").unlink(missing_ok=True)

    def command(self):
        return ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", self.root / "start.sh"]

    def before_command(self):
        die_with_parent(signal.SIGKILL)  # unshare waits out a SIGTERM

    def ready(self):
        return (self.root / "run/socket").exists()

    def add_user(self, user, password="secret"):
        """A restart on new ports, for the authentication daemon reads its users once."""
        self.stop()
        self.users[user] = password
        self._make_home(user)
        self._write_users()
        self.start()

    def forget_user(self, user):
        """Deletes all mail of one user; an empty INBOX is there again."""
        shutil.rmtree(self.root / "home" / user, ignore_errors=True)
        self._make_home(user)

    def set(self, **changes):
        """Changes settings and restarts on new ports; mail stays."""
        self.stop()
        self.settings.update(changes)
        return self.start()

    def deliver(self, octets, user="alice"):
        """Puts a message into INBOX as a mail system does, past IMAP; lines end in LF."""
        path = self.root / "home" / user / "Maildir/new" / f"1700000000.{hashlib.md5(octets).hexdigest()}.localhost"
        path.write_bytes(octets.replace(b"\r\n", b"\n"))
        give_to(self.user, path.parent)
