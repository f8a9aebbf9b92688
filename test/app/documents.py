"""Every configuration that the documents show is one that the program takes."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import chosen

PROGRAM, ROOT = sys.argv[1], sys.argv[2]


def examples():
    for folder in ("", "doc"):
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if not name.endswith(".md"):
                continue
            with open(os.path.join(ROOT, folder, name)) as f:
                text = f.read()
            for match in re.finditer(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
                yield f"{name}:{text.count(chr(10), 0, match.start()) + 2}", match.group(1)


class Documents(unittest.TestCase):
    def test_the_program_takes_what_they_show(self):
        shown = list(examples())
        self.assertGreater(len(shown), 5)
        for place, text in shown:
            with self.subTest(place), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "c.toml")
                with open(path, "w") as f:
                    f.write(text)
                done = subprocess.run([PROGRAM, "check", "-c", path], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)


chosen.main()
