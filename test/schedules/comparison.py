"""Cases, zones, and when carillon's answer agrees with another's."""

import bisect
import subprocess
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Callable, NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
END = datetime(2200, 1, 1, tzinfo=timezone.utc)

# Changes by rule and by law, at midnight, of half an hour, of two hours, of a day; a summer time that is the
# standard; a zone that has long had no change.
ZONES = ("Africa/Cairo Africa/Casablanca America/Havana America/New_York America/Sao_Paulo America/St_Johns "
         "Antarctica/Troll Asia/Beirut Asia/Kathmandu Asia/Tehran Australia/Lord_Howe Europe/Berlin Europe/Dublin "
         "Pacific/Apia Pacific/Chatham").split()

# Instead of instants
REFUSED = "refused"
GIVEN_UP = "given up"


class Change(NamedTuple):
    at: datetime
    by: timedelta  # the length of a gap; of a fold it is negative


@cache
def changes(zone):
    """Each change of the zone's offset."""
    def offset(since_epoch):
        return (EPOCH + since_epoch).astimezone(ZoneInfo(zone)).utcoffset()

    found, second, step = [], timedelta(seconds=1), timedelta(days=8)
    for k in range((END - EPOCH) // step):
        low, high = k * step, (k + 1) * step
        before, after = offset(low), offset(high)
        if before != after:
            while high - low > second:
                middle = low + (high - low) // second // 2 * second
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            found.append(Change(EPOCH + high, after - before))
    return found


def changes_between(zone, first, last):
    known = changes(zone)
    return known[bisect.bisect_left(known, first, key=lambda c: c.at):
                 bisect.bisect_right(known, last, key=lambda c: c.at)]


class Case(NamedTuple):
    kind: str
    expression: str
    zone: str
    since: datetime
    has_suffix: bool = False  # the expression itself names the zone

    def local(self, instant):
        return instant.astimezone(ZoneInfo(self.zone))


def always(*_):
    return True


class Known(NamedTuple):
    """A difference that is meant, or a mistake of the other's. In cases that have it, it covers some instants, or one
    side's refusal. The example is a case that still shows it.
    """
    reason: str
    has: Callable  # of an expression
    example: tuple  # expression, zone, since
    covers: Callable = None  # of a case and an instant's local time
    refused_by: str = None  # "carillon", "other" or GIVEN_UP
    zones: tuple = ()  # all if empty

    def applies(self, case):
        return (not self.zones or case.zone in self.zones) and bool(self.has(case.expression))


def ask_carillon(program, cases, count):
    """For each case its instants, cut to seconds, or REFUSED."""
    lines = "".join(f"{c.kind}\t{c.expression}\t{'' if c.has_suffix else c.zone}\t{c.since:%Y-%m-%dT%H:%M:%SZ}\t{count}"
                    "\t\tdst=skip\n" for c in cases)
    done = subprocess.run([program, "next", "--batch"], input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.split("\n")[:-1]
    if len(answers) != len(cases):
        raise RuntimeError(f"carillon gave {len(answers)} answers to {len(cases)} lines")
    return [REFUSED if a.startswith("error") else [] if a == "never" else
            [datetime.fromisoformat(word[:19] + "+00:00") for word in a.split()] for a in answers]


def horizon(answer, count):
    """Up to where an answer tells all."""
    return answer[-1] if isinstance(answer, list) and len(answer) >= count else END


def are_same(ours, theirs, until):
    """Equal up to `until`; of the instants within that second either may lack the last."""
    ours, theirs = ([i for i in some if i <= until] for some in (ours, theirs))
    both = min(len(ours), len(theirs))
    return ours[:both] == theirs[:both] and all(i == until for i in ours[both:] + theirs[both:])


def explain(case, ours, theirs, until, table):
    """The known difference that explains why the answers are not the same, or None."""
    refused_by = ("carillon" if ours == REFUSED else "other" if theirs == REFUSED else
                  GIVEN_UP if theirs == GIVEN_UP else None)
    table = [k for k in table if k.refused_by == refused_by and k.applies(case)]
    if refused_by:
        return table[0] if table else None

    def is_explained_by(some):
        ours_rest, theirs_rest = ([i for i in answer if not any(k.covers(case, case.local(i)) for k in some)]
                                  for answer in (ours, theirs))
        return are_same(ours_rest, theirs_rest, until)

    return next((some[0] for some in [*([k] for k in table), table] if some and is_explained_by(some)), None)
