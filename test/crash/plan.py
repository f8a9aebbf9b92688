"""What the campaign runs: chains of jobs, their configuration, and how the server answers each job."""

import json
from typing import NamedTuple


class Job(NamedTuple):
    name: str
    after: dict = {}        # parents, and what is wanted of them
    once: bool = False      # delivered at most once
    delay: tuple = (0, 20)  # of an answer, in milliseconds
    fails: float = 0.1      # how often the answer is a 500
    resets: float = 0.05    # how often the connection is reset instead
    polls: bool = False     # the first answer is a 202
    flaky: bool = False     # at the port that is closed now and then
    wants: str = ""         # the parent whose reply's value it is sent with


class Chain(NamedTuple):
    jobs: tuple
    every: int = 0          # milliseconds; none runs only when asked
    catch_up: str = "once"
    limit: int = 100
    overlap: str = "skip"
    jitter: int = 0
    accuracy: int = 0
    on_boot: bool = False

    @property
    def name(self):
        return self.jobs[0].name


def in_a_row(name, conditions, **keys):
    """Jobs that follow one another."""
    jobs = [Job(name, **keys)]
    for i, condition in enumerate(conditions):
        jobs.append(Job(f"{name}-{i + 2}", {jobs[-1].name: condition}, **keys))
    return tuple(jobs)


def fixed_chains():
    """What no campaign may be without."""
    return [
        Chain((Job("tick"),), 100),
        Chain((Job("tick-once", once=True),), 100, "none", overlap="allow"),
        Chain((Job("pair"), Job("pair-2", {"pair": "succeeded"}, wants="pair")), 200, "all", 8),
        Chain((Job("mixed", once=True), Job("mixed-2", {"mixed": "finished"}),
               Job("mixed-3", {"mixed-2": "finished"}, once=True)), 250, "once", overlap="queue"),
        Chain((Job("either", fails=0.4), Job("either-good", {"either": "succeeded"}, wants="either"),
               Job("either-bad", {"either": "failed"})), 300, "none", overlap="allow"),
        Chain((Job("dag"), Job("dag-left", {"dag": "finished"}), Job("dag-right", {"dag": "finished"}, once=True),
               Job("dag-join", {"dag-left": "finished", "dag-right": "succeeded"}),
               Job("dag-leaf", {"dag": "finished"}), Job("dag-bud", {"dag": "finished"})), 400, "all", 3),
        Chain((Job("twigs", delay=(0, 3)), Job("twigs-a", {"twigs": "finished"}, delay=(0, 3)),
               Job("twigs-b", {"twigs": "finished"}, delay=(0, 3))), 100),
        Chain((Job("slow", delay=(150, 500)), Job("slow-2", {"slow": "finished"})), 300, "all", 4, "queue"),
        Chain((Job("giving-way", delay=(50, 400)), Job("giving-way-2", {"giving-way": "finished"})),
              200, overlap="replace"),
        Chain((Job("wide", delay=(100, 500), once=True), Job("wide-2", {"wide": "finished"})), 250, "all", 4, "allow"),
        Chain((Job("flaky", once=True, flaky=True, resets=0),), 150, "none"),
        Chain((Job("asks", polls=True), Job("asks-2", {"asks": "succeeded"})), 500, overlap="queue"),
        Chain((Job("asks-once", polls=True, once=True), Job("asks-once-2", {"asks-once": "finished"})), 600, "all", 4),
        Chain((Job("late"),), 200, jitter=80),
        Chain((Job("boot"),), 500, "all", 4, accuracy=30, on_boot=True),
        Chain((Job("by-hand", delay=(0, 400)), Job("by-hand-2", {"by-hand": "finished"}, delay=(0, 60)))),
    ]


def random_chains(random, count):
    """What nobody thought of."""
    out = []
    for i in range(count):
        jobs = in_a_row(f"random-{i}", random.choices(["finished", "succeeded", "failed"], [3, 2, 1],
                                                      k=random.randrange(1, 4)),
                        once=random.random() < 0.4, delay=(0, random.choice([2, 20, 100])),
                        fails=random.choice([0, 0.1, 0.4]), resets=random.choice([0, 0.1]))
        out.append(Chain(jobs, random.choice([100, 125, 200, 350, 500, 1000]), random.choice(["none", "once", "all"]),
                         random.choice([2, 5, 100]), random.choice(["skip", "queue", "allow", "replace"])))
    return out


def schedule(chain):
    out = f'every = "{chain.every}ms", catch_up = "{chain.catch_up}", catch_up_limit = {chain.limit}'
    for key in ("jitter", "accuracy"):
        if getattr(chain, key):
            out += f', {key} = "{getattr(chain, key)}ms"'
    return out + (', on_boot = "1s"' if chain.on_boot else "")


def configuration(chains, store, port, flaky_port, log):
    """As TOML; what stands on a line there is written as in JSON."""
    out = ['[defaults]\ntimeout = "2s"\ndeadline = "3s"\n'
           'retry = { attempts = 3, backoff = "10ms", max_backoff = "40ms" }\n'
           '[runner]\nshutdown_grace = "5s"\n'
           f'[store]\n{store}keep_runs = 1000000000\nkeep_bytes = "100GiB"\n'
           f'[[log.sinks]]\ntype = "file"\nformat = "json"\nlevel = "debug"\nmax_size = "1GiB"\n'
           f'path = {json.dumps(log)}\n']
    for chain in chains:
        for job in chain.jobs:
            out.append(f'[jobs.{job.name}]\nurl = "http://127.0.0.1:{flaky_port if job.flaky else port}/{job.name}"\n')
            if job.once:
                out.append('delivery = "at-most-once"\n')
            if job.polls:
                out.append('poll = { every = "20ms" }\n')
            if job.wants:
                out.append('body = "{{jobs.%s/n}}"\n' % job.wants)
            if job.after:
                parents = ", ".join(f'{parent} = "{condition}"' for parent, condition in job.after.items())
                out.append(f'after = {{ {parents} }}\n')
            elif chain.every:
                out.append(f'overlap = "{chain.overlap}"\nschedule = {{ {schedule(chain)} }}\n')
    return "".join(out)


def behaviour(chains):
    """What the server has to know of each job."""
    return {j.name: {"delay": j.delay, "fails": j.fails, "resets": j.resets, "polls": j.polls}
            for chain in chains for j in chain.jobs}
