"""What was measured."""

import pytest

from tornadolike.cli.benching.results import Results, quantile


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([1], 0.5, 1),
        ([1, 2], 0.5, 1),
        ([1, 2, 3], 0.5, 2),
        ([*range(1, 101)], 0.99, 99),
        ([1, 2], 0.999, 2),
    ],
)
def test_quantiles(values, share, found):
    assert quantile(values, share) == found


def test_facts():
    results = Results([0.3, 0.1, 0.2], received=600, unanswered=1, seconds=2.0)
    results.statuses.update([200, 200, 404])
    results.failures["lost"] += 2
    facts = results.facts()
    assert facts["responses_per_second"] == 1.5
    assert facts["bytes_per_second"] == 300
    assert (facts["latency"]["min"], facts["latency"]["50%"], facts["latency"]["max"]) == (
        0.1,
        0.2,
        0.3,
    )
    assert facts["statuses"] == {"200": 2, "404": 1}
    assert facts["failures"] == {"lost": 2}
    assert Results().facts()["latency"] is None
