"""What was measured: kept in a TSV, shown as medians with their spread."""

import collections
import math
import re
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
        ratio = median / base if base else math.nan
        out.append(Summary(contender, len(values), median, min(values), max(values), ratio))
    return out


def number(value):
    """Three digits that count, and no exponent."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def times(ratio):
    return f"{number(ratio)}x" if math.isfinite(ratio) else "-"


def table(rows):
    """For a terminal."""
    lines = []
    for (scenario, figure, unit), group in summaries(rows).items():
        lines.append(f"{scenario}: {figure} ({unit})")
        for s in group:
            spread = f"{number(s.least)} to {number(s.most)}"
            lines.append(f"  {s.contender:<36} {number(s.median):>10}  {spread:<24} {times(s.ratio):>8}"
                         f"  of {s.rounds}")
    return "\n".join(lines)


def markdown(rows):
    """{scenario: its table}: a line a contender, or a line a figure where these are more."""
    cells, figures, contenders = {}, collections.defaultdict(dict), collections.defaultdict(dict)
    for (scenario, figure, unit), group in summaries(rows).items():
        for s in group:
            name = f"{figure} ({unit})"
            figures[scenario][name] = contenders[scenario][s.contender] = None
            cells[scenario, name, s.contender] = cell(s)
    tables = {}
    for scenario in figures:
        across, down = list(figures[scenario]), list(contenders[scenario])
        if len(across) > len(down):
            lines = [[name, *(cells.get((scenario, name, who), "") for who in down)] for name in across]
            tables[scenario] = _grid(["", *down], lines)
        else:
            lines = [[who, *(cells.get((scenario, name, who), "") for name in across)] for who in down]
            tables[scenario] = _grid(["", *across], lines)
    return tables


def cell(summary):
    spread = f" ({number(summary.least)} to {number(summary.most)})" if summary.rounds > 1 else ""
    return f"{number(summary.median)}{spread}, {times(summary.ratio)}"


def _grid(head, lines):
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def write_into(path, tables):
    """Puts each table between its marks in the document: <!-- herd --> and <!-- end -->."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for scenario, lines in tables.items():
        mark = re.compile(f"(<!-- {re.escape(scenario)} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(text):
            raise SystemExit(f"{path} has no <!-- {scenario} -->")
        text = mark.sub(lambda m, table=lines: f"{m[1]}{table}\n{m[2]}", text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
