#!/usr/bin/env python3
"""Holds every #include under src/ to the table cmake/layers.txt, and every folder to a name that says something.

Usage: check_layers.py [--root FOLDER]     Prints one line a violation, each with the reason; exit code 1 if there is one.
"""

import argparse
import pathlib
import re
import sys

# Library name in the table -> how its headers begin, in <> or "".
HEADERS = {
    "asio": r"boost/asio",
    "beast": r"boost/beast",
    "boost_json": r"boost/json",
    "boost_url": r"boost/(url|core|system)",
    "cli11": r"CLI/",
    "fmt": r"fmt/",
    "gmime": r"(gmime/|glib)",
    "gsasl": r"gsasl",
    "openssl": r"openssl/",
    "prometheus": r"prometheus/",
    "spdlog": r"spdlog/",
    "sqlite3": r"sqlite3",
    "zlib": r"zlib",
    "zstd": r"zstd",
    "toml++": r"toml(\+\+|plusplus)?[/.]",
}
# Libraries that every room may use, as they are part of the language in all but name.
FREE = {"fmt"}
# Headers of no library above that look like one: these must be in the table before they are used.
FOREIGN = re.compile(r"boost/|zlib|zstd|curl/|gmime/|sodium|unicode/|pqxx|hiredis")
# The loop that a coroutine runs on; a room that may use async may hand it on, and names nothing else of Asio.
LOOP = "boost/asio/io_context.hpp"
EMPTY_NAMES = {"util", "utils", "common", "core", "helper", "helpers", "manager", "managers", "misc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Rule:
    """One row of the table."""

    def __init__(self, rooms, libraries, reason):
        self.rooms, self.libraries, self.reason = rooms, libraries, reason


def read_table(path):
    rules = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 4 or not fields[3]:
            sys.exit(f"{path}:{number}: a row is ROOM | ROOMS | LIBRARIES | WHY, and WHY is not empty")
        for room in fields[1].split():
            if room not in rules:
                sys.exit(f"{path}:{number}: '{fields[0]}' names '{room}', which has no row above it")
        rules[fields[0]] = Rule(fields[1].split(), fields[2].split(), fields[3])
    return rules


def reachable(rules, room, seen=None):
    """The room itself and all that its row allows, directly or through another row."""
    seen = set() if seen is None else seen
    if room not in seen:
        seen.add(room)
        for other in rules[room].rooms:
            reachable(rules, other, seen)
    return seen


def room_of(rules, path):
    """'stores/imap/reader.hpp' -> 'stores/imap'; None if no row fits."""
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if len(parts) > length and name in rules:
            return name
    return None


def library_of(header):
    for name, pattern in HEADERS.items():
        if re.match(pattern, header):
            return name
    return "a library without a row in tools/check_layers.py" if FOREIGN.match(header) else None


def check_include(rules, room, header, quoted):
    """The violation as a sentence, or None."""
    if quoted:
        target = room_of(rules, header)
        if target is None:
            return f'"{header}" is in no room; includes are written from src/, as "room/file.hpp"'
        if target not in reachable(rules, room):
            return f'room {room} must not use room {target} ("{header}")'
        return None
    if header == LOOP and "async" in reachable(rules, room):
        return None
    library = library_of(header)
    if library is None or library in FREE or library in rules[room].libraries:
        return None
    return f"room {room} must not use {library} (<{header}>)"


def check_file(rules, source, path):
    name = path.relative_to(source).as_posix()
    if name == "main.cpp":
        return
    room = room_of(rules, name)
    if room is None:
        yield f"src/{name}: its folder has no row in cmake/layers.txt"
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        problem = match and check_include(rules, room, match[2], match[1] == '"')
        if problem:
            yield f"src/{name}:{number}: {problem}; {room} is: {rules[room].reason}"


def check_names(root):
    for top in ("src", "tests", "bench", "tools", "docs", "cmake"):
        for path in sorted((root / top).rglob("*")):
            if path.is_dir() and path.name in EMPTY_NAMES:
                yield f"{path.relative_to(root)}: a folder named '{path.name}' collects everything; name it by what it is about"


def check(root):
    rules = read_table(root / "cmake" / "layers.txt")
    source = root / "src"
    problems = list(check_names(root))
    for path in sorted(source.rglob("*")):
        if path.suffix in (".hpp", ".cpp"):
            problems += check_file(rules, source, path)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    problems = check(parser.parse_args().root)
    print("\n".join(problems) if problems else "layers: every include keeps to cmake/layers.txt")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
