"""The status page, for people."""

import time
from functools import cache
from typing import Final

from ..programs.amounts import size_text, time_text
from ..template import Template
from .state import Status, WorkerState

REFRESH_SECONDS: Final = 5
"""After so many seconds a browser asks for the page again."""

LATE: Final = 0.25
"""Seconds of lag from which on the page shows it in red."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="{{ refresh }}">
<title>{{ status.application }}: {{ word }}</title>
<style nonce="{{ nonce }}">
  :root { font: 16px/1.5 system-ui, sans-serif; --weak: #667; --line: #8884; --good: #187a3c; --bad: #c02626; }
  @media (prefers-color-scheme: dark) { :root { --weak: #9ab; --good: #6cd08f; --bad: #ff8a80; } }
  body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
  h1 { font-size: 1.4rem; margin: 0; }
  dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0; }
  dt, small, caption { color: var(--weak); font-size: .85rem; }
  dd { margin: 0; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  caption { text-align: left; }
  th, td { border-bottom: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: right; }
  th:first-child, td:first-child, .state { text-align: left; }
  .ready { color: var(--good); }
  .bad, .ended { color: var(--bad); }
</style>
</head>
<body>
<h1>{{ status.application }} <span class="{{ tone }}">{{ word }}</span></h1>
<dl>
  <div><dt>serves at</dt><dd>{{ ", ".join(status.addresses) }}</dd></div>
  <div><dt>for</dt><dd>{{ age(status.started) }}</dd></div>
  <div><dt>workers ready</dt><dd>{{ ready }} of {{ status.wanted }}</dd></div>
  <div><dt>generation</dt><dd>{{ status.generation }}</dd></div>
  <div><dt>requests of these workers</dt><dd>{{ sum(worker.requests for worker in status.workers) }}</dd></div>
  <div><dt>restarts</dt><dd{% if status.restarts %} class="bad"{% end %}>{{ status.restarts }}</dd></div>
{% if status.last_end %}
  <div><dt>last end</dt><dd class="bad">{{ status.last_end }}</dd></div>
{% end %}
</dl>
<div class="wide">
<table>
<caption>Workers, as they were last heard of</caption>
<thead>
<tr><th scope="col">worker</th><th scope="col" class="state">state</th><th scope="col">pid</th>
<th scope="col">generation</th><th scope="col">age</th><th scope="col">requests</th><th scope="col">connections</th>
<th scope="col">WebSockets</th><th scope="col">lag</th><th scope="col">memory</th><th scope="col">heard of</th></tr>
</thead>
<tbody>
{% for worker in status.workers %}
<tr><td>{{ worker.number }}</td><td class="state {{ worker.state.value }}">{{ worker.state.value }}</td>
<td>{{ worker.pid }}</td><td>{{ worker.generation }}</td><td>{{ age(worker.started) }}</td>
<td>{{ worker.requests }}</td><td>{{ worker.connections }}</td><td>{{ worker.websockets }}</td>
<td{% if worker.lag >= late %} class="bad"{% end %}>{{ "%.0f ms" % (worker.lag * 1000) }}</td>
<td>{{ size(worker.memory) }}</td><td>{{ age(worker.heard) }} ago</td></tr>
{% end %}
</tbody>
</table>
</div>
<p><small>process {{ status.pid }}, tornadolike {{ status.version }};
<a href="status.json">status.json</a>{% if metrics %}, <a href="metrics">metrics</a>{% end %}</small></p>
</body>
</html>
"""


def render(status: Status, *, nonce: str, metrics: bool) -> bytes:
    """The page.

    :arg nonce: of its style, as its policy names it.
    :arg metrics: whether there is something to link to.
    """
    now = time.time()
    ready = sum(worker.state is WorkerState.READY for worker in status.workers)
    return _template().generate(
        status=status,
        nonce=nonce,
        metrics=metrics,
        ready=ready,
        word=_word(status, ready),
        tone="ready" if ready and not status.stopping else "bad",
        late=LATE,
        refresh=REFRESH_SECONDS,
        size=size_text,
        age=lambda moment: time_text(max(0.0, now - moment)),
    )


@cache
def _template() -> Template:
    """The page, compiled when somebody wants to see it."""
    return Template(_PAGE, name="the status page", autoescape="xhtml_escape")


def _word(status: Status, ready: int) -> str:
    """How it is, in a word."""
    if status.stopping:
        return "stopping"
    if status.reloading:
        return "reloading"
    return "serving" if ready else "not ready"
