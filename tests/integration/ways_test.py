#!/usr/bin/env python3
"""The ways to a server and into it: proxies, a tunnel command, trust, client certificates, administrators, compression."""

import contextlib
import pathlib
import signal
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import checker, corpus, harness  # noqa: E402
from support.dovecot import CAPABILITIES  # noqa: E402
from support.faultproxy import FaultProxy  # noqa: E402
from support.wayproxy import WayProxy  # noqa: E402

CREDENTIALS, TRUST = 4, 3


def secret_file(folder, name, text):
    path = folder.path / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


class WaysTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.destination = self.server()

    def loaded(self, messages=60, **options):
        source = self.server(**options)
        corpus.load(source, harness.small_account(messages))
        return source

    def copy_with(self, source, *options, url=None, expect=0, password=True):
        """copy with the options that say how to reach the source, and nothing else of it."""
        own = ["--from-password-file", source.password_file()] if password else []
        to_url, to_options = harness.account_arguments("to", self.destination)
        arguments = ["copy", url or source.url(), to_url, *own, *options, *to_options, "--state", self.folder.state, "--yes",
                     "--quiet"]
        done = harness.run(arguments, self.folder)
        self.assertEqual(done.code, expect, f"\n{done}")
        self.assertNotIn("secret", done.err + done.out)
        return done

    def test_through_a_socks5_proxy_with_tls(self):
        source = self.loaded()
        with WayProxy() as proxy:
            self.copy_with(source, "--from-tls-ca", source.ca, "--from-proxy", f"socks5://127.0.0.1:{proxy.port}")
            self.assertEqual(set(proxy.reached), {f"localhost:{source.tls_port}"})
        self.assert_same(source, self.destination)

    def test_through_an_http_proxy_that_wants_a_password(self):
        source = self.loaded()
        with WayProxy(user="ann", password="key") as proxy:
            url = f"http://ann@127.0.0.1:{proxy.port}"
            options = ["--from-tls-ca", source.ca, "--from-proxy", url, "--from-proxy-password-file"]
            refused = self.copy_with(source, *options, secret_file(self.folder, "wrong", "no key"), expect=CREDENTIALS)
            self.assertIn("wants a user and a password, or others", refused.err)
            self.copy_with(source, *options, secret_file(self.folder, "right", "key"))
        self.assert_same(source, self.destination)

    def test_through_a_proxy_in_plain_text(self):
        """The greeting may come in one packet with the proxy's answer."""
        source = self.loaded()
        with WayProxy(user="ann", password="key") as proxy:
            self.copy_with(source, "--from-plaintext", "--from-proxy", f"socks5://ann@127.0.0.1:{proxy.port}",
                           "--from-proxy-password-file", secret_file(self.folder, "right", "key"), url=source.url(tls=False))
        self.assert_same(source, self.destination)

    def test_through_a_tunnel_command_that_signs_in_itself(self):
        source = self.loaded()
        # Started by root, it refuses to speak to a socket: "must not be started from inetd".
        command = f"/usr/lib/dovecot/imap -c {source.root}/dovecot.conf -u alice 2>/dev/null | cat"
        self.copy_with(source, "--from-tunnel", command, url="imap://alice@anywhere/", password=False)
        self.assert_same(source, self.destination)

    def test_a_tunnel_command_that_fails_is_named(self):
        source = self.server()
        done = self.copy_with(source, "--from-tunnel", "exit 7", url="imap://alice@anywhere/", password=False, expect=3)
        self.assertIn("the tunnel command for anywhere", done.err)

    def test_a_tunnel_command_ends_when_the_program_is_interrupted(self):
        """Though it waits for nothing from us: it is told."""
        for command in ("verify", "folders"):
            begun, ended = self.folder.path / f"{command}.begun", self.folder.path / f"{command}.ended"
            tunnel = (f"trap 'touch {ended}; exit' TERM; printf '* PREAUTH [CAPABILITY IMAP4rev1] hello\\r\\n'; "
                      f"touch {begun}; while :; do sleep 0.05; done")
            to_url, to_options = harness.account_arguments("to", self.destination)
            process = harness.start([command, "imap://alice@anywhere/", to_url, "--from-tunnel", tunnel, *to_options,
                                     "--state", self.folder.state], self.folder)
            self.wait_for(begun)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(10), 130)
            self.wait_for(ended)

    def wait_for(self, path):
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertTrue(path.exists(), path)

    def test_trust_on_first_use(self):
        source = self.loaded()
        options = ["--from-tls-trust", "first-use"]
        self.copy_with(source, *options)
        self.assert_same(source, self.destination)
        known = (self.folder.path / "known_servers").read_text()
        self.assertIn(f"localhost:{source.tls_port} ", known)
        port = source.tls_port
        imposter = self.server()
        with FaultProxy(imposter.tls_port) as proxy:
            (self.folder.path / "known_servers").write_text(known.replace(f":{port} ", f":{proxy.port} "))
            done = self.copy_with(source, *options, url=imposter.url(port=proxy.port), expect=TRUST)
        self.assertIn("as on first use", done.err)

    def test_a_client_certificate_signs_in(self):
        source = self.server(extra="ssl_verify_client_cert = yes\nauth_ssl_username_from_cert = yes\n"
                                   "auth_mechanisms = plain external\npassdb {\n  driver = static\n  args = nopassword\n"
                                   "  mechanisms = external\n}\n", client_ca=True)
        corpus.load(source, harness.small_account(60))
        certificate, key = source.authority.issue("alice", usage="clientAuth")
        options = ["--from-tls-ca", source.ca, "--from-tls-client-cert", certificate, "--from-tls-client-key", key]
        self.copy_with(source, *options, password=False)
        self.assert_same(source, self.destination)

    def test_an_administrator_signs_in_for_a_user(self):
        source = self.loaded(users={"alice": "secret"}, extra="passdb {\n  driver = static\n  args = password=admins\n"
                                                               "  master = yes\n  mechanisms = plain\n  pass = yes\n}\n")
        options = ["--from-tls-ca", source.ca, "--from-auth-user", "root"]
        self.copy_with(source, *options, "--from-password-file", secret_file(self.folder, "admin", "admins"), password=False)
        self.assert_same(source, self.destination)

    def test_compression_only_where_it_is_wanted(self):
        source = self.loaded(plugins="zlib", capability=" ".join(CAPABILITIES + ["COMPRESS=DEFLATE"]),
                             extra="protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n")
        carried = {}
        with FaultProxy(source.port) as proxy:
            url = source.url(tls=False, port=proxy.port)
            for wanted, rate in (("never", 1000), ("always", None), ("auto", None), ("auto", 5_000_000), ("auto", 3_000_000)):
                self.folder.state.unlink(missing_ok=True)
                self.destination.forget_user("alice")
                if rate:
                    self.remember_rate(source, proxy.port, rate)
                proxy.reset_counters()
                self.copy_with(source, "--from-plaintext", "--from-compress", wanted, url=url)
                carried[wanted, rate] = proxy.octets["down"]
                self.assert_same(source, self.destination, note=wanted)
        much = carried["never", 1000]
        for way, octets in carried.items():
            if way in (("always", None), ("auto", 3_000_000)):
                self.assertLess(octets, 0.9 * much, way)
            else:
                self.assertGreater(octets, 0.98 * much, way)

    def remember_rate(self, source, port, rate):
        """Makes the state say how fast the last copy was, as docs/formats/state.md has it."""
        empty = self.server(users={"nobody": "secret", "alice": "secret"})
        self.copy_with(empty, "--from-tls-ca", empty.ca)
        state = sqlite3.connect(self.folder.state)
        with contextlib.closing(state), state:
            state.execute("UPDATE pair SET source_account = ?", (f"alice@localhost:{port}",))
            state.execute("INSERT INTO note SELECT id, 'octets_per_second', ? FROM pair", (str(rate),))

    def test_all_of_it_from_the_configuration(self):
        source = self.loaded()
        with WayProxy(user="ann", password="key") as proxy:
            text = harness.config_text(source, self.destination)
            text = text.replace("[account.new]", f'proxy = "socks5://ann@127.0.0.1:{proxy.port}"\n'
                                f'proxy_password_file = "{secret_file(self.folder, "right", "key")}"\n'
                                'tls_min = "1.3"\ncompress = "never"\n[account.new]')
            config = self.folder.path / "mailferry.toml"
            config.write_text(text)
            done = harness.run(["copy", "old", "new", "--config", config, "--state", self.folder.state, "--yes", "--quiet"],
                               self.folder)
            self.assertEqual(done.code, 0, f"\n{done}")
            self.assertTrue(proxy.reached)
        self.assert_same(source, self.destination)


if __name__ == "__main__":
    harness.main()
