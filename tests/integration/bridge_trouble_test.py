#!/usr/bin/env python3
"""What must not stop a bridge for good: a connection that stalls while it ends, a message that its source refuses, a mailbox that is
set back, dates and numbers that a source does not tell."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import harness  # noqa: E402
from support.bridging import QUICK, DefectTest, message  # noqa: E402
from support.daemon import Source, count, wait_until  # noqa: E402
from support.meddler import STALL  # noqa: E402


class EndTest(DefectTest):
    def test_a_stalled_connection_does_not_end_a_bridge_that_reads_its_configuration_again(self):
        stalls = [True]
        proxy = self.meddle(self.source, lambda number, tag, name, line: STALL if stalls[0] and name == "UID FETCH" else None)
        other = self.server(any_user="secret")
        self.put(self.source, "a", [message(1)])
        bridge = self.bridge([self.one(port=proxy.port)], timeout=120, **QUICK).start()
        self.assertTrue(wait_until(lambda: proxy.names("UID FETCH"), 20), bridge.log())
        stalls[0] = False
        bridge.sources.append(Source("two", other, "b"))
        bridge.write_config()
        bridge.process.send_signal(signal.SIGHUP)
        self.put(other, "b", [message(2)])
        self.assert_arrives(2, timeout=50, bridge=bridge)
        self.assertIn("read again", bridge.log())
        self.assertEqual(bridge.stop(), 0, bridge.log())


if __name__ == "__main__":
    harness.main()
