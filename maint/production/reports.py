"""What a scenario has found, as a row of a table; and whether it is what was promised."""

from dataclasses import dataclass, field

from .tally import Loss, Tally

COLUMNS = (
    *("scenario", "sent", "answered", "refused", "lost", "in its hands", "slowest ms"),
    *("messages", "echoed", "crossed", "lost", "in its hands"),
)


@dataclass(slots=True)
class Report:
    """One scenario, at its end."""

    scenario: str
    tally: Tally
    ports: set[int] = field(default_factory=set)
    """The clients' ports of what was in the hands of those who were killed."""
    since: float = 0.0
    """``time.monotonic()`` when the first of them was."""
    may_refuse: bool = False
    """Nobody could take the connections: there was no service."""
    may_fail: frozenset[int] = frozenset()
    """Statuses that are right here, and say that something failed."""
    notes: list[str] = field(default_factory=list)
    """What else is to be told."""
    trouble: str = ""
    """Why it did not come to its end."""

    @property
    def outside(self) -> list[Loss]:
        """What was lost without being in the hands of somebody who was killed."""
        return self.tally.held(self.ports, self.since)[1]

    @property
    def faults(self) -> list[str]:
        """What should not have happened; nothing, if all promises were kept."""
        tally = self.tally
        found = [self.trouble] if self.trouble else []
        found += [f"wrong: {text}" for text in tally.wrong]
        if tally.refused and not self.may_refuse:
            found.append(f"{tally.refused} connections were refused")
        found += [
            f"lost: {loss.kind} {loss.number} from port {loss.port}: {loss.why}"
            for loss in self.outside
        ]
        failed = {status for status in tally.answered if status >= 400} - self.may_fail
        found += [f"{tally.answered[status]} answers with status {status}" for status in failed]
        if tally.sent != tally.answered.total() + len(tally.lost):
            found.append(f"{tally.sent} sent are not what was answered and lost together")
        if not tally.good:
            found.append("nothing was answered")
        return found

    def row(self) -> tuple[str, ...]:
        """What stands in the columns."""
        tally = self.tally
        inside, _ = tally.held(self.ports, self.since)
        in_messages = sum(loss.kind == "websocket" and loss.number > 0 for loss in inside)
        failed = ", ".join(
            f"{count:,} with {status}"
            for status, count in sorted(tally.answered.items())
            if status >= 400
        )
        return (
            self.scenario,
            f"{tally.sent:,}",
            f"{tally.answered.total():,}" + f" ({failed})" * bool(failed),
            f"{tally.refused:,}",
            f"{len(tally.lost):,}",
            f"{len(inside) - in_messages:,}",
            f"{tally.slowest * 1000:.0f}",
            f"{tally.messages:,}",
            f"{tally.echoed:,}",
            f"{tally.crossed:,}",
            f"{len(tally.messages_lost):,}",
            f"{in_messages:,}",
        )


def table(reports: list[Report]) -> str:
    """The rows, in Markdown."""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1))]
    lines += [report.row() for report in reports]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
