"""The documents name only what exists, and no file names a place of the machine it was written on."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__"}

LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]+)[^)]*\)")
# `src/imap/…`, ./dev, tools/…: paths from the top of the project, in backquotes.
PATH = re.compile(r"`((?:src|tests|tools|docs|cmake|bench|packaging|\.ci)/[^`\s:]*|[A-Z][A-Za-z]+\.(?:md|txt|json))`")
VERB = re.compile(r"\./dev ([a-z]+)")
# Written so that this file does not contain what it forbids.
FORBIDDEN = re.compile(r"/wor[k]/|/far[m]/|/roo[t]/|bash_job[s]|[.]librar[y]/|/tm[p]/[a-z]+[.]lock")


def text_files():
    for path in sorted(ROOT.rglob("*")):
        relative = path.relative_to(ROOT)
        if path.is_file() and not SKIPPED_FOLDERS.intersection(relative.parts):
            content = path.read_bytes()
            if b"\0" not in content[:8192]:
                yield relative, content.decode(errors="replace")


def exists(pattern):
    """A path, or a pattern with * or <name>; "a/b.*" means a file of that name with any ending."""
    pattern = re.sub(r"<[^>]*>|…", "*", pattern).rstrip("/.,")
    return any(ROOT.glob(pattern))


class Documents(unittest.TestCase):
    def each(self, regex):
        for document in DOCUMENTS:
            for match in regex.finditer(document.read_text()):
                yield document, match[1]

    def test_links_lead_somewhere(self):
        broken = [f"{document.relative_to(ROOT)}: {target}" for document, target in self.each(LINK)
                  if not (document.parent / target).exists()]
        self.assertEqual(broken, [])

    def test_paths_exist(self):
        missing = [f"{document.relative_to(ROOT)}: {path}" for document, path in self.each(PATH) if not exists(path)]
        self.assertEqual(missing, [])

    def test_verbs_are_verbs_of_dev(self):
        offered = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
        unknown = [f"{document.relative_to(ROOT)}: ./dev {verb}" for document, verb in self.each(VERB)
                   if not re.search(rf"^  (\w+, )?{verb}\b", offered, re.MULTILINE)]
        self.assertEqual(unknown, [])

    def test_every_quirk_that_the_code_names_has_a_row(self):
        rows = set(re.findall(r"^\| ([a-z]\d+) \|", (ROOT / "docs" / "quirks.md").read_text(), re.MULTILINE))
        named = set()
        for path in [*(ROOT / "src").rglob("*.[ch]pp"), *(ROOT / "tests").rglob("*.[ch]pp")]:
            for ids in re.findall(r"quirks? ((?:[a-z]\d+(?:, | and )?)+)", path.read_text()):
                named.update(re.findall(r"[a-z]\d+", ids))
        self.assertEqual(sorted(named - rows), [])

    def test_every_member_of_an_event_is_documented(self):
        known = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "formats" / "events.md").read_text()))
        written = set()
        for name in ("copy_json", "cmd_explain", "cmd_failures", "cmd_folders", "cmd_verify", "errors", "skipped_view"):
            text = (ROOT / "src" / "cli" / f"{name}.cpp").read_text()
            written.update(re.findall(r"\{\"(\w+)\",", text) + re.findall(r"object\[\"(\w+)\"\]", text))
        self.assertGreater(len(written), 50)
        self.assertEqual(sorted(written - known - {"event"}), [])

    def test_every_document_is_reached_from_the_readme(self):
        reached, waiting = set(), [ROOT / "README.md"]
        while waiting:
            document = waiting.pop()
            if document.suffix == ".md" and document.is_file() and document not in reached:
                reached.add(document)
                waiting += [(document.parent / target).resolve() for target in LINK.findall(document.read_text())]
        self.assertEqual([str(path.relative_to(ROOT)) for path in DOCUMENTS if path not in reached], [])

    def test_no_file_names_a_place_of_one_machine(self):
        found = [f"{path}: {match[0]}" for path, text in text_files() for match in [FORBIDDEN.search(text)] if match]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
