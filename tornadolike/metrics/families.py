"""What Prometheus is told of the tables: names, explanations, labels."""

from collections.abc import Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from .tables import (
    BOUNDS,
    CACHED,
    CONNECTIONS,
    CPU,
    FETCHES,
    LAG,
    REFUSALS,
    REQUESTS,
    UPGRADED,
    WAITING,
    Labels,
    Rows,
    Snapshot,
)


def families_of(snapshot: Snapshot) -> Iterator[Metric]:
    """All that is told of these figures."""
    yield from _conversations(
        snapshot, REQUESTS, "http_server", "route", "Requests that handlers have answered"
    )
    yield from _conversations(
        snapshot, FETCHES, "http_client", "host", "Requests that our client has sent"
    )
    yield _counter(
        "http_server_refusals",
        "Requests that were answered before a handler was at work on them.",
        ["status"],
        snapshot.get(REFUSALS, {}),
    )
    yield _counter(
        "response_cache_requests",
        "Requests that came to a cache, and what it had for them.",
        ["cache", "result"],
        snapshot.get(CACHED, {}),
    )
    yield _gauge(snapshot, CONNECTIONS, "http_server_connections", "Connections of clients.")
    yield _gauge(
        snapshot,
        UPGRADED,
        "http_server_upgraded_connections",
        "Of these, WebSockets and whatever else has taken over.",
    )
    yield _gauge(
        snapshot,
        WAITING,
        "http_server_requests_in_progress",
        "Requests whose handlers wait for something.",
    )
    yield _histogram(
        "event_loop_lag_seconds",
        "How late the event loop was, looked at twice a second.",
        [],
        snapshot.get(LAG, {}),
        snapshot.get(BOUNDS, {}).get((LAG,), []),
    )


def cpu_of(snapshot: Snapshot) -> float:
    """The seconds of all processes."""
    return sum(values[0] for values in snapshot.get(CPU, {}).values())


def _conversations(
    snapshot: Snapshot, table: str, prefix: str, where: str, what: str
) -> Iterator[Metric]:
    """Of rows by method, place and status: how many; and how long they took, whatever the status."""
    rows = snapshot.get(table, {})
    bounds = snapshot.get(BOUNDS, {}).get((table,), [])
    total = CounterMetricFamily(
        f"{prefix}_requests", f"{what}.", labels=["method", where, "status"]
    )
    durations: Rows = {}
    for labels, values in rows.items():
        total.add_metric(labels, sum(values[: len(bounds) + 1]))
        before = durations.get(labels[:2])
        durations[labels[:2]] = values if before is None else _sums(before, values)
    yield total
    yield _histogram(
        f"{prefix}_request_duration_seconds",
        f"How long these took: {what[0].lower()}{what[1:]}.",
        ["method", where],
        durations,
        bounds,
    )


def _sums(one: Iterable[float], other: Iterable[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _histogram(
    name: str, what: str, labels: list[str], rows: Rows, bounds: Iterable[float]
) -> Metric:
    family = HistogramMetricFamily(name, what, labels=labels)
    names = [*map(str, bounds), "+Inf"]
    for found, values in rows.items():
        buckets, so_far = [], 0.0
        for bound, count in zip(names, values, strict=False):  # behind the counts is the sum
            so_far += count
            buckets.append((bound, so_far))
        family.add_metric(found, buckets, values[-1])
    return family


def _counter(name: str, what: str, labels: list[str], rows: Rows) -> Metric:
    family = CounterMetricFamily(name, what, labels=labels)
    for found, values in rows.items():
        family.add_metric(found, values[0])
    return family


def _gauge(snapshot: Snapshot, table: str, name: str, what: str) -> Metric:
    rows: dict[Labels, list[float]] = snapshot.get(table, {})
    return GaugeMetricFamily(name, what, value=sum(values[0] for values in rows.values()))
