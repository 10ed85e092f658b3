#!/usr/bin/env python3
"""OAuth2 end to end: a real authorization server and a Dovecot that asks it about every token."""

import datetime
import json
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import corpus, harness  # noqa: E402
from support.bridging import DefectTest, message  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.daemon import Source  # noqa: E402
from support.dovecot import free_port  # noqa: E402
from support.faultproxy import FaultProxy, Hold  # noqa: E402
from support.oauth_server import (CLIENT, CLIENT_SECRET, OAuthServer, browser_decides, browser_enters_code,  # noqa: E402
                                  fetch)

USAGE, UNREACHABLE, CREDENTIALS = 2, 3, 4
REFRESH = "refresh_token"


def stamp(seconds):
    """A moment so many seconds from now, as Go writes it, in a zone of its own."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return (datetime.datetime.now(zone) + datetime.timedelta(seconds=seconds)).isoformat()


class Running:
    """A `mailferry auth` that is waited for step by step."""

    def __init__(self, folder, *arguments, **options):
        self.process = harness.start(["auth", *arguments], folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.out = b""

    def until(self, pattern, seconds=20):
        """What it has printed, as soon as `pattern` is in it."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.out.decode()):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = ready and self.process.stdout.read1(65536)
            if not piece:
                break
            self.out += piece
        found = re.search(pattern, self.out.decode())
        if not found:
            self.process.kill()
            raise AssertionError(f"{pattern} is not in {self.out.decode()}\n{self.process.stderr.read().decode()}")
        return found

    def end(self, timeout=30):
        out, err = self.process.communicate(timeout=timeout)
        return harness.Run(self.process.returncode, (self.out + out).decode(), err.decode(), self.process.args)


class OAuthTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.outputs = []

    def tearDown(self):
        for oauth in getattr(self, "servers", []):
            self.assertEqual(oauth.problems, [])
            for text in self.outputs:
                shown = [secret for secret in oauth.secrets if secret in text]
                self.assertEqual(shown, [], "a secret was printed")

    def oauth(self, **options):
        oauth = self.enterContext(OAuthServer(**options))
        self.servers = getattr(self, "servers", []) + [oauth]
        return oauth

    @property
    def token_file(self):
        return self.folder.path / "work.token.json"

    def write_client(self, oauth, kind="installed", **more):
        path = self.folder.path / "client_secret_test.json"
        path.write_text(json.dumps({kind: {
            "client_id": CLIENT, "client_secret": CLIENT_SECRET, "auth_uri": oauth.url + "/authorize",
            "token_uri": oauth.url + "/token", "redirect_uris": ["http://localhost"]} | more}))
        return path

    def write_config(self, oauth, server, *, other=None, user="alice", port=None, keys="", client=True):
        """Account "work" signs in with OAuth2; "other", if there is one, with a password."""
        text = f'[account.work]\nhost = "localhost"\nuser = "{user}"\nport = {port or server.tls_port}\n'
        text += 'security = "plaintext"\n' if port else f'tls_ca = "{server.ca}"\n'
        text += 'oauth = "custom"\noauth_token_file = "work.token.json"\n'
        if client:
            text += f'oauth_client_file = "{self.write_client(oauth).name}"\n'
            text += f'oauth_device_url = "{oauth.url}/device"\noauth_scopes = ["imap", "offline_access"]\n'
        text += keys
        if other:
            text += f'[account.other]\nurl = "{other.url()}"\ntls_ca = "{other.ca}"\n'
            text += f'password_file = "{other.password_file()}"\n'
        (self.folder.path / "mailferry.toml").write_text(text)

    def write_go_tokens(self, tokens, expires=3600, **more):
        self.token_file.write_text(json.dumps({
            "access_token": tokens["access_token"], "token_type": "Bearer", "refresh_token": tokens["refresh_token"],
            "expiry": stamp(expires)} | more))
        self.token_file.chmod(0o600)

    def run_program(self, *arguments, expect=0):
        done = harness.run([*arguments, "--config", self.folder.path / "mailferry.toml"], self.folder)
        self.outputs += [done.out, done.err]
        self.assertEqual(done.code, expect, f"\n{done}")
        return done

    def start_auth(self, *arguments, **options):
        return Running(self.folder, "work", "--config", self.folder.path / "mailferry.toml", *arguments, **options)

    def end_auth(self, running, expect=0):
        done = running.end()
        self.outputs += [done.err, re.sub(r"https?://\S*authorize\S*", "", done.out)]
        self.assertEqual(done.code, expect, f"\n{done}")
        return done

    def tokens(self):
        self.assertEqual(self.token_file.stat().st_mode & 0o777, 0o600)
        return json.loads(self.token_file.read_text())

    def signed_in(self, **options):
        """An authorization server, a Dovecot that asks it, and an account with good tokens in Go's form."""
        oauth = self.oauth(**options)
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        self.write_go_tokens(oauth.issue())
        return oauth, server

    # The three ways to sign in.

    def auth_by_loopback(self, oauth, *options, decision="allow", user="alice", expect=0):
        running = self.start_auth("--loopback", *options)
        url = running.until(r"  (http\S+)\n").group(1)
        running.until(r"Waiting at (\S+)")
        back = browser_decides(oauth, url, user, decision)
        status, page = fetch(back)
        return self.end_auth(running, expect), url, status, page

    def test_signs_in_by_loopback(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        done, url, status, page = self.auth_by_loopback(oauth)
        self.assertEqual(status, 200)
        self.assertIn("You can close this window", page)
        self.assertIn("login_hint=alice", url)
        self.assertIn("is signed in", done.out)
        tokens = self.tokens()
        self.assertEqual(set(tokens), {"access_token", "token_type", "refresh_token", "expiry"})
        self.run_program("folders", "work")
        self.assertEqual(oauth.count(REFRESH), 0)

    def test_a_given_port_is_where_the_browser_comes_back(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        port = free_port()
        _, url, _, _ = self.auth_by_loopback(oauth, "--port", str(port))
        self.assertIn(f"redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}&", url)

    def test_the_wait_for_the_browser_is_not_ended_by_strangers(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        running = self.start_auth("--loopback")
        url = running.until(r"  (http\S+)\n").group(1)
        here = running.until(r"Waiting at (\S+)").group(1)
        idle = connect(here)
        self.assertEqual(fetch(here + "/favicon.ico")[0], 404)
        self.assertEqual(fetch(here + "/?code=forged&state=forged")[0], 400)
        self.assertEqual(fetch(browser_decides(oauth, url))[0], 200)
        self.end_auth(running)
        idle.close()

    def test_a_refused_consent_is_said(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        done, _, _, page = self.auth_by_loopback(oauth, decision="deny", expect=CREDENTIALS)
        self.assertIn("access_denied", done.err)
        self.assertIn("Not signed in", page)
        self.assertFalse(self.token_file.exists())

    def test_the_consent_of_another_user_is_found_out_at_once(self):
        oauth = self.oauth()
        server = self.server(users={"alice": "secret", "bob": "secret"}, oauth=oauth)
        self.write_config(oauth, server)
        done, _, _, _ = self.auth_by_loopback(oauth, user="bob", expect=CREDENTIALS)
        self.assertIn("by this very user", done.err)

    def test_signs_in_by_device_code(self):
        oauth = self.oauth(interval=1)
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        running = self.start_auth("--device")
        text = running.until(r"browser:\s+(\S+)[\s\S]*alice:\s+(\S+)\s[\s\S]*Ctrl-C")
        self.assertFalse(browser_enters_code(text.group(1), "0000-0000"))
        time.sleep(1.2)
        self.assertTrue(browser_enters_code(text.group(1), text.group(2)))
        self.end_auth(running)
        self.assertGreaterEqual(oauth.grants.count(("urn:ietf:params:oauth:grant-type:device_code", "authorization_pending")), 1)
        self.assertEqual([outcome for _, outcome in oauth.grants if outcome == "slow_down"], [])
        self.run_program("folders", "work")

    def test_a_device_code_that_is_refused_or_too_late_ends_it(self):
        oauth = self.oauth(interval=1, device_lifetime=3)
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        running = self.start_auth("--device")
        self.assertIn("not entered in time", self.end_auth(running, UNREACHABLE).err)
        running = self.start_auth("--device")
        text = running.until(r"browser:\s+(\S+)[\s\S]*alice:\s+(\S+)\s")
        browser_enters_code(text.group(1), text.group(2), decision="deny")
        self.assertIn("access_denied", self.end_auth(running, CREDENTIALS).err)

    def paste(self, oauth, change, expect=0):
        """--paste with what `change` makes of the address that the browser ended at."""
        read, write = os.pipe()
        running = self.start_auth("--paste", stdin=read)
        url = running.until(r"  (http\S+)\n").group(1)
        running.until("here: ")
        with open(write, "w", encoding="ascii") as pipe:
            pipe.write(change(browser_decides(oauth, url)) + "\n")
        os.close(read)
        return self.end_auth(running, expect)

    def test_signs_in_with_a_pasted_address_or_code(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        code = re.compile(r"code=([^&]+)")
        for change in (str, lambda url: "  " + url + " ", lambda url: code.search(url).group(1),
                       lambda url: code.search(url).group(1).replace("%2F", "/")):
            self.token_file.unlink(missing_ok=True)
            self.paste(oauth, change)
            self.run_program("folders", "work")
        done = self.paste(oauth, lambda url: re.sub("state=[^&]+", "state=another", url), CREDENTIALS)
        self.assertIn("belongs to another attempt", done.err)
        done = self.paste(oauth, lambda url: "4/nonsense", CREDENTIALS)
        self.assertIn("invalid_grant", done.err)

    # Tokens that end.

    def test_refreshes_before_the_expiry(self):
        oauth, server = self.signed_in()
        self.write_go_tokens(oauth.issue(), expires=120)
        before = self.tokens()
        self.run_program("folders", "work")
        self.assertEqual(oauth.count(REFRESH), 1)
        after = self.tokens()
        self.assertNotEqual(after["access_token"], before["access_token"])
        self.assertEqual(after["refresh_token"], before["refresh_token"])
        self.run_program("folders", "work")
        self.assertEqual(oauth.count(REFRESH), 1)

    def test_refreshes_a_token_that_the_server_refuses_before_its_time(self):
        oauth, server = self.signed_in()
        oauth.kill_access_tokens()
        self.run_program("folders", "work")
        self.assertEqual(oauth.count(REFRESH), 1)

    def test_a_fresh_token_that_is_refused_too_is_an_error_and_no_loop(self):
        oauth, server = self.signed_in()
        self.write_config(oauth, server, user="bob")
        done = self.run_program("folders", "work", expect=CREDENTIALS)
        self.assertIn("by this very user", done.err)
        self.assertEqual(oauth.count(REFRESH), 1)

    def test_a_dead_refresh_token_is_said_with_what_to_do(self):
        oauth, server = self.signed_in()
        self.write_go_tokens(oauth.issue(), expires=-10)
        oauth.kill_refresh_tokens()
        before = self.token_file.read_text()
        done = self.run_program("folders", "work", expect=CREDENTIALS)
        self.assertIn("invalid_grant", done.err)
        self.assertIn("run `mailferry auth work`", done.err)
        self.assertEqual(self.token_file.read_text(), before)
        self.assertEqual(oauth.grants, [(REFRESH, "invalid_grant")])

    def test_for_google_it_says_that_the_app_has_to_be_published(self):
        oauth, server = self.signed_in()
        path = self.folder.path / "mailferry.toml"
        path.write_text(re.sub('"custom"', '"google"\\noauth_client_proof = "header"', path.read_text()))
        self.write_go_tokens(oauth.issue(), expires=-10)
        oauth.kill_refresh_tokens()
        done = self.run_program("folders", "work", expect=CREDENTIALS)
        self.assertIn("7 days: publish it", done.err)
        path.write_text(re.sub("oauth_device_url.*\n", "", path.read_text()))
        done = self.run_program("auth", "work", "--device", expect=USAGE)
        self.assertIn("Google gives no access to mail by device code", done.err)

    def test_nobody_is_asked_without_a_token_file(self):
        oauth, server = self.signed_in()
        self.token_file.unlink()
        done = self.run_program("folders", "work", expect=CREDENTIALS)
        self.assertIn("is not signed in", done.err)
        self.assertIn("run `mailferry auth work`", done.err)

    def test_a_provider_that_is_busy_does_no_harm_while_the_token_serves(self):
        oauth, server = self.signed_in()
        self.write_go_tokens(oauth.issue(), expires=100)
        oauth.fail_next = [503]
        done = self.run_program("folders", "work")
        self.assertIn("the old one still serves", done.err)
        self.write_go_tokens(oauth.issue(lifetime=1), expires=-1)
        oauth.fail_next = [503]
        self.run_program("folders", "work")  # it is asked again a moment later
        self.write_go_tokens(oauth.issue(lifetime=1), expires=-1)
        oauth.fail_next = [503] * 50
        done = self.run_program("folders", "work", expect=6)
        self.assertIn("HTTP status 503", done.err)

    def copy_with_cuts(self, oauth, holds):
        """A copy to the account, each connection of which is cut behind some messages; the tokens it begins with last an hour."""
        source = self.server()
        corpus.load(source, harness.small_account(120))
        destination = self.server(oauth=oauth, hide=("MULTIAPPEND",))
        with FaultProxy(destination.port, lambda number: holds[number] if number < len(holds) else None) as proxy:
            self.write_config(oauth, destination, other=source, port=proxy.port)
            self.write_go_tokens(oauth.issue(lifetime=3600))
            self.run_program("copy", "other", "work", "--yes", "--quiet", "--connections", "1", "--state", self.folder.state)
        self.assert_same(source, destination)

    def test_goes_on_in_mid_run_when_tokens_end_and_connections_break(self):
        oauth = self.oauth(lifetime=3, rotate=True)

        def outlive():
            time.sleep(3.2)

        holds = [Hold("APPEND", oauth.kill_access_tokens, 10, cut=True)] + [Hold("APPEND", outlive, 10, cut=True)] * 4
        self.copy_with_cuts(oauth, holds)
        self.assertEqual(set(oauth.grants), {(REFRESH, "ok")})
        self.assertGreaterEqual(oauth.count(REFRESH), 2)

    def test_goes_on_when_the_server_revokes_a_token_in_mid_run(self):
        oauth = self.oauth()
        self.copy_with_cuts(oauth, [Hold("APPEND", oauth.kill_access_tokens, 10, cut=True)])
        self.assertEqual(oauth.grants, [(REFRESH, "ok")])

    def test_a_dead_refresh_token_in_mid_run_ends_the_copy_and_not_the_work(self):
        oauth = self.oauth()

        def die():
            oauth.kill_access_tokens()
            oauth.kill_refresh_tokens()

        with self.assertRaisesRegex(AssertionError, "exit 4[\\s\\S]*run `mailferry auth work`"):
            self.copy_with_cuts(oauth, [Hold("APPEND", die, cut=True)])

    def test_every_command_signs_in(self):
        oauth, server = self.signed_in()
        other = self.server()
        self.write_config(oauth, server, other=other)
        corpus.load(server, harness.small_account(30))
        state = ["--state", self.folder.state]
        self.run_program("copy", "work", "other", "--yes", "--quiet", *state)
        self.run_program("verify", "work", "other", "--deep", *state)
        self.assertIn("subject", self.run_program("explain", "work", "INBOX", "1", "other", *state).out)
        self.assert_same(server, other)

    # Files.

    def test_go_files_keep_what_else_is_in_them(self):
        oauth, server = self.signed_in()
        self.write_go_tokens(oauth.issue(), expires=10, id_token="kept", extra={"a": [1, 2]})
        self.token_file.chmod(0o644)
        done = self.run_program("folders", "work")
        self.assertIn("can be read by other users", done.err)
        after = self.tokens()
        self.assertEqual((after["id_token"], after["extra"], after["token_type"]), ("kept", {"a": [1, 2]}, "Bearer"))
        self.assertEqual(list(after)[:3], ["access_token", "token_type", "refresh_token"])
        ends = datetime.datetime.fromisoformat(after["expiry"].replace("Z", "+00:00"))
        self.assertAlmostEqual(ends.timestamp(), time.time() + 3600, delta=30)

    def test_google_auth_files_need_no_client_file_and_stay_what_they_are(self):
        oauth = self.oauth(rotate=True)
        server = self.server(oauth=oauth)
        self.write_config(oauth, server, client=False, keys=f'oauth_token_url = "{oauth.url}/token"\n')
        tokens = oauth.issue()
        was = {"token": tokens["access_token"], "refresh_token": tokens["refresh_token"], "token_uri": oauth.url + "/token",
               "client_id": CLIENT, "client_secret": CLIENT_SECRET, "scopes": ["https://mail.google.com/"],
               "universe_domain": "googleapis.com", "account": "", "expiry": "2024-01-01T00:00:00.123456Z"}
        self.token_file.write_text(json.dumps(was))
        self.token_file.chmod(0o600)
        self.run_program("folders", "work")
        after = self.tokens()
        self.assertEqual(list(after)[:-1], list(was)[:-1])
        changed = {name for name in was if was[name] != after[name]}
        self.assertEqual(changed, {"token", "refresh_token", "expiry"})
        datetime.datetime.strptime(after["expiry"].rstrip("Z").split(".")[0], "%Y-%m-%dT%H:%M:%S")

    def test_auth_keeps_the_form_of_the_file(self):
        oauth = self.oauth()
        server = self.server(oauth=oauth)
        self.write_config(oauth, server)
        self.token_file.write_text(json.dumps({"token": "old", "refresh_token": "old", "client_id": "x", "account": "me"}))
        self.token_file.chmod(0o600)
        self.auth_by_loopback(oauth)
        after = self.tokens()
        self.assertEqual((after["account"], set(after)), ("me", {"token", "refresh_token", "client_id", "account", "expiry"}))

    def test_a_file_that_is_half_written_is_an_error_with_advice(self):
        oauth, server = self.signed_in()
        self.token_file.write_text('{"access_token": "abc')
        done = self.run_program("folders", "work", expect=CREDENTIALS)
        self.assertIn("holds no token", done.err)
        self.assertIn("run `mailferry auth work`", done.err)

    def test_two_processes_refresh_once(self):
        oauth, server = self.signed_in(rotate=True)
        self.write_go_tokens(oauth.issue(), expires=5)
        oauth.hold = 1
        command = ["folders", "work", "--config", self.folder.path / "mailferry.toml"]
        running = [harness.start(command, self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for _ in range(4)]
        for process in running:
            out, err = process.communicate(timeout=60)
            self.outputs += [out, err]
            self.assertEqual(process.returncode, 0, err)
        self.assertEqual(oauth.grants, [(REFRESH, "ok")])
        self.assertEqual(self.tokens()["token_type"], "Bearer")

    def test_tokens_are_fetched_over_tls_that_is_checked(self):
        authority = Authority(self.folder.path / "ca")
        oauth = self.oauth(certificate=authority.issue("login"))
        with OAuthServer() as checker:
            server = self.server(oauth=checker)
            checker._access = oauth._access
            self.write_config(oauth, server, keys=f'oauth_ca = "{authority.ca}"\n')
            self.write_go_tokens(oauth.issue(), expires=5)
            self.run_program("folders", "work")
            self.write_config(oauth, server)
            self.write_go_tokens(oauth.issue(), expires=-5)
            done = self.run_program("folders", "work", expect=UNREACHABLE)
            self.assertIn("certificate", done.err)

    def test_xoauth2_where_the_server_offers_nothing_else(self):
        oauth, server = self.signed_in()
        server.set(mechanisms="plain login xoauth2")
        self.write_config(oauth, server)
        oauth.kill_access_tokens()
        self.run_program("folders", "work")
        self.assertEqual(oauth.count(REFRESH), 1)

    def test_the_secret_of_the_client_travels_as_the_provider_wants_it(self):
        oauth, server = self.signed_in(proof="body")
        self.write_go_tokens(oauth.issue(), expires=5)
        self.assertIn("oauth_client_proof", self.run_program("folders", "work", expect=CREDENTIALS).err)
        self.write_config(oauth, server, keys='oauth_client_proof = "body"\n')
        self.run_program("folders", "work")

    # The configuration.

    def test_what_does_not_fit_together_is_said(self):
        oauth, server = self.signed_in()
        good = (self.folder.path / "mailferry.toml").read_text()
        for line, words in (('password_env = "X"', "keep one of them"),
                            ('oauth_token_url = "http://login.example.org/"', "must begin with https://"),
                            ('oauth_client_id = "x"', "keep one of them"),
                            ('oauth_tenant = "x"', "oauth_tenant means nothing")):
            (self.folder.path / "mailferry.toml").write_text(good + line + "\n")
            self.assertIn(words, self.run_program("folders", "work", expect=USAGE).err)
        (self.folder.path / "mailferry.toml").write_text(good.replace('oauth = "custom"\n', ""))
        self.assertIn("means nothing without oauth", self.run_program("auth", "work", expect=USAGE).err)


def connect(url):
    """A connection as browsers open them ahead: nothing is asked."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), 10)


class TokenCommandTest(DefectTest):
    """A bridge whose source signs in with what a command prints."""

    def test_a_token_that_is_refused_is_printed_anew(self):
        oauth = self.enterContext(OAuthServer())
        source = self.server(oauth=oauth)
        proxy = self.meddle(source)
        token = self.folder.path / "token"
        token.write_text(oauth.issue()["access_token"] + "\n")
        bridge = self.bridge([Source("one", source, "alice", port=proxy.port)])
        password = f'password_file = "{source.password_file("alice")}"'
        bridge.config.write_text(bridge.config.read_text().replace(password, f'token_command = "cat {token}"'))
        bridge.start()
        self.put(source, "alice", [message(1)])
        self.assert_arrives(1, bridge=bridge)

        oauth.kill_access_tokens()
        token.write_text(oauth.issue()["access_token"] + "\n")
        proxy.cut_all()
        self.put(source, "alice", [message(2)])
        self.assert_arrives(2, bridge=bridge)
        self.assertEqual(oauth.problems, [])
        self.assertFalse([secret for secret in oauth.secrets if secret in bridge.log()])


if __name__ == "__main__":
    harness.main()
