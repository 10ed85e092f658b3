"""tools/check_layers.py finds what it is there to find."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"
TABLE = """# comment
base        |            | fmt openssl | ground
mail        | base       |             | values
async       | base       | asio        | waiting
store       | mail async |             | interfaces
stores/imap | store      |             | a store
"""


def run(files):
    """Exit code and output of the check over a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {"cmake/layers.txt": TABLE, **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        result = subprocess.run([sys.executable, TOOL, "--root", root], capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr


class CheckLayers(unittest.TestCase):
    def assert_found(self, files, *words):
        code, output = run(files)
        self.assertEqual(code, 1, output)
        for word in words:
            self.assertIn(word, output)

    def test_accepts_what_the_table_allows(self):
        code, output = run({"src/stores/imap/a.cpp": '#include "store/store.hpp"\n#include "mail/uid.hpp"\n#include <vector>\n',
                            "src/main.cpp": '#include "stores/imap/a.hpp"\n'})
        self.assertEqual(code, 0, output)

    def test_finds_a_room_that_looks_upwards_and_gives_the_reason(self):
        self.assert_found({"src/mail/a.hpp": '\n#include "store/store.hpp"\n'}, "src/mail/a.hpp:2", "must not use room store", "values")

    def test_finds_a_library_outside_its_room(self):
        self.assert_found({"src/mail/a.cpp": "#include <openssl/evp.h>\n"}, "must not use openssl")
        self.assert_found({"src/store/a.cpp": "#include <boost/asio/steady_timer.hpp>\n"}, "must not use asio")

    def test_lets_a_room_above_async_name_the_loop_only(self):
        code, output = run({"src/store/a.cpp": "#include <boost/asio/io_context.hpp>\n"})
        self.assertEqual(code, 0, output)
        self.assert_found({"src/mail/a.cpp": "#include <boost/asio/io_context.hpp>\n"}, "must not use asio")

    def test_finds_a_library_that_has_no_row(self):
        self.assert_found({"src/base/a.cpp": "#include <curl/curl.h>\n"}, "a library without a row")

    def test_finds_a_folder_without_a_row_and_an_include_that_is_in_no_room(self):
        self.assert_found({"src/extra/a.cpp": ""}, "src/extra/a.cpp", "no row")
        self.assert_found({"src/mail/a.cpp": '#include "uid.hpp"\n'}, "is in no room")

    def test_finds_a_folder_whose_name_says_nothing(self):
        self.assert_found({"src/mail/util/a.hpp": ""}, "src/mail/util", "collects everything")

    def test_refuses_a_row_without_a_reason_and_a_circle(self):
        self.assertNotEqual(run({"cmake/layers.txt": "base | | |\n"})[0], 0)
        self.assertNotEqual(run({"cmake/layers.txt": "base | mail | | x\nmail | base | | y\n"})[0], 0)


if __name__ == "__main__":
    unittest.main()
