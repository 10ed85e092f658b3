#!/usr/bin/env python3
"""Nothing is removed that is not safe, nothing is called old that came meanwhile, and what passes is waited for: servers that were
restored, that send half a message, that are busy; configurations that cannot be gone on with."""

import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness, meddler  # noqa: E402
from support.bridging import QUICK, DefectTest, message  # noqa: E402
from support.daemon import count, wait_until  # noqa: E402


class RestoredDestinationTest(DefectTest):
    def test_what_a_restored_destination_lost_stays_on_the_source(self):
        folder, copy = self.destination.mail / "archive", self.folder.path / "copy"
        source = self.one()
        self.put(self.source, "a", [message(1, days=9)])
        bridge = self.bridge([source], **QUICK).start()
        self.assert_arrives(1, bridge=bridge)
        bridge.stop()
        subprocess.run(["cp", "-a", folder, copy], check=True)
        self.put(self.source, "a", [message(n, days=9) for n in (2, 3, 4)])
        bridge.start()
        self.assert_arrives(4, bridge=bridge)
        bridge.stop()
        shutil.rmtree(folder)
        subprocess.run(["cp", "-a", copy, folder], check=True)
        source.keys["retention_days"] = 5
        bridge.write_config()
        bridge.start()
        self.put(self.source, "a", [message(5)])
        self.assert_arrives(2, bridge=bridge)
        self.assert_logged(bridge, "an older copy of it was restored")
        self.settle()
        self.assertEqual(count(self.source, "a"), 5, bridge.log())


class NewOnlyTest(DefectTest):
    def test_a_mailbox_that_comes_later(self):
        bridge = self.bridge([self.one(new_only=True, mappings=[("Filed", ["INBOX"], [])])], **QUICK).start()
        self.assert_logged(bridge, "doesn't exist")
        self.create(self.source, "a", "Filed")
        self.put(self.source, "a", [message(1, days=-1)], "Filed")  # surely after the start
        self.assert_arrives(1, bridge=bridge)

    def test_a_first_look_that_is_refused(self):
        refused = [True]
        proxy = self.meddle(self.source, lambda _n, _t, name, _l: b"{tag} NO [UNAVAILABLE] maintenance\r\n"
                            if name == "EXAMINE" and refused[0] else None)
        self.put(self.source, "a", [message(1, days=3)])
        bridge = self.bridge([self.one(new_only=True, port=proxy.port)], **QUICK).start()
        self.assert_logged(bridge, "maintenance")
        time.sleep(2)
        self.put(self.source, "a", [message(2, days=-1), message(3, days=-1)])
        refused[0] = False
        self.assert_arrives(2, bridge=bridge)
        self.settle()
        self.assert_arrives(2, bridge=bridge)


class Shortener(meddler.Meddler):
    """Sends `instead` for the content of message 2."""
    instead = b""

    def _down(self, client, server, state):
        reader = server.makefile("rb", 1 << 18)
        while line := reader.readline():
            literal = meddler._LITERAL.search(line)
            size = int(literal.group(1)) if literal else 0
            if size and b" BODY[] {" in line and b"UID 2 " in line:
                reader.read(size)
                client.sendall(line[:literal.start()] + self.instead)
                continue
            client.sendall(line)
            while size:
                piece = reader.read1(size)
                size -= len(piece)
                client.sendall(piece)


class ShortMessageTest(DefectTest):
    def short(self, instead):
        self.put(self.source, "a", [message(n, days=9) for n in (1, 2, 3)])
        proxy = self.enterContext(Shortener(lambda: self.source.port))
        proxy.instead = instead
        return self.bridge([self.one(port=proxy.port, retention_days=5)], **QUICK, message_attempts=2).start()

    def test_one_that_comes_empty_is_parked_and_kept(self):
        bridge = self.short(b"{0}\r\n")
        self.assertTrue(wait_until(bridge.failures, 20, 1), bridge.log())
        self.assertEqual([failure["uid"] for failure in bridge.failures()], [2])
        self.assertEqual((count(self.destination, "archive"), count(self.source, "a")), (2, 1), bridge.log())

    def test_one_that_comes_cut_is_kept(self):
        bridge = self.short(b"{40}\r\nSubject: all that there is of it\r\n\r\nabcd")
        self.assert_arrives(3, bridge=bridge)
        self.assertTrue(wait_until(lambda: count(self.source, "a") < 3), bridge.log())
        self.settle()
        self.assertEqual(count(self.source, "a"), 1, bridge.log())


class BusyDestinationTest(DefectTest):
    def check_waits(self, code):
        until = [float("inf")]
        proxy = self.meddle(self.destination, lambda _n, _t, name, _l: b"{tag} NO [" + code + b"] not now\r\n"
                            if name == "APPEND" and time.monotonic() < until[0] else None)
        self.put(self.source, "a", [message(n) for n in range(4)])
        bridge = self.bridge([self.one()], port=proxy.port, **QUICK, message_attempts=2, destination_attempts=3).start()
        self.assert_logged(bridge, "not now")
        until[0] = time.monotonic() + 10
        time.sleep(9)
        self.assertEqual(bridge.failures(), [])
        self.assert_logged(bridge, "is down")
        self.assert_arrives(4, bridge=bridge)
        self.assertEqual(bridge.failures(), [])

    def test_that_is_unavailable(self):
        self.check_waits(b"UNAVAILABLE")

    def test_that_has_a_limit(self):
        self.check_waits(b"LIMIT")


class BusySourceTest(DefectTest):
    def test_that_limits_the_rate(self):
        refused = []

        def limit(_number, _tag, name, line):
            if name != "UID FETCH" or b"BODY.PEEK[]" not in line or refused or count(self.destination, "archive") < 3:
                return None
            refused.append(line)
            return b"{tag} NO [LIMIT] UID FETCH Rate limit hit.\r\n"

        proxy = self.meddle(self.source, limit)
        bridge = self.bridge([self.one(port=proxy.port)], **QUICK, message_attempts=2).start()
        for number in range(6):
            self.put(self.source, "a", [message(number)])
            wait_until(lambda: count(self.destination, "archive") > min(number, 2), 5)
        self.assertTrue(wait_until(lambda: refused), bridge.log())
        self.settle(4)
        self.assertEqual(len(refused), 1, "nothing is asked for before the pause is over")
        bridge.process.send_signal(signal.SIGUSR1)  # the user wants it now
        self.assert_arrives(6, bridge=bridge, timeout=150)
        self.assertEqual(bridge.failures(), [])


class ReloadTest(DefectTest):
    def reload(self, change):
        bridge = self.bridge([self.one()], **QUICK).start()
        self.put(self.source, "a", [message(1)])
        self.assert_arrives(1, bridge=bridge)
        change(bridge)
        bridge.write_config()
        bridge.process.send_signal(signal.SIGHUP)
        return bridge

    def check_works(self, bridge):
        self.put(self.source, "a", [message(2)])
        self.assert_arrives(2, bridge=bridge)
        self.assertIsNone(bridge.process.poll(), bridge.log())

    def test_too_few_connections(self):
        few = {"connections": 1}

        def change(bridge):
            bridge.sources = [self.one(account_keys=few), self.one(mappings=[("Other", ["Other"], [])], account_keys=few)]

        bridge = self.reload(change)
        self.assert_logged(bridge, "the configuration stays as it was")
        self.check_works(bridge)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            bridge = self.reload(lambda bridge: bridge.keys.update(listen=f"127.0.0.1:{taken.getsockname()[1]}"))
            self.assert_logged(bridge, "the status page is not served")
            self.check_works(bridge)


if __name__ == "__main__":
    harness.main()
