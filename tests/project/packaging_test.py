"""The units of systemd and the files for containers: judged by systemd-analyze, run, and held to what the manual says."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
SYSTEM_UNITS = [PACKAGING / "mailferry-bridge.service", PACKAGING / "mailferry-bridge@.service"]
USER_UNIT = PACKAGING / "user" / "mailferry-bridge@.service"
DOCKERFILE = PACKAGING / "container" / "Dockerfile"
COMPOSE = PACKAGING / "container" / "docker-compose.yml"
START = PACKAGING / "container" / "start"
LEAST_EXPOSED = 2.0

needs_systemd = unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze here")


def settings_of(unit):
    """Each key with its values, in the order of the file."""
    settings = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings.setdefault(key, []).append(value)
    return settings


def exposure_of(unit):
    answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True)
    return float(re.search(r"Overall exposure level for .*: ([0-9.]+)", answer.stdout)[1])


class Units(unittest.TestCase):
    def test_a_crash_starts_them_again_and_a_wrong_configuration_does_not(self):
        codes = (ROOT / "src" / "cli" / "exit_codes.hpp").read_text()
        hopeless = {re.search(rf"\b{name} = (\d+)", codes)[1] for name in ("usage", "credentials")}
        for unit in [*SYSTEM_UNITS, USER_UNIT]:
            settings = settings_of(unit)
            self.assertEqual(settings["Restart"], ["on-failure"], unit)
            self.assertEqual(set(settings["RestartPreventExitStatus"][0].split()), hopeless, unit)
            self.assertEqual(settings["Type"], ["notify"], unit)
            self.assertIn("WatchdogSec", settings, unit)
            self.assertEqual(settings["TimeoutStopSec"], ["30"], unit)
            self.assertEqual(settings["ExecReload"], ["/bin/kill -HUP $MAINPID"], unit)

    def test_the_template_is_locked_as_the_single_one_is(self):
        single, template = (settings_of(unit) for unit in SYSTEM_UNITS)
        for key in ("ExecStart", "Description", "StateDirectory"):
            self.assertIn("%i", template.pop(key)[0])
            single.pop(key)
        self.assertEqual(single, template)

    @needs_systemd
    def test_they_are_exposed_as_little_as_the_manual_says(self):
        manual = (ROOT / "docs" / "manual" / "running.md").read_text()
        said = float(re.search(r"exposure level of ([0-9.]+)", manual)[1])
        for unit in SYSTEM_UNITS:
            exposure = exposure_of(unit)
            self.assertLessEqual(exposure, LEAST_EXPOSED, unit)
            self.assertEqual(exposure, said, unit)

    @needs_systemd
    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in [*SYSTEM_UNITS, USER_UNIT]:
                # The program and its manual page are not installed here.
                text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
                text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
                copy = pathlib.Path(folder) / unit.name.replace("@", "@one")
                copy.write_text(text)
                answer = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
                about_it = [line for line in answer.stderr.splitlines() if unit.name.split("@")[0].split(".")[0] in line]
                self.assertEqual(about_it, [], unit)


FAKE = """#!/bin/sh
echo "$@" >>"$FAKE_LOG"
trap 'echo hup >>"$FAKE_LOG"' HUP
trap 'echo term >>"$FAKE_LOG"; exit 0' TERM
[ -z "$FAKE_RUNS" ] || { echo up >>"$FAKE_LOG"; while :; do sleep 0.05; done; }
exit $FAKE_CODE
"""


class Container(unittest.TestCase):
    """packaging/container/start with a stand-in for the program."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "log"
        self.log.touch()
        fake = pathlib.Path(folder.name) / "mailferry"
        fake.write_text(FAKE)
        fake.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder.name}:{os.environ['PATH']}", "FAKE_LOG": str(self.log),
                            "MAILFERRY_OPTIONS": f"{folder.name}/options"}

    def start(self, *arguments, **environment):
        process = subprocess.Popen(["sh", START, *arguments], env={**self.environment, **environment}, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(self.end_group, process.pid)
        return process

    @staticmethod
    def end_group(leader):
        try:
            os.killpg(leader, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait_for(self, condition):
        end = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), end, self.log.read_text())
            time.sleep(0.02)

    def test_a_failure_ends_the_container_with_its_code(self):
        self.assertEqual(self.start("bridge", FAKE_CODE="5").wait(20), 5)

    def test_what_another_start_does_not_change_is_not_started_again(self):
        for code in ("0", "2", "4"):
            process = self.start("bridge", FAKE_CODE=code)
            self.assertIn(f"ended with code {code}", process.stderr.readline())
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), int(code))
        self.assertEqual(self.log.read_text(), "bridge\n" * 3)

    def test_signals_reach_the_bridge_and_its_end_is_waited_for(self):
        process = self.start("bridge", "--debug", FAKE_CODE="1", FAKE_RUNS="yes")
        self.wait_for(lambda: "up" in self.log.read_text())
        process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "hup" in self.log.read_text())
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(self.log.read_text(), "bridge --debug\nup\nhup\nterm\n")

    def test_other_commands_are_run_as_they_are(self):
        self.assertEqual(self.start("status", "--check", FAKE_CODE="0").wait(20), 0)
        self.assertEqual(self.log.read_text(), "status --check\n")

    def test_the_health_check_asks_the_bridge_that_runs(self):
        for options in (["--config", "my config.json"], ["--config=config.json", "--state-file", "old.json"], []):
            with self.subTest(options=options):
                self.log.write_text("")
                self.assertEqual(self.start("bridge", "--debug", *options, "--log", "x", FAKE_CODE="5").wait(20), 5)
                self.log.write_text("")
                self.assertEqual(self.start("status", "--check", FAKE_CODE="0").wait(20), 0)
                self.assertEqual(self.log.read_text(), " ".join(["status", "--check", *options]) + "\n")
        self.start("bridge", "--config", "config.json", FAKE_CODE="5").wait(20)
        self.log.write_text("")
        self.assertEqual(self.start("failures", "--config", "other", FAKE_CODE="0").wait(20), 0)
        self.assertEqual(self.log.read_text(), "failures --config other\n")


INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "VOLUME", "USER", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


class Images(unittest.TestCase):
    def instructions(self):
        text = re.sub(r"\\\n", " ", DOCKERFILE.read_text())
        return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]

    def test_every_instruction_is_one(self):
        self.assertEqual({name for name, _ in self.instructions()} - INSTRUCTIONS, set())

    def test_it_runs_as_no_root_and_is_stopped_and_looked_at_properly(self):
        last = [line for line in self.instructions()][-20:]
        stages = [rest for name, rest in last if name == "FROM"]
        self.assertEqual(stages, ["debian:bookworm-slim AS build", "debian:bookworm-slim"])
        values = dict(last)
        self.assertNotIn(values["USER"].split(":")[0], ("root", "0"))
        self.assertEqual(values["STOPSIGNAL"], "SIGTERM")
        self.assertTrue(values["HEALTHCHECK"].endswith('CMD ["/usr/local/bin/start", "status", "--check"]'))

    def test_what_is_copied_is_there(self):
        for name, rest in self.instructions():
            sources = [word for word in rest.split()[:-1] if not word.startswith("--")]
            if name == "COPY" and "--from=" not in rest:
                for source in sources:
                    self.assertTrue((ROOT / source).exists(), source)

    def test_compose_is_whole(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("there is no Python module yaml here")
        service = yaml.safe_load(COMPOSE.read_text())["services"]["bridge"]
        self.assertEqual((COMPOSE.parent / service["build"]["context"]).resolve(), ROOT)
        self.assertEqual(ROOT / service["build"]["dockerfile"], DOCKERFILE)
        self.assertEqual(service["restart"], "unless-stopped")
        self.assertGreater(int(service["stop_grace_period"].rstrip("s")), 30)
        self.assertEqual(service["cap_drop"], ["ALL"])
        self.assertTrue(service["read_only"])

    def test_the_script_is_what_every_shell_understands(self):
        self.assertTrue(os.access(START, os.X_OK))
        self.assertTrue(START.read_text().startswith("#!/bin/sh\n"))
        self.assertEqual(subprocess.run(["sh", "-n", START], check=False).returncode, 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
