"""What the benches judge by: a log with a fault in it must not pass."""

import math
import os
import sqlite3
import tempfile
import unittest

from compare import arrivals, figures, soaking
from compare.carillon import schedule
from compare.load import Load, job_name
from compare.machine import Invalid
from compare.scenarios.throughput import climb

SECOND = 1_000_000
FIRST = 1_796_000_000
TEXT = "2026-11-30T00:53:20"  # FIRST


def written(lines):
    with tempfile.NamedTemporaryFile("w", delete=False) as f:
        f.write("".join(line + "\n" for line in lines))
    return f.name


class Judging(unittest.TestCase):
    def judge(self, lines, expected, **window):
        path = written(lines)
        self.addCleanup(os.unlink, path)
        return arrivals.judge(arrivals.parse(path), expected, **window)

    def test_lateness_is_from_the_instant(self):
        verdict = self.judge([f"{FIRST}.012 {TEXT}.000000Z a", f"{FIRST}.060 {TEXT}.050000Z b"], 2)
        self.assertEqual(([10, 12], 0), (verdict.late_ms, verdict.missed))

    def test_what_did_not_come_is_missed(self):
        self.assertEqual(1, self.judge([f"{FIRST}.012 {TEXT}.000000Z a"], 2).missed)
        self.assertTrue(math.isnan(self.judge([], 2).percentile(0.99)))

    def test_instants_outside_the_window_do_not_count(self):
        verdict = self.judge([f"{FIRST}.012 {TEXT}.000000Z a"], 0, first=(FIRST + 1) * SECOND)
        self.assertEqual((0, 0), (verdict.arrived, verdict.missed))

    def test_twice_early_and_unasked_are_invalid(self):
        line = f"{FIRST}.012 {TEXT}.000000Z a"
        for lines, expected in ([line, line], 2), ([f"{FIRST}.012 {TEXT}.050000Z a"], 1), ([line], 0):
            with self.assertRaises(Invalid):
                self.judge(lines, expected)

    def test_requests_without_a_job_are_passed_over(self):
        self.assertEqual(0, self.judge([f"{FIRST}.012 - -"], 0).arrived)


class Accounting(unittest.TestCase):
    """Two jobs in two groups for two seconds."""

    def setUp(self):
        self.ledger = soaking.Ledger(Load(2, every_ms=1000, groups=2), FIRST, FIRST + 2)
        self.lines = [f"{FIRST}.001 {TEXT}.000000Z {job_name(0)}", f"{FIRST}.501 {TEXT}.500000Z {job_name(1)}",
                      f"{FIRST + 1}.001 {TEXT[:-1]}1.000000Z {job_name(0)}",
                      f"{FIRST + 1}.501 {TEXT[:-1]}1.500000Z {job_name(1)}"]
        self.rows = [(job_name(i), FIRST * SECOND + n * SECOND + i * SECOND // 2, "completed")
                     for i in range(2) for n in range(2)]

    def problems(self):
        path = written(self.lines)
        self.addCleanup(os.unlink, path)
        self.ledger.read_target(path)
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "s.db")
            with sqlite3.connect(store) as db:
                db.execute("CREATE TABLE history (chain, scheduled_at, outcome)")
                db.executemany("INSERT INTO history VALUES (?, ?, ?)", self.rows)
            db.close()
            self.ledger.read_store(store, FIRST + 1)
            self.ledger.read_store(store, FIRST + 2)
        return list(self.ledger.problems())

    def test_all_is_well(self):
        self.assertEqual([], self.problems())

    def test_one_did_not_arrive(self):
        self.lines.pop()
        self.assertEqual(1, len(self.problems()))

    def test_one_came_twice(self):
        self.lines.append(self.lines[0])
        self.assertIn("once more", self.problems()[0])

    def test_one_came_early(self):
        self.lines[1] = f"{FIRST}.400 {TEXT}.500000Z {job_name(1)}"
        self.assertIn("early", self.problems()[0])

    def test_one_is_not_in_the_store(self):
        self.rows.pop()
        self.assertIn("not in the store", self.problems()[0])

    def test_one_is_in_the_store_as_skipped(self):
        self.rows[0] = (*self.rows[0][:2], "skipped")
        self.assertIn("skipped", self.problems()[0])

    def test_one_is_in_the_store_twice(self):
        self.rows.append(self.rows[0])
        self.assertNotEqual([], self.problems())


class Loads(unittest.TestCase):
    def test_schedules(self):
        now = FIRST * 1000
        for load, job, expected in (
                (Load(2, every_ms=1000), 1, '{ every = "1000ms" }'),
                (Load(40, every_ms=1000, groups=20), 21, '{ calendar = "*:*:0.050/1" }'),
                (Load(20, every_ms=100, groups=20), 3, '{ calendar = "*:*:0.015/0.1" }'),
                (Load(100_000, every_ms=1_000_000, groups=10_000), 3, '{ calendar = "00:53:20.300" }'),
                (Load(1, at=FIRST), 0, '{ at = "2026-11-30T00:53:20Z" }')):
            with self.subTest(expected):
                self.assertEqual(expected, schedule(load, job, now))


class Figures(unittest.TestCase):
    def test_the_most_is_found(self):
        for most in 1, 90, 5_000, 123_456:
            found = climb(lambda rate, most=most: rate <= most, 1000, 1.5, 1.05)
            self.assertTrue(most / 1.05 - 1 <= found <= most, f"{found} of {most}")

    def test_numbers(self):
        for value, text in (0, "0"), (0.01234, "0.0123"), (9.996, "10.00"), (1234.5, "1,230"), (math.nan, "-"):
            self.assertEqual(text, figures.number(value))

    def test_medians_spread_and_ratio(self):
        rows = [figures.Row("s", who, "f", "ms", turn, value) for who, values in (("a", (1, 3, 2)), ("b", (8, 8, 9)))
                for turn, value in enumerate(values)]
        self.assertIn("| b | 8.00 (8.00 to 9.00), 4.00x |", figures.markdown(rows)["s"])


unittest.main()
