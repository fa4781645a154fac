"""What Prometheus is told of the tables."""

from prometheus_client import Metric

from tornadolike.metrics.families import cpu_of, families_of
from tornadolike.metrics.tables import BOUNDS, CONNECTIONS, CPU, LAG, REFUSALS, REQUESTS, Snapshot


def told(snapshot: Snapshot) -> dict[str, Metric]:
    return {family.name: family for family in families_of(snapshot)}


def samples(family: Metric) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for one in family.samples}


def test_requests_are_counted_by_status_and_timed_without() -> None:
    rows = {
        ("GET", "/", "200"): [1.0, 2.0, 1.0, 30.0],
        ("GET", "/", "500"): [0.0, 0.0, 1.0, 20.0],
        ("POST", "/", "200"): [1.0, 0.0, 0.0, 0.5],
    }
    families = told({REQUESTS: rows, BOUNDS: {(REQUESTS,): [0.5, 10.0]}})
    assert samples(families["http_server_requests"]) == {
        ("http_server_requests_total", "GET", "/", "200"): 4.0,
        ("http_server_requests_total", "GET", "/", "500"): 1.0,
        ("http_server_requests_total", "POST", "/", "200"): 1.0,
    }
    name = "http_server_request_duration_seconds"
    assert samples(families[name]) == {
        (f"{name}_bucket", "GET", "/", "0.5"): 1.0,
        (f"{name}_bucket", "GET", "/", "10.0"): 3.0,
        (f"{name}_bucket", "GET", "/", "+Inf"): 5.0,
        (f"{name}_count", "GET", "/"): 5.0,
        (f"{name}_sum", "GET", "/"): 50.0,
        (f"{name}_bucket", "POST", "/", "0.5"): 1.0,
        (f"{name}_bucket", "POST", "/", "10.0"): 1.0,
        (f"{name}_bucket", "POST", "/", "+Inf"): 1.0,
        (f"{name}_count", "POST", "/"): 1.0,
        (f"{name}_sum", "POST", "/"): 0.5,
    }


def test_the_others() -> None:
    families = told(
        {
            REFUSALS: {("400",): [2.0]},
            CONNECTIONS: {(): [3.0]},
            LAG: {(): [1.0, 1.0, 0.2]},
            BOUNDS: {(LAG,): [0.1]},
        }
    )
    assert samples(families["http_server_refusals"]) == {("http_server_refusals_total", "400"): 2.0}
    assert samples(families["http_server_connections"]) == {("http_server_connections",): 3.0}
    assert samples(families["event_loop_lag_seconds"]) == {
        ("event_loop_lag_seconds_bucket", "0.1"): 1.0,
        ("event_loop_lag_seconds_bucket", "+Inf"): 2.0,
        ("event_loop_lag_seconds_count",): 2.0,
        ("event_loop_lag_seconds_sum",): 0.2,
    }
    assert cpu_of({CPU: {(): [1.5]}}) == 1.5


def test_nothing_was_counted_yet() -> None:
    families = told({})
    assert samples(families["http_server_requests"]) == {}
    assert samples(families["http_server_connections"]) == {("http_server_connections",): 0}
    assert cpu_of({}) == 0
