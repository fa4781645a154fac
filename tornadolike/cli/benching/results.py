"""What was measured."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

QUANTILES: Final = {"50%": 0.5, "75%": 0.75, "90%": 0.9, "99%": 0.99, "99.9%": 0.999}


@dataclass
class Results:
    """Of all connections."""

    latencies: list[float] = field(default_factory=list)
    """Seconds, of each response."""
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """What went wrong, and how often."""
    received: int = 0
    """Bytes of responses, with their heads."""
    unanswered: int = 0
    """Requests that were on their way when the time was over."""
    seconds: float = 0.0

    def facts(self) -> dict[str, Any]:
        """For programs; times are in seconds."""
        ordered = sorted(self.latencies)
        count = len(ordered)
        latency = None
        if ordered:
            latency = {
                "min": ordered[0],
                "mean": sum(ordered) / count,
                **{name: quantile(ordered, share) for name, share in QUANTILES.items()},
                "max": ordered[-1],
            }
        return {
            "seconds": self.seconds,
            "responses": count,
            "responses_per_second": count / self.seconds if self.seconds else 0.0,
            "bytes_per_second": self.received / self.seconds if self.seconds else 0.0,
            "latency": latency,
            "statuses": {str(status): number for status, number in sorted(self.statuses.items())},
            "failures": dict(self.failures.most_common()),
            "unanswered": self.unanswered,
        }


def quantile(ordered: list[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
