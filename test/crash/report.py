"""The ledger in numbers, and the evidence for what breaks it."""

import bisect
import collections

import invariants

SHOWN = 10


def line(title, counter):
    total = sum(counter.values())
    parts = ", ".join(f"{name} {n}" for name, n in sorted(counter.items()))
    print(f"{title:<20}{total:>7}" + (f"  {parts}" if parts else ""))


def print_numbers(known, found, campaign, seed, seconds):
    kills = collections.Counter({k: n for k, n in campaign.kills.items() if not k.startswith("once")})
    line("kills", kills)
    line("kills of once", collections.Counter({k[5:]: n for k, n in campaign.kills.items() if k.startswith("once")}))
    line("beside kills", collections.Counter({"disks that hung": campaign.stalls, "daemons refused": campaign.refused}))
    by_schedule = [r for r in known.runs if r.trigger != "manual"]
    due = len(by_schedule) + sum(s.count for s in known.spans)
    print(f"{'occurrences due':<20}{due:>7}")
    line("runs", collections.Counter(r.outcome for r in by_schedule))
    line("runs by hand", collections.Counter(r.outcome for r in known.runs if r.trigger == "manual"))
    line("jobs interrupted", collections.Counter(
        (j.get("reason") or "?") for r in known.runs for j in r.jobs.values() if j["outcome"] == "interrupted"))
    not_sent = collections.Counter()
    for s in known.spans:
        not_sent[f"{s.outcome}: {s.reason}"] += s.count
    line("not run", not_sent)
    line("requests", collections.Counter(str(r.end) for r in known.requests))
    line("sent again", again(known))
    starts = collections.Counter(life.killer.split()[0] for life in known.daemons)
    line("daemons by end", starts)
    counts = collections.Counter(v.kind for v in found)
    print(", ".join(f"{kind} = {counts[kind]}" for kind in invariants.KINDS if counts[kind] or kind in KEY))
    print(f"seed {seed}, {seconds:.0f} s")


KEY = ("lost", "doubled", "early", "disordered", "overlapping")


def again(known):
    """Requests for an occurrence that had been sent before: by the same process, or after a crash."""
    deaths, last, out = sorted(life.end for life in known.daemons), {}, collections.Counter()
    for r in known.requests:
        if r.is_poll:
            continue
        before = last.get((r.job, r.instant))
        if before:
            same = bisect.bisect(deaths, before.at) == bisect.bisect(deaths, r.at)
            out["as a retry" if same else "after a crash"] += 1
        last[r.job, r.instant] = r
    return out


def chosen(found):
    """A few, of all kinds."""
    kinds = collections.Counter()
    place = {}
    for i, v in enumerate(found):
        place[i] = kinds[v.kind]
        kinds[v.kind] += 1
    return [found[i] for i in sorted(place, key=lambda i: place[i])[:SHOWN]]


def print_evidence(known, found):
    by_chain = collections.Counter(f"{v.kind} {v.chain}" for v in found if v.chain)
    line("broken by chain", by_chain)
    shown, told = chosen(found), set()
    log = read_log(known.log, {v.run for v in shown if v.run})
    for v in shown:
        print(f"\n{v.kind}: {v.what}")
        if v.run and v.run not in told:
            told.add(v.run)
            for what in [r for r in known.runs if r.run == v.run] + known.by_run.get(v.run, []) + log[v.run]:
                print(f"    {what}")
        elif v.chain and not v.run:
            near = sorted((x for x in known.runs + known.spans if x.chain == v.chain),
                          key=lambda x: abs(x.instant - v.instant))[:5]
            for row in sorted(near, key=lambda x: x.instant):
                print(f"    {row}")
    if len(found) > len(shown):
        print(f"\nand {len(found) - len(shown)} more")


def read_log(path, runs):
    out = collections.defaultdict(list)
    with open(path, errors="replace") as f:
        for text in f:
            for run in runs:
                if run in text:
                    out[run].append(text.rstrip())
    return out
