"""The whole of a response, or nothing stays open."""

import pytest

from tests.httpclient.house import Answers, Said
from tests.running import on_every_loop
from tornadolike.httpclient import HTTPRequest
from tornadolike.httpclient.conversation import Conversation
from tornadolike.httpclient.plan import plan_for
from tornadolike.httpclient.receiving import receive


@on_every_loop
async def test_whole_or_closed():
    plan = plan_for(HTTPRequest("http://nowhere.test/"), HTTPRequest._DEFAULTS)
    whole, broken = Said(200, b"a", b"b"), Said(200, b"a", OSError("no"))
    conversation = Conversation(Answers(whole, broken), plan)
    response = await receive(plan, conversation, await conversation.open())
    assert response.body == b"ab"
    assert conversation.hop.waiting_for == "while reading the body of the response"
    assert whole.closed == 0
    with pytest.raises(OSError, match="no"):
        await receive(plan, conversation, await conversation.open())
    assert broken.closed == 1
