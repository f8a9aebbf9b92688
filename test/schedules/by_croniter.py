"""Cron expressions as croniter reads them, and where croniter 1.3 is known to differ from carillon."""

import re
from calendar import monthrange
from datetime import datetime, timedelta

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

import random_expressions
from comparison import END, REFUSED, Known, always, changes_between


def ask(case, ours, count):
    """The case's instants or REFUSED, and up to where they tell all. Near changes of the offset croniter has rules of
    its own: so each instant is asked for from our one before, and only as long as no change is near.
    """
    try:
        schedule = croniter(translated(case.expression), case.local(case.since), datetime,
                            day_or=are_both_restricted(case.expression), max_years_between_matches=250)
    except (CroniterBadCronError, NameError):  # the second by a slip where it raises the first
        return REFUSED, END
    answer, before, margin = [], case.since, timedelta(days=2)
    for mine in [] if ours == REFUSED else (ours + [END])[:count]:
        try:
            found = schedule.get_next(start_time=case.local(before)).astimezone(case.since.tzinfo)
        except (CroniterBadDateError, OverflowError):
            found = END
        if changes_between(case.zone, before - margin, max(mine, found) + margin):
            return answer, before
        if found >= END:
            return answer, END
        answer.append(found)
        if found != mine:
            return answer, max(mine, found)
        before = found
    return answer, before


def fields(expression):
    """Minute, hour, day, month, weekday and, if it is written, second."""
    written = expression.split()
    return written[1:] + written[:1] if len(written) == 6 else written


def are_both_restricted(expression):
    """Whether day and weekday begin with no star, so that either may fit. croniter has to be told, since it takes */2
    for a restriction.
    """
    written = fields(expression)
    return len(written) > 4 and written[2][0] != "*" and written[4][0] != "*"


def translated(expression):
    """carillon's text in croniter's words: seconds come last, `5L` is `l5`."""
    written = fields(expression)
    if len(written) > 4:
        written[4] = ",".join(re.sub("(?i)^([0-7])#?L$", r"l\1", item) for item in written[4].split(","))
    return " ".join(written)


def expanded(expression):
    return croniter.expand(translated(expression))[0]


def is_taken_for_star(expression):
    days, _, weekdays = expanded(expression)[2:5]
    return (are_both_restricted(expression) and ("*" in days or "*" in weekdays) or
            days == ["*"] and "L" in fields(expression)[2].upper())


def number(text, index):
    names = {3: ["", *random_expressions.MONTHS], 4: random_expressions.WEEKDAYS}.get(index, [])
    return next((k for k, name in enumerate(names) if text.lower() == name[:3].lower()), text)


def wraps(expression):
    """Whether a range runs backwards."""
    ranges = ((k, *found) for k, field in enumerate(fields(expression))
              for found in re.findall(r"(?:^|,)(\w+)-(\w+)", field))
    numbers = ((str(number(a, k)), str(number(b, k))) for k, a, b in ranges)
    return any(a.isdigit() and b.isdigit() and int(a) > int(b) for a, b in numbers)


def has_long_step(expression):
    return any(int(step) > size for field, size in zip(fields(expression), (60, 24, 31, 12, 7, 60))
               for step in re.findall(r"/(\d+)", field))


def has_ordinals(expression, quantity=any):
    """Whether any or all weekdays are such as FRI#2 and 5L."""
    written = fields(expression)
    return len(written) > 4 and quantity(re.search(r"#|\wL$", item, re.I) for item in written[4].split(","))


def has_eighth_weekday(expression):
    """Also seven values of these eight are all, for croniter."""
    written = fields(expression)
    if len(written) != 6 or written[4] == "*":
        return False
    weekdays = expanded(expression)[4]
    return 7 in weekdays or weekdays == ["*"]


def has_late_days(expression):
    return any(isinstance(day, int) and day > 28 for day in expanded(expression)[2])


def has_no_day(expression):
    """Whether no month that is named has any day that is named; L does not help croniter."""
    days, months = expanded(expression)[2:4]
    longest = max(31 if month == "*" else monthrange(2024, month)[1] for month in months)
    return min((day for day in days if isinstance(day, int)), default=0) > longest


def is_last_day(local):
    return (local + timedelta(days=1)).month != local.month


KNOWN = [
    # Texts
    Known("FRI-MON and 22-4 wrap in carillon", wraps, ("0 22-4 * * *", "UTC", "2024-01-01"), refused_by="other"),
    Known("carillon has years, L-3, and ordinals of ranges and beside weekdays",
          lambda e: len(e.split()) == 7 or re.search(r"L-\d", e, re.I) or has_ordinals(e),
          ("0 0 L-3 * *", "UTC", "2024-01-01"), refused_by="other"),
    Known("carillon refuses steps that are longer than the field",
          has_long_step, ("*/90 * * * *", "UTC", "2024-01-01"), refused_by="carillon"),
    Known("croniter passes over what stands behind FRI#2",
          lambda e: re.search(r"#\d[^,]+", e), ("0 0 * * FRI#2x", "UTC", "2024-01-01"), refused_by="carillon"),
    Known("croniter's L5 is carillon's 5L",
          lambda e: re.search(r"[ ,]L\d", e, re.I), ("0 0 * * L5", "UTC", "2024-01-01"), refused_by="carillon"),
    Known("croniter has ranges to L", lambda e: re.search(r"-L", e, re.I), ("0 0 11-L * *", "UTC", "2024-01-01"),
          refused_by="carillon"),
    Known("with seconds croniter has a day 0",
          lambda e: len(e.split()) == 6 and re.search(r"(^|,)0+($|\D)", e.split()[3]),
          ("0 0 0 0 * *", "UTC", "2024-01-01"), refused_by="carillon"),
    # Instants
    Known("croniter takes 1-31, L,2-31 and 0-6 for *, so that the other field alone decides",
          is_taken_for_star, ("0 0 1-31 * MON", "UTC", "2024-01-02"), always),
    Known("beside an ordinal croniter passes over the day and other weekdays",
          lambda e: has_ordinals(e) and (are_both_restricted(e) or not has_ordinals(e, all)),
          ("0 0 13 * FRI#1", "UTC", "2024-01-01"), always),
    Known("croniter finds nothing if the day alone has no date",
          lambda e: are_both_restricted(e) and has_no_day(e), ("0 0 31 6 SUN", "UTC", "2024-01-01"), always),
    Known("with seconds croniter takes weekday 7 for another than 0", has_eighth_weekday,
          ("0 0 0 * * 7", "UTC", "2024-01-01"), always),
    Known("where February lacks a day of the list croniter steps over the first of March",
          has_late_days, ("0 0 1,30 * *", "UTC", "2023-02-10"), lambda case, local: local.month == 3 and local.day < 4),
    Known("croniter looks for 29-31 before L",
          lambda e: has_late_days(e) and "l" in expanded(e)[2], ("0 0 L,31 * *", "UTC", "2024-06-10"),
          lambda case, local: is_last_day(local)),
]
