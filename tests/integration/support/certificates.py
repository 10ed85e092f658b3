"""A throw-away certificate authority and the server certificates the tests need: good, expired, for another host."""

import datetime
import pathlib
import subprocess

_CA_CONFIG = """\
[ca]
default_ca = authority
[authority]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = anything
copy_extensions = none
unique_subject = no
rand_serial = yes
[anything]
commonName = supplied
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = {usage}
subjectAltName = {names}
"""


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


class Authority:
    """A certificate authority in `folder`; `ca` is the file clients are told to trust."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca = self.folder / "ca.pem"
        self._ca_key = self.folder / "ca.key"
        (self.folder / "index.txt").touch()
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                 "-subj", "/CN=mailferry test authority", "-keyout", self._ca_key, "-out", self.ca)

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", starts_days=-1, ends_days=30, usage="serverAuth"):
        """Issues `name`.pem and `name`.key valid for `names` between two offsets from today; returns both paths."""
        certificate, key, request = (self.folder / f"{name}{suffix}" for suffix in (".pem", ".key", ".csr"))
        config = self.folder / f"{name}.cnf"
        config.write_text(_CA_CONFIG.format(folder=self.folder, names=names, usage=usage))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request)
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ") for days in (starts_days, ends_days))
        _openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "server", "-startdate", start, "-enddate", end,
                 "-cert", self.ca, "-keyfile", self._ca_key, "-in", request, "-out", certificate)
        return certificate, key
