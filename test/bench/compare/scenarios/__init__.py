"""All scenarios: name, what it shows, and a function that yields (contender, figure, unit, value) for one round."""

import collections

from . import cores, costs, moments, own, pin112, sizes, throughput

Scenario = collections.namedtuple("Scenario", "name shows measure")

ALL = [
    Scenario("throughput", "the most jobs a second, all due at once each second, none missed", throughput.at_once),
    Scenario("spread", "the same, spread over the second: none missed and p99 under 100 ms", throughput.spread),
    Scenario("herd", "10,000 jobs due at one instant: the last arrival, the peak of memory", moments.herd),
    Scenario("lateness", "20 jobs each second: from their instant until the request is here", moments.lateness),
    Scenario("memory", "bytes for each idle job", sizes.memory),
    Scenario("start", "from exec until ready, with 1 and 100,000 jobs", sizes.start),
    Scenario("idle", "wake-ups and CPU while nothing is due", sizes.idle),
    Scenario("pin-112", "CPU of the first customer's run: as daemon, by once, by the old script", pin112.cost),
    Scenario("run-cost", "CPU of a run at 100 runs a second, with 10 to 1,000,000 jobs", costs.of_a_run),
    Scenario("cores", "CPU of a run by thread, and the most jobs a second with one core and with two", cores.of_carillon),
    Scenario("log-cost", "CPU of a log record", costs.of_a_record),
    Scenario("store", "durable occurrences a second, by carillon_bench_store", own.store),
    Scenario("next", "a schedule's next instant, by kind, by carillon_bench_schedules", own.next_instant),
]
