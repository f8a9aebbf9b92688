"""What the store holds. All that the campaign knows of a kind of store is here: it is SQLite's."""

import contextlib
import json
import sqlite3

PATIENCE = 20   # seconds


class Kept:
    def __init__(self, folder):
        self.path = folder + "/store.db"

    def configuration(self):
        """The keys of [store] that say which one it is."""
        return f"path = {json.dumps(self.path)}\n"

    def look(self, query):
        """While a daemon has it open, whose files a reader leaves as they are."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=PATIENCE)) as db:
            return db.execute(query).fetchall()

    def remembered(self):
        """How many jobs have been seen; nothing if the store is not there yet."""
        try:
            return self.look("SELECT count(*) FROM jobs")[0][0]
        except sqlite3.Error:
            return None

    def memories(self):
        return {name: json.loads(text) for name, text in self.look("SELECT name, memory FROM jobs")}

    def owes(self):
        return any(m.get("owed") for m in self.memories().values())

    def unclaimed(self):
        """Occurrences that were claimed and given back, to be run at the next start."""
        return self.look("SELECT chain, scheduled_at FROM claims WHERE owner <= 0")

    def left(self):
        """Nothing goes after a stop with grace, and nothing may be damaged. What waited for the end of a run has no
        owner."""
        out = [f"still claimed: {row}"
               for row in self.look("SELECT chain, scheduled_at, hex(run) FROM claims WHERE owner > 0")]
        out += [f"progress of no run: {row}" for row in self.look(
            "SELECT hex(run), job, record FROM progress WHERE run NOT IN (SELECT run FROM claims)")]
        return out + [f"damage: {row[0]}" for row in self.look("PRAGMA integrity_check") if row[0] != "ok"]

    def history(self):
        """What has ended, oldest first. Not by `carillon history`, which does not tell when a span was recorded."""
        return self.look("SELECT id, chain, scheduled_at, last, count, run, trigger, outcome, reason, started_at,"
                         " ended_at, fence, jobs FROM history ORDER BY id")
