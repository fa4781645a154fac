"""What is known of workers, as JSON."""

import json

from tornadolike.workers.state import Status, WorkerState, WorkerStatus


def test_a_status_goes_into_json():
    worker = WorkerStatus(1, 7, 1, WorkerState.DRAINING, 1.5, 2, 3, 1, 0.25, 4096, 2.5)
    status = Status("a:app", ("http://x",), "1", 6, 1.0, 1, 2, False, True, 3, "gone", (worker,))
    values = json.loads(json.dumps(status.as_dict()))
    assert values["workers"][0]["state"] == "draining"
    assert values["workers"][0]["lag"] == 0.25
    assert values["addresses"] == ["http://x"]
    assert values["stopping"] is True
    assert values["last_end"] == "gone"
