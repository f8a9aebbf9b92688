"""Each due instant is accounted for once, and none before its time; as tuples of a violation's kind, words, run, chain
and instant."""

import bisect
import itertools

from ledger import LATE, text_of

MASK = 2 ** 64 - 1


def hashed(*parts):
    """carillon's stable hash: FNV-1a with a finish."""
    h = 14695981039346656037
    for byte in "\x1f".join(parts).encode():
        h = (h ^ byte) * 1099511628211 & MASK
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        h = (h ^ h >> 33) * factor & MASK
    return h ^ h >> 33


def due(chain, instant):
    """When the instant may be sent: with its jitter."""
    width = min(chain.jitter, chain.every) * 1000
    return instant + (hashed(chain.name, "jitter", str(instant)) * width >> 64)


def accounts_of(known, chain):
    """(first, last, count, what) of all that became of a chain's instants, in order."""
    out = [(r.instant, r.instant, 1, r) for r in known.runs if r.chain == chain.name and r.trigger != "manual"]
    out += [(s.instant, s.last, s.count, s) for s in known.spans if s.chain == chain.name]
    return sorted(out, key=lambda account: account[:2])


def check_chain(known, chain):
    every = chain.every * 1000
    begun, seen = known.first_sight
    accounts = accounts_of(known, chain)
    end = known.next.get(chain.name, 0)
    # From the first start on: what was due before is not owed (but the latest tick of a boot), what was due when it
    # had been seen is.
    expected = accounts[0][0] if accounts else end
    if not begun - (every if chain.on_boot else 0) < expected <= seen + every:
        yield "lost", f"{chain.name} begins with {text_of(expected)}", "", chain.name, expected
    for first, last, count, what in accounts:
        if first % every or last % every or count != (last - first) // every + 1:
            yield "lost", f"{chain.name} has no such instants: {what}", "", chain.name, first
        if first > expected:
            yield ("lost", f"{(first - expected) // every} of {chain.name} from {text_of(expected)} until "
                   f"{text_of(first)} came to nothing at all", "", chain.name, expected)
        if first < expected:
            yield "doubled", f"{chain.name} is accounted for twice: {what}", "", chain.name, first
        expected = max(expected, last + every)
    if expected != end:
        yield ("lost", f"{chain.name}: the next is to be {text_of(end)}, after {text_of(expected - every)}", "",
               chain.name, expected)
    if due(chain, end) <= known.stopped - chain.accuracy * 1000:
        yield ("lost", f"{chain.name}: {text_of(end)} was due before the stop at {text_of(known.stopped)}", "",
               chain.name, end)


def check_accounts(known):
    scheduled = {chain.name for chain in known.chains if chain.every}
    for chain in known.chains:
        if chain.every:
            yield from check_chain(known, chain)
            yield from check_reasons(known, chain)
    for row in known.runs + known.spans:
        if row.chain not in scheduled and getattr(row, "trigger", "") != "manual":
            yield "unrecorded", f"a row of no schedule: {row}", "", row.chain, row.instant


def check_reasons(known, chain):
    """What was not run has a reason that the policies allow, and for an overlap one that went."""
    allowed = {"none": "window", "once": "coalesced", "all": "limit"}[chain.catch_up]
    runs = sorted((r.instant, r.ended) for r in known.runs if r.chain == chain.name)
    instants, until = [r[0] for r in runs], list(itertools.accumulate((r[1] for r in runs), max))
    for s in known.spans:
        if s.chain != chain.name or s.outcome == "owed":
            continue
        before = bisect.bisect_left(instants, s.at)
        # Between its due time and when it was written down something went.
        if s.reason == "overlap" and (before == 0 or until[before - 1] + LATE < due(chain, s.instant)):
            yield "untrue", f"nothing went that it could overlap: {s}", "", chain.name, s.instant
        if s.reason not in ("overlap", "shutdown", allowed):
            yield "untrue", f"{chain.catch_up} knows no such reason: {s}", "", chain.name, s.instant


def check_never_early(known):
    chains = {chain.name: chain for chain in known.chains}
    of = {r.run: chains[r.chain] for r in known.runs if r.trigger != "manual"}
    for r in known.requests:
        if r.at < (due(of[r.run], r.instant) if r.run in of else r.instant):
            yield "early", f"sent before its time: {r}", r.run
