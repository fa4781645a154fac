""":func:`receive`: the whole of a response, or nothing stays open."""

from .collecting import collect
from .conversation import Conversation
from .engine import Answer
from .plan import Plan
from .responses import HTTPResponse


async def receive(plan: Plan, conversation: Conversation, answer: Answer) -> HTTPResponse:
    """The response that an answer becomes. Raises what :func:`.collect` does; then the answer is closed."""
    say_body_comes(conversation)
    try:
        return await collect(plan, conversation, answer)
    except BaseException:
        answer.close()
        raise


def say_body_comes(conversation: Conversation) -> None:
    """What is waited for from now on, for the message of a time-out."""
    conversation.hop.waiting_for = "while reading the body of the response"
