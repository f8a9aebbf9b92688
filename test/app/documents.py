"""The documents against the program and the sources: it takes every configuration that they show, doc/configuration.md has a row
for each key that it reads, and for no other, and what links and doc/architecture.md name is there."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import chosen

PROGRAM, ROOT = sys.argv[1], sys.argv[2]


def pages():
    for folder in ("", "doc"):
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if name.endswith(".md"):
                with open(os.path.join(ROOT, folder, name)) as f:
                    yield os.path.join(folder, name), f.read()


def examples():
    for name, text in pages():
        for match in re.finditer(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield f"{name}:{text.count(chr(10), 0, match.start()) + 2}", match.group(1)


def anchors(text):
    """Of a page's headings, as they stand behind the # of a link."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def check(text):
    """What the program says of a configuration: its exit code and its lines on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.toml")
        with open(path, "w") as f:
            f.write(text)
        done = subprocess.run([PROGRAM, "check", "-c", path], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr


def documented_keys():
    """Of each table of the page the keys with their last column: {"jobs.NAME.retry": {"attempts": ...}}."""
    tables = {}
    paths = []
    with open(os.path.join(ROOT, "doc", "configuration.md")) as f:
        for line in f:
            if line.startswith("#"):
                paths = re.findall(r"`([^`]+)`", line)
            row = re.match(r"\| `(\w+)` \|.*\| *([^|]*?) *\|$", line)
            for path in paths if row else ():
                tables.setdefault(path, {})[row[1]] = row[2]
    return tables


def candidates():
    """Words that may be keys: each that the readers' sources quote."""
    words = set()
    folder = os.path.join(ROOT, "app", "config")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as f:
            words.update(re.findall(r'"([a-z][a-z0-9_]*)"', f.read()))
    return words


# Where a table stands in a file that holds nothing else. PLACE stands for what is in its braces.
PLACES = {"(top)": "PLACE", "jobs.NAME.expect.json./POINTER": 'jobs.NAME.expect.json."/POINTER" = { PLACE }'}
SINKS = {"console": 'type = "console"', "file": 'type = "file"', "journal": 'type = "journal"'}


def place_of(path):
    return PLACES.get(path, path + " = { PLACE }")


def refused(place, keys):
    """Those of some keys that are unknown at a place. The program tells all of them at once."""
    entries = [f"{k} = 0" for k in sorted(keys)]
    text = place.replace("PLACE", ("\n" if place == "PLACE" else ", ").join(entries))
    _, errors = check(text + "\n")
    if "c.toml:" not in errors:
        raise AssertionError(f"not refused: {text}: {errors}")
    return {k for k in keys if re.search(rf"[:. ]{k}: unknown key", errors)}


def is_table_of_keys(place, key):
    """Whether the program reads a table at a key, whose own keys it knows."""
    probe = key + " = { no-such-key = 0 }"
    return "no-such-key: unknown key" in check(place.replace("PLACE", probe) + "\n")[1]


def keys_read(path, place, words):
    """The keys of a table and of the tables in it."""
    known = words - refused(place, words)
    tables = {path: known}
    for key in sorted(known):
        if is_table_of_keys(place, key):
            inner = key if path == "(top)" else f"{path}.{key}"
            tables.update(keys_read(inner, place.replace("PLACE", key + " = { PLACE }"), words))
    return tables


class Keys(unittest.TestCase):
    def setUp(self):
        self.page = documented_keys()
        self.words = candidates().union(*self.page.values())

    def compare(self, path, known, allowed=lambda where: True):
        told = {k for k, where in self.page.get(path, {}).items() if allowed(where)}
        self.assertEqual(sorted(told - known), [], f"{path}: the page has what the program refuses")
        self.assertEqual(sorted(known - told), [], f"{path}: the page lacks what the program reads")

    def test_each_table_of_a_job_has_its_keys(self):
        for path, place, inside in (("defaults", "defaults = { PLACE }", "both"), ("jobs.NAME", "jobs.NAME = { PLACE }", "")):
            for table, known in keys_read(path, place, self.words).items():
                with self.subTest(table):
                    self.compare(table, known, lambda where: table != path or not inside or where == inside)
        bounds = "jobs.NAME.expect.json./POINTER"
        self.compare(bounds, self.words - refused(PLACES[bounds], self.words))

    def test_the_top_and_the_tables_of_the_program_have_their_keys(self):
        for table, known in keys_read("(top)", "PLACE", self.words).items():
            if not table.startswith(("jobs", "defaults")):
                with self.subTest(table):
                    self.compare(table, known)

    def test_each_type_of_sink_has_its_keys(self):
        for kind, written in SINKS.items():
            place = "log.sinks = [{ " + written + ", PLACE }]"
            known = self.words - {"type"} - refused(place, self.words - {"type"})
            with self.subTest(kind):
                self.compare("log.sinks", known | {"type"}, lambda where: where in ("every type", kind))

    def test_no_table_of_the_page_is_left_out(self):
        read = set(keys_read("(top)", "PLACE", self.words)) | {"log.sinks", "jobs.NAME.expect.json./POINTER"}
        read |= set(keys_read("jobs.NAME", "jobs.NAME = { PLACE }", self.words))
        self.assertEqual(sorted(set(self.page) - read), [])


class Documents(unittest.TestCase):
    def test_the_program_takes_what_they_show(self):
        shown = list(examples())
        self.assertGreater(len(shown), 5)
        for place, text in shown:
            with self.subTest(place):
                code, errors = check(text)
                self.assertEqual(code, 0, errors)

    def test_links_lead_to_what_is_there(self):
        texts = dict(pages())
        for name, text in texts.items():
            for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
                path, _, anchor = link.partition("#")
                to = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                with self.subTest(f"{name}: {link}"):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, to)))
                    if anchor:
                        self.assertIn(anchor, anchors(texts[to]))

    def test_the_reference_has_each_event_of_the_log(self):
        page = dict(pages())[os.path.join("doc", "reference.md")]
        section = page[page.index("## Events"):page.index("## Outcomes")]
        told = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
        written = set()
        service = os.path.join("app", "service")
        sources = [os.path.join(service, name) for name in os.listdir(os.path.join(ROOT, service)) if name.endswith(".cpp")]
        for path in ("lib/src/runner/core/event_log.cpp", "app/log/line_sink.cpp", *sources):
            with open(os.path.join(ROOT, path)) as f:
                written.update(re.findall(r'(?:event = |about_\w+\(\s*|log\(\s*log_level::\w+,\s*)"(\w+)"', f.read()))
        self.assertEqual(sorted(told), sorted(written))

    def test_the_sources_that_the_architecture_names_are_there(self):
        there = set()
        for folder in ("app", "lib", "test"):
            for _, _, names in os.walk(os.path.join(ROOT, folder)):
                there.update(names)
        named = re.findall(r"[\w/]*?(\w+\.(?:cpp|hpp|py))`", dict(pages())[os.path.join("doc", "architecture.md")])
        self.assertGreater(len(named), 50)
        self.assertEqual(sorted(set(named) - there), [])


chosen.main()
