"""What was measured: kept in a TSV, shown as medians with their spread."""

import collections
import math
import statistics

Row = collections.namedtuple("Row", "scenario contender figure unit round value")
Summary = collections.namedtuple("Summary", "contender rounds median least most ratio")


def write_head(path):
    with open(path, "w", encoding="utf-8") as f:
        f.write("\t".join(Row._fields) + "\n")


def append(path, row):
    with open(path, "a", encoding="utf-8") as f:
        f.write("\t".join(str(v) for v in row[:-1]) + f"\t{row.value:.6g}\n")


def read(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f][1:]
    return [Row(*words[:4], int(words[4]), float(words[5])) for words in lines]


def summaries(rows):
    """{(scenario, figure, unit): a summary each contender}, in the order of the rows.

    The ratio is that of the median to the median of the first contender.
    """
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        values[row.scenario, row.figure, row.unit][row.contender].append(row.value)
    return {key: _summaries(by_contender) for key, by_contender in values.items()}


def _summaries(by_contender):
    # The first round begins with carillon, whichever begins the others.
    base = statistics.median(next(iter(by_contender.values())))
    out = []
    for contender, values in by_contender.items():
        median = statistics.median(values)
        out.append(Summary(contender, len(values), median, min(values), max(values), median / base if base else math.nan))
    return out


def number(value):
    """Three digits that count, and no exponent."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def table(rows):
    """For a terminal."""
    lines = []
    for (scenario, figure, unit), group in summaries(rows).items():
        lines.append(f"{scenario}: {figure} ({unit})")
        for s in group:
            spread = f"{number(s.least)} to {number(s.most)}"
            lines.append(f"  {s.contender:<36} {number(s.median):>10}  {spread:<24} {number(s.ratio):>7}x  of {s.rounds}")
    return "\n".join(lines)


def markdown(rows):
    """For doc/performance.md: a table each scenario."""
    by_scenario = collections.defaultdict(list)
    for (scenario, figure, unit), group in summaries(rows).items():
        by_scenario[scenario] += [(figure, unit, s) for s in group]
    out = []
    for scenario, lines in by_scenario.items():
        out += [f"### {scenario}", "| figure | contender | median | least to most | to the first |", "| --- | --- | ---: | --- | ---: |"]
        for figure, unit, s in lines:
            out.append(f"| {figure} | {s.contender} | {number(s.median)} {unit} | {number(s.least)} to {number(s.most)} |"
                       f" {number(s.ratio)} |")
        out.append("")
    return "\n".join(out)
