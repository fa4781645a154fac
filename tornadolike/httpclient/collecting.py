"""What becomes of the body of an answer: decoded, and in a buffer or piece by piece."""

from io import BytesIO

from .conversation import Conversation
from .engine import Answer
from .plan import Plan
from .responses import HTTPResponse


async def collect(plan: Plan, conversation: Conversation, answer: Answer) -> HTTPResponse:
    """The whole response."""
    buffer = BytesIO()
    while piece := answer.read_nowait() or await answer.read():
        buffer.write(piece)
    return HTTPResponse(
        plan.request,
        answer.status,
        answer.headers,
        buffer,
        conversation.hop.address.url,
        reason=answer.reason,
        start_time=plan.request.start_time,
    )
