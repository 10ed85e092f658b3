"""What the tests of what stands around a bridge share: one source, one destination, a start in a given environment, the commands."""

import datetime
import subprocess

from . import corpus, harness
from .daemon import Bridge, Source, count, wait_until
from .rawimap import Connection

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def message(number, size=2000):
    return corpus.Message(number, size, (), NOW, "plain", number)


class ServiceTest(harness.IntegrationTest):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.server(any_user="secret"), self.server(any_user="secret")

    def bridge(self, sources=None, **options):
        sources = sources or [Source("one", self.source, "a")]
        return self.enterContext(Bridge(self.folder, self.destination, sources, **options))

    def start(self, bridge, **environment):
        with bridge.log_file.open("ab") as log:
            bridge.process = subprocess.Popen([harness.program(), "bridge", "--config", str(bridge.config)], stdin=subprocess.DEVNULL,
                                              env=harness.environment(self.folder.path) | environment, stdout=log, stderr=log)
        self.assertTrue(wait_until(lambda: "the bridge works" in bridge.log() or bridge.process.poll() is not None, 20))
        self.assertIsNone(bridge.process.poll(), bridge.log())
        return bridge

    def put(self, user, messages, mailbox="INBOX"):
        with Connection(self.source.port, user, "secret") as connection:
            corpus.append(connection, mailbox, messages)

    def assert_arrives(self, wanted, bridge, mailbox="INBOX"):
        self.assertTrue(wait_until(lambda: count(self.destination, "archive", mailbox) >= wanted), bridge.log())

    def command(self, bridge, *arguments, expect=0):
        done = harness.run([*arguments, "--state", bridge.state], self.folder)
        self.assertEqual(done.code, expect, f"\n{done}\n{bridge.log()}")
        return done
