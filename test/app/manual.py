"""Shells complete the program's commands, options and jobs by the scripts that it prints, and man(1) shows its pages."""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

import chosen

PROGRAM = os.path.abspath(sys.argv[1])
CONFIGURATION = '[jobs.morning-report]\nurl = "${NOWHERE}/a"\n[jobs.evening-report]\nurl = "http://h/b"\n'

# What is written, and what has to be offered for its last word.
ONE_ANSWER = [
    ("hist", "history"),
    ("once -c c.toml mor", "morning-report"),
    ("once --config c.toml eve", "evening-report"),
    ("history --outcome fai", "failed"),
    ("history --sin", "--since"),
    ("completion fi", "fish"),
    ("check -c c.to", "c.toml"),
    ("demo --dir fold", "folder"),
    ("once --config=c.toml mor", "morning-report"),
    ("once -c ~/c.toml eve", "evening-report"),
    ("man onc", "once"),
]


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, **more)


def commands():
    return re.findall(r"^  ([a-z]+)  ", run(PROGRAM, "--help").stdout.split("Subcommands:")[1], re.MULTILINE)


class Place(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(os.path.join(self.folder, "folder"))
        with open(os.path.join(self.folder, "c.toml"), "w") as f:
            f.write(CONFIGURATION)
        path = os.path.dirname(PROGRAM) + ":" + os.environ["PATH"]
        self.environment = {"PATH": path, "HOME": self.folder, "TERM": "dumb", "LANG": "C.UTF-8"}

    def ask(self, *command):
        return run(*command, cwd=self.folder, env=self.environment)


class Shells(Place):
    def bash(self, line):
        # As readline splits a line: the sign is a word of its own.
        words = ["carillon", *(part for word in line.split(" ") for part in re.split("(=)", word) if part or word == "")]
        script = """source <(carillon completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _carillon
            printf '%s\\n' "${COMPREPLY[@]}" """
        done = self.ask("bash", "--norc", "-c", script, "bash", *words)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def fish(self, line):
        script = 'source (carillon completion fish | psub); complete -C "carillon $argv"'
        done = self.ask("fish", "--no-config", "-c", script, line)
        self.assertEqual(done.stderr, "")
        return [answer.split("\t")[0].rstrip("/") for answer in done.stdout.splitlines()]

    def test_bash_and_fish_offer_what_begins_so(self):
        for line, wanted in ONE_ANSWER:
            for shell in (self.bash, self.fish):
                with self.subTest(line=line, shell=shell.__name__):
                    self.assertEqual(shell(line), [wanted])

    def test_bash_and_fish_offer_all(self):
        for shell in (self.bash, self.fish):
            self.assertLessEqual(set(commands()), set(shell("")))
            self.assertEqual(sorted(shell("once -c c.toml ")), ["evening-report", "morning-report"])
            self.assertLessEqual({"--cron", "--tz", "--config"}, set(shell("next --")))

    def test_bash_reads_a_sign_between_option_and_value(self):
        self.assertEqual(self.bash("once --config=c.toml mor"), ["morning-report"])
        self.assertEqual(self.bash("check --config=c.to"), ["c.toml"])
        self.assertIn("c.toml", self.bash("check --config="))

    def test_what_nobody_can_guess_is_not_guessed(self):
        self.assertEqual(self.bash("next --cron "), [])
        self.assertEqual(self.bash("once -c nowhere.toml "), [])

    def test_zsh_completes_what_is_typed(self):
        for line, wanted in ONE_ANSWER:
            with self.subTest(line=line):
                self.zsh(line, wanted)

    def zsh(self, line, wanted):
        """Types a line and a tab into a shell at a terminal, and waits until the word is whole."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.environment)
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, 9)
        os.write(terminal, b"PS1=; autoload -Uz compinit; compinit -u -D; source <(carillon completion zsh); echo re''ady\n")
        self.wait_for(terminal, "ready")
        os.write(terminal, f"carillon {line}\t".encode())
        self.wait_for(terminal, line.rsplit(" ", 1)[-1] + wanted[len(line.rsplit(" ", 1)[-1]) :])

    def wait_for(self, terminal, wanted):
        seen = ""
        end = time.monotonic() + 30
        while wanted not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x08|\r", "", seen):
            if not select.select([terminal], [], [], max(end - time.monotonic(), 0))[0]:
                self.fail(f"not seen: {wanted}; but {seen!r}")
            seen += os.read(terminal, 4096).decode(errors="replace")


class Commands(Place):
    def test_each_command_has_a_page_without_faults(self):
        for command in ["", *commands()]:
            with self.subTest(command):
                page = run(PROGRAM, "man", *filter(None, [command])).stdout
                shown = run("groff", "-man", "-Tascii", "-ww", "-P-c", "-P-b", "-P-u", input=page)
                self.assertEqual(shown.stderr, "")
                text = re.sub(r"\s+", " ", shown.stdout)
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
                    self.assertIn(section, text)
                for option in re.findall(r"--[a-z]+", run(PROGRAM, *filter(None, [command]), "--help").stdout):
                    self.assertIn(option, text)

    def test_each_command_says_more_than_its_line(self):
        for command in commands():
            page = run(PROGRAM, "man", command).stdout
            about = page.split(".SH DESCRIPTION\n")[1].split(".SH")[0]
            self.assertGreater(len(about), 100, command)

    def test_what_is_not_there_is_refused(self):
        for arguments in (["man", "nothing"], ["completion", "tcsh"]):
            done = run(PROGRAM, *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(arguments[1], done.stderr)

    def test_names_of_jobs_need_no_secrets(self):
        self.assertEqual(self.ask("carillon", "completion", "jobs", "-c", "c.toml").stdout, "morning-report\nevening-report\n")
        broken = self.ask("carillon", "completion", "jobs", "-c", "nowhere.toml")
        self.assertEqual((broken.returncode, broken.stdout, broken.stderr), (2, "", ""))


chosen.main()
