"""What a scrape says, as Prometheus' own parser reads it."""

from prometheus_client.parser import text_string_to_metric_families

ORDER = "method route host cache result status le"


def figures(text: str | bytes) -> dict[str, float]:
    """All samples but the buckets' of what is ours, by their names with their labels."""
    text = text.decode() if isinstance(text, bytes) else text
    return {
        sample.name + _shown(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _shown(labels: dict[str, str]) -> str:
    order = sorted(labels, key=ORDER.find)
    return str(tuple(labels[name] for name in order)) if labels else ""


def of(text: str | bytes, name: str) -> dict[str, float]:
    """Those of one name, by their labels."""
    return {
        sample.removeprefix(name): value
        for sample, value in figures(text).items()
        if sample == name or sample.startswith(f"{name}(")
    }
