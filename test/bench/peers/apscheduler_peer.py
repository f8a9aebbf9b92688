#!/usr/bin/python3
"""Usage: apscheduler_peer.py --port=P --jobs=N (--every=MS [--groups=G] | --at=T | --cron=E) [--log=FILE]...

Jobs on APScheduler, each a request by urllib3. The arguments are those of every peer: see test/bench/compare/peers.py.
"""

import argparse
import datetime
import logging
import time

import urllib3
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


class Sender:
    def __init__(self, given):
        self.pool = urllib3.HTTPConnectionPool("127.0.0.1", given.port, maxsize=given.connections, block=True)

    def send(self, name, instant):
        begun = time.monotonic()
        reply = self.pool.request("POST", "/run", headers={
            "Carillon-Job": name, "Carillon-Scheduled-At": instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
        logging.info("%s: %d in %.3f ms", name, reply.status, (time.monotonic() - begun) * 1000)

    def send_latest(self, name, every, phase):
        """APScheduler does not tell a job its instant: it is the latest one when the job begins."""
        since = datetime.datetime.now(UTC) - EPOCH - phase
        self.send(name, EPOCH + phase + since // every * every)


def add(scheduler, sender, given, i):
    name = f"tenant-{i:07}-refresh"
    if given.cron:
        trigger = CronTrigger.from_crontab(given.cron, timezone=UTC)
        scheduler.add_job(lambda: sender.send(name, datetime.datetime.now(UTC)), trigger, misfire_grace_time=60)
    elif given.at:
        instant = datetime.datetime.fromtimestamp(given.at, UTC)
        scheduler.add_job(sender.send, DateTrigger(instant), (name, instant), misfire_grace_time=60)
    else:
        every = datetime.timedelta(milliseconds=given.every)
        phase = every * (i % given.groups) / given.groups
        trigger = IntervalTrigger(seconds=every.total_seconds(), start_date=EPOCH + phase, timezone=UTC)
        scheduler.add_job(sender.send_latest, trigger, (name, every, phase), misfire_grace_time=60)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("port", "jobs", "every", "at"):
        arguments.add_argument(f"--{name}", type=int, default=0)
    arguments.add_argument("--groups", type=int, default=1)
    arguments.add_argument("--cron", default="")
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--connections", type=int, default=100)
    arguments.add_argument("--log", default="/dev/null")
    given = arguments.parse_args()

    logging.basicConfig(filename=given.log, level=logging.INFO, format="%(asctime)s %(message)s")
    for library in ("apscheduler", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)
    # A run that is late still runs, as with carillon, and a job runs once at a time.
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(given.connections)},
                                    job_defaults={"coalesce": True, "max_instances": 1})
    sender = Sender(given)
    for i in range(given.jobs):
        add(scheduler, sender, given, i)
    scheduler.start()
    print("ready", flush=True)
    time.sleep(given.seconds)
    scheduler.shutdown(wait=False)


main()
