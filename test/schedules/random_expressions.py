"""Random cron and calendar expressions of the kinds that carillon shares with others, and small spoilings of them."""

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split()
SHORTHANDS = ("minutely hourly daily weekly monthly quarterly semiannually semi-annually biannually bi-annually "
              "yearly annually").split()
MACROS = "@hourly @daily @midnight @weekly @monthly @yearly @annually".split()


class Dice:
    def __init__(self, random):
        self.random = random

    def between(self, low, high):
        return self.random.randint(low, high)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def pick(self, some):
        return self.random.choice(some)

    def number(self, value):
        return f"{value:02}" if self.chance(20) else str(value)

    def cased(self, text):
        return self.pick([text, text.lower(), text.upper(), text.swapcase()])

    def list_of(self, item):
        return ",".join(item() for _ in range(1 if self.chance(65) else self.between(2, 4)))


def spoiled(dice, text):
    """One or two characters deleted, inserted, replaced or swapped."""
    for _ in range(dice.between(1, 2)):
        at = dice.between(0, max(len(text) - 1, 0))
        other = dice.pick(" 0123456789*/.,-~:@#LMonTueUTCsy" if dice.chance(60) else " *-~:/,.")
        text = dice.pick([
            text[:at] + text[at + 1:], text[:at] + other + text[at:], text[:at] + other + text[at + 1:],
            text[:at] + text[at + 1:at + 2] + text[at:at + 1] + text[at + 2:]])
    return text


# Calendar events

def calendar_item(dice, low, high, usual_high):
    """A value, a range, a bounded step, or an open step with room for one."""
    a = dice.between(low, usual_high if dice.chance(75) else high)
    b = dice.between(a, high)
    kind = dice.between(0, 9)
    if kind < 2:
        return f"{dice.number(a)}..{dice.number(b)}"
    if kind < 4:
        return f"{dice.number(a)}..{dice.number(b)}/{dice.between(1, high - low)}"
    if kind < 6 and a < high:
        return f"{dice.number(a)}/{dice.between(1, high - a)}"
    return dice.number(a)


def calendar_component(dice, low, high, usual_high, star):
    return "*" if dice.chance(star) else dice.list_of(lambda: calendar_item(dice, low, high, usual_high))


def item_from_end(dice):
    a = dice.between(1, 9 if dice.chance(80) else 22)
    b = dice.between(a, 22)
    kind = dice.between(0, 5)
    if kind == 0:
        return f"{dice.number(a)}..{dice.number(b)}"
    if kind == 1:
        return f"{dice.number(a)}..{dice.number(b)}/{dice.between(1, 12)}"
    if kind == 2 and a > 1:
        return f"{dice.number(a)}/{dice.between(1, a - 1)}"
    return dice.number(a)


def calendar_date(dice, year):
    years = ""
    if dice.chance(70):
        a = max(1970, year + dice.between(-1, 3))
        years = dice.pick(["*", "*", "*", f"{a}", f"{a}..{a + 5}", f"{a}/{dice.between(1, 4)}", f"{a},{a + 2}"]) + "-"
        if 1971 <= a < 2060 and dice.chance(15):
            years = f"{a % 100:02}..{(a + 5) % 100:02}-" if a != 1999 and (a + 5) // 100 == a // 100 else "*-"
    month = calendar_component(dice, 1, 12, 12, 60)
    if dice.chance(30):
        return f"{years}{month}~{dice.list_of(lambda: item_from_end(dice))}"
    return f"{years}{month}-{calendar_component(dice, 1, 31, 28, 40)}"


def decimal(dice, whole):
    return dice.number(whole) + dice.pick(["", "", "", ".5", ".25", ".125", ".000001", ".1234565"])


def second_item(dice):
    a = dice.between(0, 50)
    b = dice.between(a if dice.chance(20) else a + 2, 58)
    return dice.pick([
        decimal(dice, a), decimal(dice, a), f"{decimal(dice, a)}..{decimal(dice, b)}",
        f"{decimal(dice, a)}..{decimal(dice, b)}/{decimal(dice, dice.between(1, 30))}",
        f"{decimal(dice, a)}/{decimal(dice, dice.between(1, 58 - a))}"])


def calendar_time(dice):
    hour = calendar_component(dice, 0, 23, 4, 15)
    minute = dice.pick(["00", "15", "30", "45"]) if dice.chance(50) else calendar_component(dice, 0, 59, 59, 10)
    if dice.chance(70):
        return f"{hour}:{minute}"
    return f"{hour}:{minute}:{'*' if dice.chance(10) else dice.list_of(lambda: second_item(dice))}"


def weekdays(dice):
    def name(day):
        full = WEEKDAYS[day % 7]
        return dice.cased(full if dice.chance(30) else full[:3])

    def item():
        a = dice.between(1, 7)
        return name(a) if dice.chance(60) else name(a) + dice.pick(["..", "..", "-"]) + name(dice.between(a, 7))

    return dice.list_of(item) + ("," if dice.chance(5) else "")


def calendar(dice, year):
    """A calendar event that carillon accepts, with instants near `year` more often than not."""
    if dice.chance(2):
        return f"@{dice.between(0, 2_000_000_000)}"
    if dice.chance(4):
        return dice.cased(dice.pick(SHORTHANDS))
    date, time = dice.chance(60), dice.chance(85)
    parts = [weekdays(dice)] if dice.chance(35) or not (date or time) else []
    parts += [calendar_date(dice, year)] if date else []
    parts += [calendar_time(dice)] if time else []
    return (" " if dice.chance(95) else "  ").join(parts)


# Cron

def cron_item(dice, low, high, names=()):
    def written(value):
        named = value - low < len(names) and dice.chance(50)
        return dice.cased(names[value - low][:3]) if named else dice.number(value)

    a = dice.between(low, high)
    b = dice.between(a, high)
    step = dice.between(1, (high - low + 1 if names is not WEEKDAYS else 7) // (1 if dice.chance(20) else 2))
    return dice.pick([
        written(a), written(a), written(a), f"*/{step}", f"{written(a)}/{step}", f"{written(a)}-{written(b)}",
        f"{written(a)}-{written(b)}/{step}"])


def cron_field(dice, star, low, high, names=()):
    return "*" if dice.chance(star) else dice.list_of(lambda: cron_item(dice, low, high, names))


def ordinal_weekdays(dice):
    """`FRI#2` and `5L`: the n-th and the last ones of a month."""
    day = dice.between(0, 6)
    return dice.list_of(lambda: dice.pick([f"{day}#{dice.between(1, 5)}", f"{WEEKDAYS[day][:3]}#{dice.between(1, 5)}",
                                           f"{day}L", f"{day}#L"]))


def cron(dice):
    """A cron expression that carillon accepts."""
    if dice.chance(3):
        return dice.cased(dice.pick(MACROS))
    fields = [cron_field(dice, 10, 0, 59), cron_field(dice, 40, 0, 23), cron_field(dice, 50, 1, 31),
              cron_field(dice, 60, 1, 12, MONTHS), cron_field(dice, 50, 0, 7, WEEKDAYS)]
    if dice.chance(20):
        fields[2] = dice.list_of(lambda: "L" if dice.chance(50) else cron_item(dice, 1, 31))
    if dice.chance(15):
        fields[2:5] = "*", fields[3], ordinal_weekdays(dice)
    if dice.chance(35):
        fields.insert(0, cron_field(dice, 5, 0, 59))
    return (" " if dice.chance(95) else "  ").join(fields)
