"""tools/install_packages.sh, run against stand-ins for apt and dpkg in a folder that stands for the machine."""

import os
import pathlib
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "install_packages.sh"

# `apt-get install` behaves as the package of a mail server does: it brings a service and asks the policy whether to start it.
COMMANDS = {
    "id": "echo $FAKE_ID",
    "dpkg-query": 'grep -qx "${@: -1}" "$STATE/installed" && echo installed',
    "apt-cache": 'echo "  Candidate: $FAKE_CANDIDATE"',
    "deb-systemd-helper": 'echo "deb-systemd-helper $*" >>"$STATE/log"',
    "update-rc.d": 'echo "update-rc.d $*" >>"$STATE/log"',
    "apt-get": r"""
echo "apt-get $*" >>"$STATE/log"
case " $* " in
  *" -s "*) printf '%s\n' "$FAKE_PLAN"; exit ${FAKE_PLAN_CODE:-0} ;;
  *" install "*)
    policy=$MAILFERRY_INSTALL_ROOT/usr/sbin/policy-rc.d
    for service in oldd newd; do
      "$policy" $service start; echo "policy $service $?" >>"$STATE/log"
    done
    touch "$MAILFERRY_INSTALL_ROOT/etc/init.d/newd" "$MAILFERRY_INSTALL_ROOT/lib/systemd/system/newd.service"
    cat "$STATE/would_install" >>"$STATE/installed" ;;
esac
""",
}


class InstallPackages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("bin", "etc/init.d", "lib/systemd/system", "usr/sbin", "state"):
            (self.root / name).mkdir(parents=True)
        for name, text in COMMANDS.items():
            command = self.root / "bin" / name
            command.write_text(f"#!/bin/bash\n{text}\n")
            command.chmod(0o755)
        (self.root / "etc/init.d/oldd").touch()
        self.state("installed", "")
        self.state("would_install", "dpkg-dev\nfile\n")
        self.policy = self.root / "usr/sbin/policy-rc.d"

    def state(self, name, text):
        (self.root / "state" / name).write_text(text)

    def log(self):
        path = self.root / "state/log"
        return path.read_text() if path.exists() else ""

    def install(self, *groups, **settings):
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "MAILFERRY_INSTALL_ROOT": str(self.root), "FAKE_ID": "0",
                       "STATE": f"{self.root}/state", "FAKE_CANDIDATE": "1.0", "FAKE_PLAN": "", **settings}
        return subprocess.run(["bash", TOOL, *groups], env=environment, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)

    def test_does_nothing_when_nothing_is_missing(self):
        self.state("installed", "dpkg-dev\nfile\n")

        result = self.install("package")

        self.assertEqual((result.returncode, result.stdout, self.log()), (0, "", ""))

    def test_starts_and_enables_no_new_service_and_leaves_old_ones_alone(self):
        result = self.install("package")

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("policy newd 101", self.log())
        self.assertIn("policy oldd 0", self.log())
        self.assertIn("update-rc.d newd disable", self.log())
        self.assertIn("deb-systemd-helper disable newd.service", self.log())
        self.assertNotIn("oldd disable", self.log())
        self.assertFalse(self.policy.exists())

    def test_puts_back_the_policy_that_was_there(self):
        self.policy.write_text("#!/bin/sh\nexit 0\n")
        self.policy.chmod(0o755)

        result = self.install("package")

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("policy newd 101", self.log())
        self.assertEqual(self.policy.read_text(), "#!/bin/sh\nexit 0\n")

    def test_cleans_up_after_a_run_that_was_killed(self):
        self.policy.write_text("#!/bin/sh\n# Temporary, while mailferry installs packages; removed afterwards.\nexit 101\n")
        self.policy.chmod(0o755)

        self.install("package")

        self.assertFalse(self.policy.exists())

    def test_refuses_to_remove_what_is_installed(self):
        result = self.install("package", FAKE_PLAN="Remv cyrus-imapd [3.6.1]")

        self.assertEqual(result.returncode, 1)
        self.assertIn("would remove cyrus-imapd", result.stderr)
        self.assertNotIn("-y", self.log())

    def test_names_a_package_that_the_machine_does_not_offer(self):
        result = self.install("package", FAKE_PLAN="E: Unable to locate", FAKE_PLAN_CODE="100", FAKE_CANDIDATE="(none)")

        self.assertEqual(result.returncode, 1)
        self.assertIn("'dpkg-dev' is not in", result.stderr)

    def test_names_a_package_that_is_still_missing_afterwards(self):
        self.state("would_install", "file\n")

        result = self.install("package")

        self.assertEqual(result.returncode, 1)
        self.assertIn("still missing after the installation: dpkg-dev", result.stderr)

    def test_says_what_to_run_when_it_may_not_install(self):
        sudo = self.root / "bin/sudo"
        sudo.write_text("#!/bin/sh\nexit 1\n")
        sudo.chmod(0o755)

        result = self.install("package", FAKE_ID="1000")

        self.assertEqual(result.returncode, 1)
        self.assertIn("missing packages: dpkg-dev file", result.stderr)

    def test_refuses_an_unknown_group(self):
        result = self.install("nonsense")

        self.assertEqual(result.returncode, 1)
        self.assertIn("no package is in the groups 'nonsense'", result.stderr)


if __name__ == "__main__":
    unittest.main()
