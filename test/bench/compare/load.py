"""What a contender is asked to do: so many jobs, and when they are due."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Load:
    """Jobs that are due each `every_ms`, in `groups` spread over that time; or all at one instant; or all by `cron`.

    Group g is due at the multiples of `every_ms` since 1970, and g / groups of it later. Job i is in group i % groups.
    """

    jobs: int
    every_ms: int = 0
    groups: int = 1
    at: int = 0         # Unix seconds
    cron: str = ""
    seconds: int = 60   # a peer ends by itself after that long, should nobody stop it
    log: bool = True    # a line a run into a file

    def phase_ms(self, job):
        return self.every_ms // self.groups * (job % self.groups)


CONNECTIONS = 100       # requests at a time; carillon's own default for one origin


def job_name(job):
    return f"tenant-{job:07}-refresh"
