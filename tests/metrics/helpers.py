"""What a scrape says, as Prometheus' own parser reads it."""

from prometheus_client.parser import text_string_to_metric_families


def figures(text: str | bytes) -> dict[str, float]:
    """All samples but the buckets' of what is ours, by their names with their labels."""
    text = text.decode() if isinstance(text, bytes) else text
    return {
        sample.name + (str(tuple(sample.labels.values())) if sample.labels else ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(text: str | bytes, name: str) -> dict[str, float]:
    """Those of one name, by their labels."""
    return {
        sample.removeprefix(name): value
        for sample, value in figures(text).items()
        if sample == name or sample.startswith(f"{name}(")
    }
