"""What the program says of a store that is damaged, is not its own, or has lost the files beside it."""

import os
import sqlite3

import chosen
from store_fixture import StoreCase


class StoreDamage(StoreCase):
    def corrupt(self, table):
        """Overwrites a table's first page with random bytes."""
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(self.store, "r+b") as f:
            f.seek((page - 1) * size)
            f.write(os.urandom(size))

    def test_no_database(self):
        with open(self.store, "w") as f:
            f.write("these are not the rows you are looking for\n" * 100)
        self.refuses(["not an SQLite database", self.store])

    def test_a_database_of_others(self):
        with sqlite3.connect(self.store) as db:
            db.execute("CREATE TABLE songs (name TEXT)")
        db.close()
        self.refuses(["no store of carillon's"])
        self.assertEqual(self.rows("SELECT name FROM sqlite_master"), [("songs",)])

    def test_a_newer_version(self):
        self.fill()
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        self.refuses(["newer carillon", "99"])

    def test_a_corrupted_page(self):
        self.fill()
        self.corrupt("claims")
        self.refuses(["damaged", "move it away"])
        self.refuses(["damaged"], "once", "tick")

    def test_once_finds_what_a_daemon_would_find(self):
        self.fill()
        self.corrupt("history")
        self.refuses(["damaged", "move it away"], "once", "tick")
        self.refuses(["damaged", "move it away"])

    def test_a_torn_log_is_cut_where_it_ends(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        daemon.kill()
        daemon.wait()
        with open(self.store + "-wal", "r+b") as f:
            f.truncate(os.path.getsize(self.store + "-wal") - 1000)
        self.fill()

    def test_a_folder_in_its_place(self):
        os.mkdir(self.store)
        for command in (("run",), ("once", "tick"), ("status",)):
            self.refuses(["is a folder", self.store], *command)

    def test_a_deleted_file_beside_it(self):
        for end in ("-wal", "-shm"):
            daemon = self.start()
            ended = [e["run"] for e in self.wait_for(daemon, "run_ended") if e["event"] == "run_ended"]
            os.remove(self.store + end)
            self.refuses([f"{end} beside the store was deleted"], "once", "tick")
            seen = self.wait_for(daemon, "store_failed")
            self.assertIn("moved or deleted", seen[-1]["message"])
            daemon.kill()
            daemon.wait()
            self.fill()     # starts, and nothing of what was told is lost
            known = {bytes(run).hex() for run, in self.rows("SELECT run FROM history WHERE run IS NOT NULL")}
            for run in ended:
                self.assertIn(run.replace("-", ""), known)

    def test_another_log_outlives_the_daemon(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        for end in ("-wal", "-shm"):
            os.remove(self.store + end)
        self.wait_for(daemon, "store_failed")   # it has written its log into the file
        other = sqlite3.connect(self.store)
        other.execute("CREATE TABLE of_another_program (a)")
        other.commit()
        other.close()
        self.stop(daemon)
        self.assertEqual(self.rows("SELECT count(*) FROM of_another_program"), [(0,)])


if __name__ == "__main__":
    chosen.main()
