"""What holds on our own loop holds on others: the transcripts of HTTP, and a WebSocket client of another make."""

import pytest

from tests.websocket import test_interop
from tests.wire import test_requests, test_responses

pytestmark = pytest.mark.once

test_request = test_requests.test_transcript
test_response = test_responses.test_transcript
test_what_is_said_too_late = test_responses.test_what_is_said_too_late_is_dropped
test_an_end_that_is_none = test_responses.test_an_end_that_may_be_taken_for_whole_is_none

client = test_interop.client
test_websocket_subprotocol = test_interop.test_subprotocol
test_websocket_echo = test_interop.test_echo
test_websocket_fragments = test_interop.test_fragments
test_many_websocket_messages = test_interop.test_many
test_websocket_pings = test_interop.test_pings_both_ways
test_websocket_closing = test_interop.test_closing
test_websocket_being_closed = test_interop.test_being_closed
test_websocket_message_too_big = test_interop.test_a_message_that_is_too_big
test_websocket_refused = test_interop.test_refused
