"""The smallest site, and what the benchmarks measure."""
