"""What the private servers share that are no Dovecot: a folder, ports, certificates, and processes that end with the test.

Their programs are unpacked, not installed, by tools/unpack_servers.sh; MAILFERRY_SERVERS names the folder.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .certificates import Authority
from .dovecot import die_with_parent, free_port

UNPACKED = pathlib.Path(os.environ.get("MAILFERRY_SERVERS") or pathlib.Path(__file__).resolve().parents[3] / "build/servers")


def unpacked(path):
    """The place of an unpacked program, /usr/sbin/imap4d for example."""
    return UNPACKED / path.lstrip("/")


def libraries():
    """The environment with which unpacked programs find unpacked libraries."""
    found = {str(path.parent) for path in UNPACKED.glob("usr/lib/*/lib*.so.*")}
    return {"LD_LIBRARY_PATH": ":".join(sorted(found))}


def run_user():
    """Whom mail belongs to: nobody when root runs the test, else whoever does."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


class PrivateServer:
    """One server in its own folder. A subclass says how it is configured and started, and what it can do.

    users   name → password
    """

    name = "?"
    programs = ()            # what must be there: absolute paths are installed, others are unpacked
    separator, prefix = "/", ""
    has_uidplus = has_multiappend = has_flags = has_keywords = has_dates = True
    refused_in_names = ""    # characters of which CREATE refuses each

    def __init__(self, *, users=None, certificate=None, authority=None):
        self.check_installed()
        self.users = users or {"alice": "secret"}
        self.settings = {"any_user": None}
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mfs", dir="/tmp"))
        self.root.chmod(0o755)
        self.authority = authority or Authority(self.root / "ca")
        self.ca = self.authority.ca
        self.user = run_user()
        self.certificate, self.key = certificate or self.authority.issue("server")
        self._process = None

    def __enter__(self):
        try:
            self.prepare()
            return self.start()
        except BaseException:  # what __enter__ leaves behind, nobody closes
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    @classmethod
    def missing(cls):
        """Why this server cannot run here, in words; empty when it can."""
        lacking = [path for path in cls.programs if not os.access(path if path.startswith("/") else unpacked(path), os.X_OK)]
        return f"{cls.name} lacks {', '.join(lacking)} (tools/install_packages.sh servers)" if lacking else ""

    @classmethod
    def check_installed(cls):
        if cls.missing():
            raise RuntimeError(cls.missing())

    @staticmethod
    def login_name(user):
        return user

    @staticmethod
    def keeps(octets):
        """What FETCH returns of a message that was appended; a subclass knows what its server changes."""
        return octets

    def prepare(self):
        """Makes folders, users and what else lasts over a restart."""

    def write_config(self):
        """Writes what depends on the ports."""

    def command(self):
        """The command that runs the server in the foreground."""
        raise NotImplementedError

    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"} | libraries()

    def ready(self):
        """Whether it serves, as far as the greeting does not tell."""
        return True

    def before_command(self):
        """Runs in the child: no longer root, ends with the parent. In this order, for a change of user forgets the parent."""
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)
        die_with_parent()

    def start(self):
        for _ in range(5):  # a port picked free may be taken before the server binds it
            self.port, self.tls_port = free_port(), free_port()
            self.write_config()
            with open(self.root / "log", "ab") as log:
                self._process = subprocess.Popen(list(map(str, self.command())), env=self.environment(), cwd=self.root,
                                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                 preexec_fn=self.before_command)
            if self._greets():
                return self
            self.stop()
        raise RuntimeError(f"{self.name} does not start: {self.log()[-2000:] or 'it says nothing'}")

    def _greets(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as probe:
                    if probe.recv(4) == b"* OK" and self.ready():
                        return True
            except OSError:
                pass
            time.sleep(0.005)
        return False

    def stop(self):
        """Ends every process of this server at once; mail stays on disk."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._process = None

    def close(self):
        self.stop()
        for _ in range(20):  # a child of the server may still be writing
            shutil.rmtree(self.root, ignore_errors=True)
            if not self.root.exists():
                return
            time.sleep(0.1)

    def log(self):
        try:
            return (self.root / "log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def password_file(self, user="alice"):
        path = self.root / f"password-{user}"
        path.write_text(self.users[user] + "\n")
        path.chmod(0o600)
        return path

    def url(self, user="alice", tls=True, port=None):
        """The account as mailferry spells it; `tls=False` is imap:// (STARTTLS unless told --from-plaintext)."""
        scheme, own = ("imaps", self.tls_port) if tls else ("imap", self.port)
        return f"{scheme}://{user}@localhost:{port or own}/"


def give_to(user, *paths):
    """Changes the owner of whole trees, when root may."""
    if os.getuid() != 0:
        return
    for top in paths:
        for folder, _, files in os.walk(top):
            for path in [folder, *(os.path.join(folder, file) for file in files)]:
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def run_quietly(*command, **options):
    """A helper program that must succeed; its output is bytes."""
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout).decode(errors='replace').strip()}")
    return done.stdout
