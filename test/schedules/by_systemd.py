"""Calendar events as systemd-analyze reads them, and where systemd 252 is known to differ from carillon."""

import re
import subprocess
from datetime import datetime, time, timedelta, timezone

from comparison import GIVEN_UP, REFUSED, Known, always, changes_between

LAST = {"month": 12, "day": 31, "end": 28, "hour": 23, "minute": 59, "second": 59.999999}


def ask(cases, count):
    """For cases of one zone and `since`: their instants, cut to seconds, REFUSED or GIVEN_UP."""
    first = cases[0]
    done = subprocess.run(
        ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time=@{int(first.since.timestamp())}", "--",
         *(c.expression for c in cases)], capture_output=True, text=True,
        env={"TZ": "UTC" if first.has_suffix else first.zone, "PATH": "/usr/bin:/bin"})
    failures = re.findall("^Failed to (parse calendar specification|determine next elapse)", done.stderr, re.M)
    answers, lines = [], []
    for line in done.stdout.split("\n"):
        if line:
            lines.append(line)
        elif len(answers) < len(cases):
            answers.append(instants(lines) if lines else REFUSED if failures.pop(0).startswith("parse") else GIVEN_UP)
            lines = []
    if len(answers) != len(cases) or failures:
        raise RuntimeError(f"systemd-analyze's answer is not understood: {done.stdout}{done.stderr}")
    return answers


def instants(lines):
    found = (re.match(r" *(?:Next elapse|Iter\. #\d+|\(in UTC\)): \w+ ([\d-]+ [\d:]+) UTC$", line) for line in lines)
    return [datetime.fromisoformat(m[1] + "+00:00") for m in found if m]


def components(expression):
    """The text of each component that is written; `end` are days from the month's end."""
    parts = {}
    for word in expression.split():
        if ":" in word:
            parts.update(zip(("hour", "minute", "second"), word.split(":")))
        elif re.match(r"[\d*]", word):
            *before, day = re.split("[-~]", word)
            parts["end" if "~" in word else "day"] = day
            parts.update(zip(("month", "year"), reversed(before)))
    return parts


def items(expression, name):
    """The items of a component as first, last, step; what is not written is None."""
    for item in components(expression).get(name, "").split(","):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?(?:/(\d+(?:\.\d+)?))?", item)
        if found:
            yield tuple(float(n) if n else None for n in found.groups())


def has_open_step(expression, name):
    return any(last is None and step for _, last, step in items(expression, name))


def has_any_open_step(expression):
    return any(has_open_step(expression, name) for name in components(expression))


def is_behind_open_step(case, local):
    text = case.expression
    fraction = "." in components(text).get("second", "")
    return ((has_open_step(text, "day") or has_open_step(text, "end")) and local.month == 1 or
            has_open_step(text, "hour") and local.day == 1 or
            has_open_step(text, "minute") and local.hour == 0 or
            has_open_step(text, "second") and (local.minute == 0 or fraction and local.second == 0))


def nearby_changes(case, local):
    instant, day = local.astimezone(timezone.utc), timedelta(days=1)
    return changes_between(case.zone, instant - day, instant + day)


def is_near_gap(case, local):
    return any(c.by > timedelta() for c in nearby_changes(case, local))


def is_behind_late_month(case, local):
    """Whether a gap on the way began with the first of a month."""
    gaps = (c for c in changes_between(case.zone, case.since, local) if c.by > timedelta())
    begins = (case.local(c.at).replace(tzinfo=None) - c.by for c in gaps)
    return any(begin.day == 1 and begin.time() == time() for begin in begins)


def is_in_fold(case, local):
    return any(c.at + c.by <= local < c.at - c.by for c in nearby_changes(case, local))


def exceeds_shrunk_bound(expression):
    some = sorted(items(expression, "end"), key=lambda item: [n or 0 for n in item])
    return any(max(n or 0 for n in item) > 28 - 3 * k for k, item in enumerate(some))


def ends_within_only_by_step(expression):
    return any(last is not None and step and last > bound >= last - (last - first) % step
               for name, bound in LAST.items() for first, last, step in items(expression, name))


def has_huge_second(expression):
    return any(max(n or 0 for n in item) > 2147 for item in items(expression, "second"))


KNOWN = [
    # Texts
    Known("carillon takes blanks before, behind and twice before the zone",
          lambda e: re.search(r"^ | $|  [A-Za-z/_]+$", e), ("10:00  UTC", "UTC", "2024-01-01"), refused_by="other"),
    Known("systemd's bound for days from the end, 28, shrinks by 3 with each item of a list",
          exceeds_shrunk_bound, ("*~28,2", "UTC", "2024-01-01"), refused_by="other"),
    Known("systemd counts microseconds in 31 bits",
          has_huge_second, ("*:0:0..40/2148", "UTC", "2024-01-01"), refused_by="other"),
    Known("systemd knows an old misspelling",
          lambda e: re.match("anually( |$)", e, re.I), ("anually", "UTC", "2024-01-01"), refused_by="carillon"),
    Known("systemd looks at a range's end only after it has cut it to the last step",
          ends_within_only_by_step, ("0..24/21:00", "UTC", "2024-01-01"), refused_by="carillon"),
    Known("systemd takes a blank or a sign behind @, and a weekday before",
          lambda e: re.search(r"@[ +]|^[A-Za-z.,-]+ +@", e), ("@ 1800000000", "UTC", "2024-01-01"),
          refused_by="carillon"),
    # Instants
    Known("behind the end of an open step systemd goes on where the step ended, not at the next unit's begin",
          has_any_open_step, ("*:0/7", "UTC", "2024-01-01T23:50"), is_behind_open_step),
    Known("behind the end of an open step systemd keeps the DST flag of before",
          has_any_open_step, ("1,2/18:45", "America/New_York", "2024-11-02T12:00"), nearby_changes),
    Known("a time in a gap of hours or a day, within an hour, or of a summer that is standard costs systemd later ones",
          always, ("2,3,7:00", "Africa/Casablanca", "2024-04-13T12:00"), is_near_gap,
          zones=("Africa/Casablanca", "America/St_Johns", "Antarctica/Troll", "Europe/Dublin", "Pacific/Apia",
                 "Pacific/Chatham")),
    Known("counting from the month's end systemd may take a fold's second pass",
          lambda e: "~" in e, ("*-*~1 0:45", "America/Havana", "2010-10-30"), is_in_fold),
    Known("behind a month that does not begin at midnight systemd may find nothing more",
          always, ("1986-*-2", "Asia/Kathmandu", "1985-12-30"), is_behind_late_month),
    Known("systemd gives up near some changes: Infinite loop in calendar calculation",
          always, ("2/14:00", "America/St_Johns", "1991-04-06"), refused_by=GIVEN_UP),
]
