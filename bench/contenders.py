"""The programs that are measured, each as a command that copies one account of the source into one of the destination."""

import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile

PASSWORD = "secret"


@dataclasses.dataclass
class Route:
    """Where a copy goes: two servers, the ports to use (those of a delay proxy, perhaps), TLS or not, and the users."""
    source: object
    destination: object
    from_user: str
    to_user: str
    tls: bool = False
    from_port: int = 0
    to_port: int = 0

    def port(self, side):
        fixed, server = {"from": (self.from_port, self.source), "to": (self.to_port, self.destination)}[side]
        return fixed or (server.tls_port if self.tls else server.port)


@dataclasses.dataclass
class Result:
    wall: float
    cpu: float
    rss_mb: float
    code: int
    output: str = ""


def password_file(folder):
    path = pathlib.Path(folder) / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


class Contender:
    """`command(route, folder)` is run in `folder`, which stays for again() and is deleted by forget()."""
    name = ""
    is_rival = False  # slow: run once unless told otherwise

    def __init__(self, programs, scratch):
        self.programs, self.scratch = programs, scratch
        self.folders = {}

    def folder(self, route):
        if route.to_user not in self.folders:
            self.folders[route.to_user] = pathlib.Path(tempfile.mkdtemp(prefix="mfb", dir=self.scratch))
        return self.folders[route.to_user]

    def forget(self, route):
        shutil.rmtree(self.folders.pop(route.to_user, None) or "/nonexistent", ignore_errors=True)

    def run(self, route, timeout=3600):
        folder = self.folder(route)
        command = self.command(route, folder)
        measured = folder / "measured.json"
        done = subprocess.run([self.programs / "bench/measure", measured, *map(str, command)], cwd=folder, timeout=timeout,
                              capture_output=True, text=True, env=self.environment(folder))
        values = json.loads(measured.read_text())
        return Result(values["wall"], values["cpu"], values["rss_kb"] / 1024, values["code"], (done.stdout + done.stderr)[-2000:])

    def environment(self, folder):
        return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": str(folder), "LANG": "C.UTF-8"}


class Floor(Contender):
    """The raw floor in one of its forms."""

    def __init__(self, programs, scratch, *options):
        super().__init__(programs, scratch)
        self.options = options
        self.name = "floor " + (" ".join(options).replace("--", "") or "pairs 1")

    def command(self, route, folder):
        command = [self.programs / "bench/floor", "--from", route.port("from"), "--to", route.port("to"), "--from-user",
                   route.from_user, "--to-user", route.to_user, *self.options]
        return command + (["--from-ca", route.source.ca, "--to-ca", route.destination.ca] if route.tls else [])


class Mailferry(Contender):
    def __init__(self, programs, scratch, *options):
        super().__init__(programs, scratch)
        self.options = options
        self.name = "mailferry" + "".join(f" {option}" for option in options)

    def command(self, route, folder):
        scheme = "imaps" if route.tls else "imap"
        secret = password_file(folder)
        command = [self.programs / "mailferry", "copy", f"{scheme}://{route.from_user}@localhost:{route.port('from')}/",
                   f"{scheme}://{route.to_user}@localhost:{route.port('to')}/", "--yes", "--quiet", "--state", folder / "copy.db"]
        for side, server in (("from", route.source), ("to", route.destination)):
            command += [f"--{side}-password-file", secret]
            command += [f"--{side}-tls-ca", server.ca] if route.tls else [f"--{side}-plaintext"]
        return command + list(self.options)


class Mbsync(Contender):
    name = "mbsync"
    is_rival = True

    def command(self, route, folder):
        config = folder / "mbsyncrc"
        text = ["SyncState " + str(folder / "state") + "/", "FSync no", ""]
        for name, side, user, server in (("source", "from", route.from_user, route.source),
                                         ("target", "to", route.to_user, route.destination)):
            text += [f"IMAPAccount {name}", "Host localhost", f"Port {route.port(side)}", f"User {user}", f"Pass {PASSWORD}",
                     "AuthMechs LOGIN", "Timeout 600", "SSLType IMAPS" if route.tls else "SSLType None",
                     *([f"CertificateFile {server.ca}"] if route.tls else []), "", f"IMAPStore {name}-store", f"Account {name}", ""]
        text += ["Channel all", "Far :source-store:", "Near :target-store:", "Patterns *", "Create Near", "Sync Pull",
                 "Expunge None", "CopyArrivalDate yes", ""]
        config.write_text("\n".join(text))
        (folder / "state").mkdir(exist_ok=True)
        return ["mbsync", "-q", "-c", config, "-a"]


class Dsync(Contender):
    """Dovecot's own, pulling over IMAP straight into the destination's files: it saves the destination's protocol."""
    name = "dsync"
    is_rival = True

    def command(self, route, folder):
        settings = {"imapc_host": "localhost", "imapc_port": route.port("from"), "imapc_user": route.from_user,
                    "imapc_password": PASSWORD, "imapc_features": "rfc822.size fetch-headers"}
        if route.tls:
            settings |= {"imapc_ssl": "imaps", "ssl_client_ca_file": route.source.ca}
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        return ["doveadm", "-c", route.destination.root / "dovecot.conf", *options, "backup", "-R", "-u", route.to_user, "imapc:"]


FLOORS = ((), ("--pairs", "2"), ("--pairs", "4"))


def contenders(programs, scratch, rivals):
    """The floor in its forms, mailferry, and the rivals that are asked for and installed."""
    found = [Floor(programs, scratch, *options) for options in FLOORS] + [Mailferry(programs, scratch)]
    for kind, binary in ((Mbsync, "mbsync"), (Dsync, "doveadm")):
        if kind.name in rivals and shutil.which(binary):
            found.append(kind(programs, scratch))
    return found
