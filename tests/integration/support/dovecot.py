"""A private Dovecot 2.3 for one test: its own folder, ports, users and certificates; gone when the test is.

Works as root (mail belongs to nobody) and as an ordinary user. Nothing of the system's own Dovecot is read or touched.
"""

import ctypes
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .certificates import Authority

CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS "
    "THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED "
    "I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY "
    "PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE").split()

_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/state
instance_name = {root}
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_location = {mail_format}:{mail}/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = {fsync}
mail_plugins = {plugins}
default_vsz_limit = 2G
{identities}
{oauth}
passdb {{
  driver = passwd-file
  args = username_format=%u {root}/passwd
}}
{any_user}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
{special_use}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  {chroot}
  process_limit = 400
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 400
}}
protocol imap {{
  imap_capability = {capability}
  mail_max_userip_connections = {connections}
{rawlog}
}}
{extra}
"""

_PR_SET_PDEATHSIG = 1


def die_with_parent(by=signal.SIGTERM):
    """For preexec_fn: the child is killed when the thread that started it ends, however it ends."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def installed():
    return os.access("/usr/sbin/dovecot", os.X_OK)


class Dovecot:
    """One server. `hide` removes capabilities from what it advertises; `capability` replaces the whole list.

    users          name → password; `any_user` is a password with which every other name is let in too
    special_use    mailbox → attribute, created and subscribed by the server, e.g. {"Sent": "\\\\Sent"}
    prefix         of the personal namespace, e.g. "INBOX."
    mail_root      where the mail lives (a tmpfs for benchmarks); default inside the private folder
    escape_names   listescape: names may hold the storage's own separator
    client_ca      clients may show certificates of the authority
    oauth          an OAuthServer: access tokens are let in that it says are good, and passwords still
    certificate    (certificate, key) instead of a good one for localhost
    """

    name = "Dovecot"
    has_uidplus = has_multiappend = has_flags = has_keywords = has_dates = True
    refused_in_names = ""  # with escape_names

    def __init__(self, *, users=None, any_user=None, mail_format="maildir", separator="/", prefix="", hide=(), capability=None,
                 special_use=None, fsync="never", rawlog=False, connections=40, plugins="", escape_names=False, mail_root=None,
                 certificate=None, authority=None, client_ca=False, oauth=None, extra=""):
        self.users = users or {"alice": "secret"}
        self.separator, self.prefix, self.mail_format = separator, prefix, mail_format
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mfd", dir="/tmp"))
        self._own_mail = tempfile.mkdtemp(prefix="mfm", dir=mail_root) if mail_root else None
        self.mail = pathlib.Path(self._own_mail or self.root / "mail")
        self.authority = authority or Authority(self.root / "ca")
        self.ca = self.authority.ca
        self._certificate = certificate or self.authority.issue("server")
        self._process = None
        self.settings = dict(hide=set(hide), capability=capability, special_use=special_use or {}, fsync=fsync, rawlog=rawlog,
                             connections=connections, plugins=" ".join([plugins] + ["listescape"] * escape_names).strip(),
                             extra=extra, any_user=any_user, oauth=oauth)
        self.settings["mechanisms"] = ("plain login cram-md5 scram-sha-1 scram-sha-256" if oauth is None
                                       else "plain login xoauth2 oauthbearer")
        if client_ca:  # whose client certificates are accepted
            self.settings["extra"] += f"ssl_ca = <{self.ca}\nssl_require_crl = no\n"
        self._make_folders()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def _make_folders(self):
        as_root = os.getuid() == 0
        self.user = "nobody" if as_root else pwd.getpwuid(os.getuid()).pw_name
        self.group = "nogroup" if as_root else self._group_name()
        self.root.chmod(0o755)
        folders = [self.root / name for name in ("run", "state", "home", "rawlog")] + [self.mail]
        for folder in folders:
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        if as_root:
            for folder in (self.root / "home", self.root / "rawlog", self.mail):
                shutil.chown(folder, self.user, self.group)
        lines = [f"{name}:{{PLAIN}}{password}::::::\n" for name, password in self.users.items()]
        (self.root / "passwd").write_text("".join(lines))

    @staticmethod
    def _group_name():
        import grp
        return grp.getgrgid(os.getgid()).gr_name

    def _write_config(self):
        settings = self.settings
        ordinary = os.getuid() != 0
        boxes = [f'  mailbox "{name}" {{\n    special_use = {attribute}\n    auto = subscribe\n  }}'
                 for name, attribute in settings["special_use"].items()]
        capability = settings["capability"] or " ".join(c for c in CAPABILITIES if c not in settings["hide"])
        any_user = "" if not settings["any_user"] else (
            f"passdb {{\n  driver = static\n  args = password={settings['any_user']}\n}}")
        identities = "" if not ordinary else "".join(
            f"{key} = {value}\n" for key, value in (("default_internal_user", self.user), ("default_login_user", self.user),
                                                    ("default_internal_group", self.group)))
        text = _CONFIG.format(
            root=self.root, mail=self.mail, mail_format=self.mail_format, certificate=self._certificate[0],
            key=self._certificate[1], user=self.user, group=self.group, fsync=settings["fsync"], plugins=settings["plugins"],
            identities=identities, any_user=any_user, oauth=self._write_oauth(),
            mechanisms=settings["mechanisms"], separator=self.separator, prefix=self.prefix,
            special_use="\n".join(boxes), chroot="chroot =" if ordinary else "", port=self.port, tls_port=self.tls_port,
            capability=capability, connections=settings["connections"],
            rawlog=f"  rawlog_dir = {self.root}/rawlog" if settings["rawlog"] else "", extra=settings["extra"])
        (self.root / "dovecot.conf").write_text(text)

    def _write_oauth(self):
        """The passdb that asks the authorization server about each token (RFC 7662); goes before the one of the passwords."""
        oauth = self.settings["oauth"]
        if oauth is None:
            return ""
        (self.root / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {oauth.url}/introspect\nusername_attribute = username\n"
            "active_attribute = active\nactive_value = true\nclient_id = dovecot\nclient_secret = dovecot-secret\n")
        return ("passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n"
                f"  args = {self.root}/oauth2.conf\n}}")

    def start(self):
        for _ in range(5):  # a port picked free may be taken before Dovecot binds it
            self.port, self.tls_port = free_port(), free_port()
            self._write_config()
            self._process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(self.root / "dovecot.conf")],
                                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                             preexec_fn=die_with_parent)
            if self._greets():
                return self
            self._kill()
        raise RuntimeError(f"Dovecot does not start: {self.log()[-2000:]}")

    def _greets(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as probe:
                    if probe.recv(4) == b"* OK":
                        return True
            except OSError:
                time.sleep(0.005)
        return False

    def set(self, **changes):
        """Changes settings (hide, capability, special_use …) and restarts on new ports; mail stays."""
        self.stop()
        self.settings.update(changes)
        return self.start()

    def _kill(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._process.stderr.close()

    def stop(self):
        """Ends every process of this server at once; mail stays on disk, nothing is flushed that was not."""
        if self._process is not None:
            self._kill()
            self._process = None

    def close(self):
        self.stop()
        for folder in filter(None, (self.root, self._own_mail)):
            shutil.rmtree(folder, ignore_errors=True)
            if os.path.exists(folder):  # a child of the server may still have been writing
                time.sleep(0.2)
                shutil.rmtree(folder, ignore_errors=True)

    def forget_user(self, user):
        """Deletes all mail of one user."""
        shutil.rmtree(self.mail / user, ignore_errors=True)
        shutil.rmtree(self.root / "home" / user, ignore_errors=True)

    @staticmethod
    def login_name(user):
        return user

    @staticmethod
    def keeps(octets):
        """What FETCH returns of a message that was appended: NUL becomes 0x80, each line's end CRLF."""
        lines = octets.replace(b"\0", b"\x80").removesuffix(b"\r").replace(b"\r\n", b"\n")
        return re.sub(rb"(?<!\r)\n", b"\r\n", lines)

    def log(self):
        try:
            return (self.root / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def password_file(self, user="alice"):
        path = self.root / f"password-{user}"
        path.write_text(self.users.get(user, self.settings["any_user"]) + "\n")
        path.chmod(0o600)
        return path

    def url(self, user="alice", tls=True, port=None):
        """The account as mailferry spells it; `tls=False` is imap:// (STARTTLS unless told --from-plaintext)."""
        scheme, own = ("imaps", self.tls_port) if tls else ("imap", self.port)
        return f"{scheme}://{user}@localhost:{port or own}/"
