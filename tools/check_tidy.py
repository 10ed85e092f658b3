#!/usr/bin/env python3
"""Runs clang-tidy-19 over src/, and only over what changed since it last found nothing there.

Usage: check_tidy.py [--jobs N] [FILE...]     FILE: only these; default all of src/.

A file counts as unchanged while it, the project's headers it includes, its compile command, .clang-tidy and clang-tidy
itself are the same; build/tidy/clean/ remembers that as a digest.
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "tidy"
CLEAN = BUILD / "clean"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def closure(path, seen):
    """The file and every project header that it includes, directly or not."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(errors="replace")):
        closure(ROOT / "src" / name, seen)
    return seen


def digest(path, command, settings):
    state = hashlib.sha256(settings + command.encode())
    for file in sorted(closure(path, set())):
        state.update(str(file).encode() + b"\0" + file.read_bytes())
    return state.hexdigest()


def tidy(path):
    """What clang-tidy says, empty if nothing."""
    result = subprocess.run(["clang-tidy-19", "--quiet", "-p", BUILD, path], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + ("" if result.stdout else result.stderr)


def check(path, key):
    stamp = CLEAN / (path.relative_to(ROOT).as_posix().replace("/", "_"))
    if stamp.is_file() and stamp.read_text() == key:
        return path, None, ""
    said = tidy(path)
    if not said:
        stamp.write_text(key)
    return path, stamp, said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()

    subprocess.run(["cmake", "--preset", "tidy"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    CLEAN.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy-19", "--version"], capture_output=True, check=True).stdout
    settings = version + (ROOT / ".clang-tidy").read_bytes()
    commands = {pathlib.Path(entry["file"]): entry["command"] for entry in json.loads((BUILD / "compile_commands.json").read_text())}
    wanted = {path.resolve() for path in options.files} or set(commands)

    examined, failed = 0, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [pool.submit(check, path, digest(path, command, settings)) for path, command in sorted(commands.items()) if path in wanted]
        for path, stamp, said in (job.result() for job in concurrent.futures.as_completed(work)):
            examined += stamp is not None
            failed += bool(said)
            if said:
                print(said.strip(), flush=True)
    print(f"clang-tidy: {len(work)} files, {examined} examined, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
