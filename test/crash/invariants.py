"""What has to hold, however often carillon is killed; each check yields what breaks it."""

import bisect
import collections
import json
from typing import NamedTuple

from accounts import check_accounts, check_never_early
from ledger import LATE, instant_of

SLACK = 10_000  # microseconds that a daemon takes at least until it sends


class Violation(NamedTuple):
    kind: str
    what: str
    run: str = ""
    chain: str = ""
    instant: int = 0


def met(condition, outcome):
    if condition == "failed":
        return outcome in ("failed", "timed_out", "unreachable", "rejected", "interrupted")
    return condition == "finished" or outcome == "completed"


def by(key, items):
    out = collections.defaultdict(list)
    for item in items:
        out[key(item)].append(item)
    return out


def check_identities(known):
    """Each request is of a recorded run; an occurrence has one key and one run, and none shares them."""
    runs = {r.run: r for r in known.runs}
    if len(runs) < len(known.runs):
        for name, rows in by(lambda r: r.run, known.runs).items():
            if len(rows) > 1:
                yield Violation("doubled", "a run has several rows", name)
    for r in known.requests:
        recorded = runs.get(r.run)
        if recorded is None:
            yield Violation("unrecorded", f"a request belongs to no recorded run: {r}", r.run)
        elif r.job not in recorded.jobs or r.instant != recorded.instant:
            yield Violation("unrecorded", f"a request is not of its run: {r}", r.run)
        elif recorded.outcome == "skipped" or recorded.jobs[r.job]["outcome"] == "skipped":
            yield Violation("unrecorded", f"what is recorded as skipped was sent: {r}", r.run)
    for (job, instant), requests in by(lambda r: (r.job, r.instant), known.requests).items():
        if len({r.run for r in requests}) > 1:
            yield Violation("doubled", f"{job} was sent for one instant by several runs", requests[0].run)
        if len({r.key for r in requests}) > 1:
            yield Violation("key", f"{job} was sent for one instant with several keys", requests[0].run)
    for key, requests in by(lambda r: r.key, known.requests).items():
        if len({(r.job, r.instant) for r in requests}) > 1:
            yield Violation("key", f"several occurrences share the key {key}", requests[0].run)


def check_attempts(known):
    """Numbers that grow with each request of an occurrence, and are all recorded where a run came to its end."""
    runs = {r.run: r for r in known.runs}
    for requests in by(lambda r: (r.job, r.instant), known.requests).values():
        last = 0
        for r in requests:
            if r.attempt < last or (r.attempt == last and not r.is_poll):
                yield Violation("attempt", f"an attempt's number does not grow after {last}: {r}", r.run)
            last = r.attempt
            recorded = runs.get(r.run)
            if recorded is None or recorded.reason or r.job not in recorded.jobs:
                continue
            job = recorded.jobs[r.job]
            if job["outcome"] != "cancelled" and r.attempt not in [a["attempt"] for a in job["attempts"]]:
                yield Violation("attempt", f"an attempt is not in the history: {r}", r.run)


def check_fences(known):
    """They grow with every claim of a chain, and no two claims share one."""
    begins = [life.begin + SLACK for life in known.daemons]
    for fence, requests in by(lambda r: r.fence, known.requests).items():
        if len({r.run for r in requests}) > 1:
            yield Violation("fence", f"several runs share the fence {fence}", requests[0].run)
    manual = {r.run for r in known.runs if r.trigger == "manual"}
    for run, requests in known.by_run.items():
        for a, b in zip(requests, requests[1:]):
            if b.fence < a.fence:
                yield Violation("fence", f"a fence falls within a run: {b}", run)
            if run not in manual and b.fence == a.fence and \
                    bisect.bisect(begins, a.at) < bisect.bisect(begins, b.at - LATE):
                yield Violation("fence", f"a later process has not claimed anew: {b}", run)
    for chain in known.chains:
        if chain.overlap == "allow":
            continue
        last = None
        for r in known.requests:
            if r.run in manual or r.job not in [j.name for j in chain.jobs]:
                continue
            if last and r.fence < last.fence:
                yield Violation("fence", f"a fence falls within a chain, after run {last.run}: {r}", r.run,
                                chain.name)
            last = r


def check_order(known):
    """A job is sent only after all that it waits for has ended, and only where it came to what is wanted."""
    parents = {j.name: j.after for chain in known.chains for j in chain.jobs}
    for run, requests in known.by_run.items():
        of = by(lambda r: r.job, requests)
        for job, mine in of.items():
            for parent in parents[job]:
                late = [r for r in of[parent] if r.ended > mine[0].order] if parent in of else []
                if late:
                    yield Violation("disordered", f"{job} was sent before its parent had ended: {late[0]}", run)
    for run in known.runs:
        if run.reason:
            continue
        for job, record in run.jobs.items():
            if record["outcome"] in ("cancelled", "interrupted") or not parents[job]:
                continue
            wanted = all(met(c, run.jobs[p]["outcome"]) for p, c in parents[job].items())
            if wanted == (record["outcome"] == "skipped"):
                yield Violation("disordered", f"{job} is {record['outcome']} against its condition", run.run)


def check_overlaps(known):
    """But for those of `allow` and what is asked for by hand, a chain's runs follow one another in each process."""
    manual = {r.run for r in known.runs if r.trigger == "manual"}
    begins = [life.begin + SLACK for life in known.daemons]
    for chain in known.chains:
        if chain.overlap == "allow":
            continue
        names, seen, current, life = {j.name for j in chain.jobs}, set(), None, 0
        for r in known.requests:
            if r.job not in names or r.run in manual:
                continue
            if life != bisect.bisect(begins, r.at):
                seen, current, life = set(), None, bisect.bisect(begins, r.at)
            if r.run == current:
                continue
            going = current and any(x.order < r.order < x.ended for x in known.by_run[current])
            if r.run in seen or going:
                yield Violation("overlapping", f"two runs of {chain.name} ({chain.overlap}) went at once, {current} "
                                f"and: {r}", r.run, chain.name)
            seen.add(r.run)
            current = r.run


def check_deliveries(known):
    """What may be sent again, and what came back of it."""
    jobs = {j.name: j for chain in known.chains for j in chain.jobs}
    deaths = sorted(life.end for life in known.daemons)
    for (job, _), requests in by(lambda r: (r.job, r.instant), known.requests).items():
        sent = [r for r in requests if not r.is_poll]
        for a, b in zip(sent, sent[1:]):
            if jobs[job].once:
                yield Violation("doubled", f"{job}, delivered at most once, was sent again: {b}", b.run)
            elif a.end == 200 and bisect.bisect(deaths, a.at) == bisect.bisect(deaths, b.at):
                yield Violation("doubled", f"{job} was sent again though answered, and nobody died: {b}", b.run)
    ended = {r.run: r.ended for r in known.runs}
    for r in known.requests:
        if r.at > ended.get(r.run, r.at) + LATE:
            yield Violation("doubled", f"sent after its run had been recorded as ended: {r}", r.run)
    answered = by(lambda r: (r.run, r.job), (r for r in known.requests if r.end == 200))
    for run in known.runs:
        for job, record in run.jobs.items():
            if record["outcome"] == "completed" and not answered[run.run, job]:
                yield Violation("untrue", f"{job} is recorded as completed, and never was", run.run)
    for r in known.requests:
        parent = jobs[r.job].wants
        before = [x for x in answered[r.run, parent] if x.ended < r.order] if parent else []
        if parent and (not before or r.body != str(before[-1].number)):
            yield Violation("disordered", f"{r.job} was sent with {r.body}, not its parent's value: {r}", r.run)


def when_interrupted(log, runs):
    """When the daemon told of the ends of runs that others began."""
    out = {}
    with open(log, errors="replace") as f:
        for text in f:
            if '"event":"run_ended"' in text and text.endswith("}\n"):
                line = json.loads(text)
                if line["run"] in runs:
                    out.setdefault(line["run"], instant_of(line["time"]))
    return out


def check_by_hand(known):
    """A `once` that is killed is interrupted, and nobody goes on with it."""
    rows = [r for r in known.runs if r.trigger == "manual"]
    for life in known.beside:
        mine = [r for r in rows if life.begin <= r.instant <= life.end]
        if life.killer == "itself" and life.code in (0, 1):
            if not any((r.outcome == "completed") == (life.code == 0) and not r.reason for r in mine):
                yield Violation("once", f"a once ended with {life.code} and has no such row: {life}")
        elif life.killer == "itself":
            yield Violation("once", f"a once ended by itself: {life}")
    interrupted = when_interrupted(known.log, {r.run for r in rows})
    for r in rows:
        lives = [life for life in known.beside if life.begin <= r.instant <= life.end]
        if not lives:
            yield Violation("once", f"nobody asked for a run: {r}", r.run)
        if r.reason and r.reason != "crash":
            yield Violation("once", f"a once has a strange reason: {r}", r.run)
        if r.reason and r.outcome == "completed":
            yield Violation("once", f"what was cut off has completed: {r}", r.run)
        requests = known.by_run.get(r.run, [])
        if len({x.fence for x in requests}) > 1:
            yield Violation("once", f"a once was claimed again: {r}", r.run)
        # Of several that lived then it may be the one that died first.
        if lives and r.run in interrupted and interrupted[r.run] < min(life.end for life in lives) - LATE:
            yield Violation("once", f"a once was taken for dead while it lived: {r}", r.run)
        if requests and lives and requests[-1].at > max(life.end for life in lives) + LATE:
            yield Violation("once", f"a once was gone on with: {requests[-1]}", r.run)


def check_lives(known):
    """It dies of kills only, stops when asked to, and leaves a store that is whole."""
    for life in known.daemons:
        if life.killer == "itself" or (life.killer == "term" and life.code != 0):
            yield Violation("died", f"the daemon ended by itself: {life}")
    if known.daemons[-1].code != 0:
        yield Violation("died", f"the last daemon did not stop as asked: {known.daemons[-1]}")
    for what in known.left:
        yield Violation("left", what)


CHECKS = (check_accounts, check_never_early, check_identities, check_attempts, check_fences, check_order,
          check_overlaps, check_deliveries, check_by_hand, check_lives)
KINDS = ("lost", "doubled", "early", "disordered", "overlapping", "unrecorded", "untrue", "key", "attempt", "fence",
         "once", "left", "died")


def check(known):
    out = []
    for one in CHECKS:
        for found in one(known):
            out.append(found if isinstance(found, Violation) else Violation(*found))
    return out
