"""The status page in a headless Chromium, served by the real server with a made-up status: what it shows, that it stays
up to date, that it is safe and can be used on a telephone, in the dark and by a screen reader.

MAILFERRY_STATUS_SERVER names the test server; MAILFERRY_PICTURES a folder for pictures of the page."""

import http.client
import os
import pathlib
import socket
import subprocess
import sys
import unittest

from support import browser
from support.dovecot import die_with_parent
from support.harness import Folder, run

SERVER = os.environ.get("MAILFERRY_STATUS_SERVER")
ALICE = "alice@mail.example.org:993"


class StatusServer:
    def __init__(self, folder):
        self.state = folder.path / "bridge.db"
        self._process = subprocess.Popen([SERVER, f"{self.state}.socket"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, preexec_fn=die_with_parent)
        self.port = int(self._process.stdout.readline())
        self.address = f"http://127.0.0.1:{self.port}/"

    def tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        return self._process.wait(20)


class StatusTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(Folder())
        self.server = StatusServer(self.folder)
        self.addCleanup(self.server.stop)

    def run_command(self, *arguments):
        return run([*arguments, "--state", self.server.state], self.folder)


class Page(StatusTest):
    def open(self, **options):
        page = self.enterContext(browser.Browser(**options))
        page.open(self.server.address)
        page.wait_for("document.querySelectorAll('#accounts > li').length > 0")
        return page

    def picture(self, page, name):
        folder = os.environ.get("MAILFERRY_PICTURES")
        if folder:
            page.picture(pathlib.Path(folder) / f"{name}.png")

    def test_shows_accounts_queue_parked_quota_and_errors(self):
        page = self.open()
        self.assertEqual(page.text("#verdict"), "degraded")
        self.assertEqual(page.evaluate("[...document.querySelectorAll('#accounts h3')].map((e) => e.textContent)"),
                         ["archive@gmail.example:993", "<script>alert(1)</script>@b.example:993", ALICE])
        card = page.evaluate("[...document.querySelectorAll('#accounts > li')].at(-1).textContent")
        for text in ("1,234 (56.8 MB)", "Queued7", "IDLE", "waiting"):
            self.assertIn(text, card)
        self.assertEqual(page.evaluate("document.querySelector('progress').value"), 400_000_000)
        self.assertIn("400.0 MB of 500.0 MB", page.text("#accounts"))
        self.assertIn("42", page.text("#parked"))
        self.assertIn("<b>35 MB</b>", page.text("#parked"))
        self.assertIn("the server refused the password", page.text("#errors"))
        self.picture(page, "wide")

    def test_stays_up_to_date_by_itself(self):
        page = self.open()
        self.server.tell("deliver")
        page.wait_for("document.querySelector('#summary').textContent.includes('1,235')")
        self.server.tell("heal")
        page.wait_for("document.querySelector('#verdict').textContent === 'healthy'")
        self.assertTrue(page.evaluate("document.querySelector('#parked-scroll').hidden"))
        self.server.tell("break")
        page.wait_for("document.querySelector('#verdict').textContent === 'failing'")
        self.assertIn("the account is full", page.text("#reasons"))
        self.assertIn("failing", page.evaluate("document.title"))

    def test_what_is_selected_stays_while_nothing_changes(self):
        page = self.open()
        page.evaluate("window.kept = document.querySelector('#accounts > li')")
        page.evaluate("new Promise((done) => setTimeout(done, 5000))")
        self.assertTrue(page.evaluate("window.kept.isConnected"))

    def test_says_when_the_bridge_is_gone(self):
        page = self.open()
        self.assertEqual(self.server.stop(), 0)
        page.wait_for("document.querySelector('#contact').textContent.includes('no answer')", patience=30)
        self.assertEqual(page.text("#verdict"), "unknown")

    def test_nothing_of_an_account_becomes_markup_and_nothing_comes_from_elsewhere(self):
        page = self.open()
        self.assertEqual(page.evaluate("document.querySelectorAll('#accounts script, #parked b').length"), 0)
        self.assertEqual([address for address in page.requested
                          if not address.startswith((self.server.address, "data:"))], [])
        self.assertEqual(page.messages, [])
        # The policy holds: a script that somebody brought in does not run.
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.bad = 1'}))")
        self.assertIsNone(page.evaluate("window.bad ?? null"))

    def test_fits_a_telephone(self):
        page = self.open(width=360, height=740)
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)
        self.picture(page, "telephone")
        self.server.tell("many")
        page.wait_for("document.querySelectorAll('#accounts > li').length > 200")
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)

    def contrast(self, page):
        """The least contrast (WCAG 2) between a text and what is behind it."""
        return page.evaluate("""(() => {
          const light = (rgb) => { const [r, g, b] = rgb.map((c) => { c /= 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const parts = (color) => color.match(/[\\d.]+/g).map(Number);
          const behind = (element) => { for (; element; element = element.parentElement) {
            const rgb = parts(getComputedStyle(element).backgroundColor);
            if (rgb.length === 3 || rgb[3] > 0) return rgb.slice(0, 3); } return [255, 255, 255]; };
          let least = 21;
          for (const element of document.querySelectorAll('body *')) {
            if (![...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
            if (element.closest('script, noscript, [hidden]')) continue;
            const a = light(parts(getComputedStyle(element).color).slice(0, 3)), b = light(behind(element));
            least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
          }
          return least; })()""")

    def test_can_be_read_in_light_and_dark(self):
        for dark in (False, True):
            page = self.open(dark=dark)
            self.assertGreaterEqual(self.contrast(page), 4.5, "dark" if dark else "light")
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            self.assertEqual(paper, "rgb(18, 23, 29)" if dark else "rgb(246, 247, 249)")
            self.picture(page, "dark" if dark else "light")

    def test_a_screen_reader_finds_its_way(self):
        page = self.open()
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        roles = {}
        for node in nodes:
            if not node.get("ignored"):
                roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
        self.assertIn("Accounts", roles["heading"])
        self.assertEqual(len(roles["main"]), 1)
        self.assertTrue(all(roles["progressbar"]) or all(roles.get("ProgressIndicator", ["x"])), roles)
        self.assertEqual(sorted(roles["columnheader"]), sorted(["UID", "Mailbox", "To", "Reason", "Tries", "Since"]))
        self.assertEqual(page.evaluate("document.documentElement.lang"), "en")


class Requests(StatusTest):
    def ask(self, path, host=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Host": host} if host else {})
        return connection.getresponse()

    def test_a_name_that_was_made_to_lead_here_gets_nothing(self):
        answer = self.ask("/status.json", host=f"evil.example:{self.server.port}")
        self.assertEqual(answer.status, 421)
        self.assertNotIn(b"alice", answer.read())

    def test_nothing_can_be_changed_over_the_network(self):
        self.assertEqual(self.ask("/retry", method="POST").status, 403)

    def test_a_hundred_silent_connections_stop_nobody_for_long(self):
        silent = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(100)]
        done = self.run_command("status", "--check")
        for connection in silent:
            connection.close()
        self.assertIn(done.code, (0, 3), done)
        self.assertEqual(self.run_command("status", "--check").code, 0)


class Commands(StatusTest):
    def test_status(self):
        done = self.run_command("status")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, rf"(?m)^  {ALICE[:15]}.* waiting .* 1,234 +7 +1$")
        self.assertEqual(self.run_command("status", "--json").events()[0]["verdict"], "degraded")

    def test_check_follows_the_health(self):
        self.assertEqual(self.run_command("status", "--check").code, 0)
        self.server.tell("break")
        done = self.run_command("status", "--check")
        self.assertEqual(done.code, 1, done)
        self.assertIn("the account is full", done.out)

    def test_failures_and_retry(self):
        self.assertIn("UID 42 in INBOX", self.run_command("failures").out)
        self.assertEqual(self.run_command("failures", "--json").events()[0]["uid"], 42)
        self.assertIn("1 message tried again", self.run_command("retry").out)
        self.assertIn("1 message given up", self.run_command("failures", "--clear", "42").out)
        none = self.run_command("failures", "--clear", "43")
        self.assertNotEqual(none.code, 0)
        self.assertIn("no message with UID 43", none.err)

    def test_without_a_bridge_they_say_so(self):
        self.server.stop()
        for command in (["status"], ["status", "--check"], ["failures"], ["retry"], ["failures", "--clear", "all"]):
            done = self.run_command(*command)
            self.assertEqual(done.code, 3, done)
            self.assertIn("no bridge runs with the state file", done.err)


if __name__ == "__main__":
    if not SERVER:
        sys.exit("MAILFERRY_STATUS_SERVER does not name the server of this test")
    if not browser.installed():
        print("chromium is not installed (tools/packages.txt): the tests of the page are skipped, the others run")
        del Page
    unittest.main(verbosity=2, warnings="ignore")
