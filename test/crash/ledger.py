"""What is known after a campaign: what the server saw, what the store says, what the schedules want."""

import collections
import datetime
import json
import uuid
from typing import NamedTuple

NEVER = 2**63 - 1  # microseconds, where no instant is to come
LATE = 100_000  # microseconds that a busy machine may be late with what is written down
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Request:
    """One that reached the server; `order` and `ended` count the lines of its log."""

    def __init__(self, order, line):
        self.order, self.at, self.job, self.is_poll = order, line["at"], line["job"], line["poll"]
        self.instant, self.run, self.key = instant_of(line["instant"]), line["run"], line["key"]
        self.attempt, self.fence, self.body = line["attempt"], line["fence"], line["body"]
        self.number, self.ended, self.end, self.ended_at = line["request"], float("inf"), "never", None

    def __str__(self):
        return (f"{text_of(self.at)} line {self.order} {'polls' if self.is_poll else 'sends'} {self.job} for "
                f"{text_of(self.instant)} run {self.run} attempt {self.attempt} fence {self.fence}: {self.end}"
                + (f" at {text_of(self.ended_at)}" if self.ended_at else ""))


class Run(NamedTuple):
    """A row of the history, or what became of an instant."""
    row: int
    chain: str
    instant: int
    run: str
    trigger: str
    outcome: str
    reason: str
    started: int
    ended: int
    fence: int
    jobs: dict  # each job's record

    def __str__(self):
        jobs = ", ".join(f"{name} {j['outcome']} {[a['attempt'] for a in j['attempts']]}"
                         for name, j in self.jobs.items())
        return (f"row {self.row}: {self.chain} {text_of(self.instant)} run {self.run} {self.trigger} {self.outcome} "
                f"{self.reason or ''} from {text_of(self.started)} to {text_of(self.ended)} fence {self.fence}: {jobs}")


class Span(NamedTuple):
    """Instants that came to nothing; `owed` ones are still to come."""
    row: int
    chain: str
    instant: int
    last: int
    count: int
    outcome: str
    reason: str
    at: int  # when it was recorded

    def __str__(self):
        return (f"row {self.row}: {self.chain} {text_of(self.instant)} to {text_of(self.last)}, {self.count} "
                f"{self.outcome} {self.reason}, recorded {text_of(self.at)}")


class Known(NamedTuple):
    chains: list
    requests: list
    runs: list
    spans: list
    next: dict       # of each chain the first instant that has not come
    left: list       # what the store should hold no more
    daemons: list    # lives
    beside: list
    first_sight: tuple
    stopped: int
    log: str
    by_run: dict     # requests


def instant_of(text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(microseconds=1)


def text_of(instant):
    if instant is None:
        return "never"
    return (EPOCH + datetime.timedelta(microseconds=instant)).strftime("%H:%M:%S.%f")


def read_requests(path):
    out, by_number = [], {}
    with open(path) as f:
        for order, text in enumerate(f, 1):
            line = json.loads(text)
            if "request" in line:
                out.append(Request(order, line))
                by_number[line["request"]] = out[-1]
            else:
                r = by_number[line["of"]]
                r.ended, r.end, r.ended_at = order, line["end"], line["at"]
    return out


def read_history(rows):
    runs, spans = [], []
    for row, chain, at, last, count, run, trigger, outcome, reason, started, ended, fence, jobs in rows:
        if run is None:
            spans.append(Span(row, chain, at, last, count, outcome, reason, ended))
        else:
            known = {j["job"]: j for j in json.loads(jobs)}
            runs.append(Run(row, chain, at, str(uuid.UUID(bytes=run)), trigger, outcome, reason, started, ended, fence,
                            known))
    return runs, spans


def read(campaign):
    kept = campaign.kept
    runs, spans = read_history(kept.history())
    left, following = kept.left(), {}
    for name, memory in kept.memories().items():
        following[name] = memory.get("next", NEVER)
        for _, _, first, last, count in memory.get("owed", []):
            spans.append(Span(0, name, first, last, count, "owed", "", 0))
    for name, at in kept.unclaimed():
        spans.append(Span(0, name, at, at, 1, "owed", "", 0))
    requests = read_requests(campaign.path("requests"))
    by_run = collections.defaultdict(list)
    for r in requests:
        by_run[r.run].append(r)
    return Known(campaign.chains, requests, runs, spans, following, left, campaign.daemons,
                 [b.ended for b in campaign.beside], campaign.first_sight, campaign.stopped, campaign.path("log"),
                 by_run)
