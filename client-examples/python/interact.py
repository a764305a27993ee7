"""A conversation: utterances go in at any time; emotions and the tokens of the replies come back as they are known."""

import asyncio
from collections.abc import AsyncIterator

import grpc

from limbic.v1.affect_pb2 import CanonicalEmotion
from limbic.v1.dialogue_pb2 import FinishReason
from limbic.v1.interaction_pb2 import InteractRequest, InteractResponse, InteractSetup, Utterance
from limbic.v1.interaction_pb2_grpc import InteractionServiceStub
from unary import describe, target


class Printer:
    """What was heard in lines of its own, replies as they are written."""

    def __init__(self) -> None:
        self.writing = False

    def line(self, text: str) -> None:
        """Emotions of a later utterance may come in the midst of a reply."""
        print("\n" if self.writing else "", text, sep="", flush=True)
        self.writing = False

    def write(self, text: str) -> None:
        print(text, end="", flush=True)
        self.writing = True

    def show(self, event: InteractResponse) -> None:
        match event.WhichOneof("event"):
            case "analysis":
                self.line(f"{event.event_id} {describe(event.analysis)}")
            case "error":
                self.line(f"{event.event_id} failed: {event.error.message} (code {event.error.code})")
            case "reply_started":
                started = event.reply_started
                how = f" with {CanonicalEmotion.Name(started.target.emotion)}" if started.HasField("target") else ""
                by = "a ready-made line" if started.template else started.model
                self.line(f"{event.event_id} will be answered by {by} ({started.strategy}{how}):")
            case "token":
                self.write(event.token.text_delta)
            case "reply_finished":
                finished = event.reply_finished
                self.write(finished.text_delta)
                self.line(
                    f"{event.event_id} {FinishReason.Name(finished.reason)},"
                    f" {finished.usage.completion_tokens} tokens,"
                    f" the first after {finished.usage.first_token_micros} µs"
                )
            case _:
                self.line("this client does not know such an event")


def say(number: int, text: str) -> InteractRequest:
    # What comes back carries the id of the event that caused it: answers to several come interleaved.
    return InteractRequest(event_id=f"utterance-{number}", utterance=Utterance(text=text))


async def turns(first_reply: asyncio.Event) -> AsyncIterator[InteractRequest]:
    # With barge_in=True an utterance would interrupt the reply that is being written.
    yield InteractRequest(setup=InteractSetup(persona="I like to talk about music."))
    yield say(1, "Hello! Guess what, I won two tickets for tonight!")
    await first_reply.wait()
    # Both at once: the second is read while the first is being answered.
    yield say(2, "But now my friend is ill and cannot come.")
    yield say(3, "Would you like to join me?")


async def main(target: str) -> None:
    first_reply = asyncio.Event()
    printer = Printer()
    async with grpc.aio.insecure_channel(target) as channel:
        # The stream ends when everything is answered; what the server remembers of it ends with it.
        async for event in InteractionServiceStub(channel).Interact(turns(first_reply)):
            printer.show(event)
            if event.WhichOneof("event") in ("reply_finished", "error"):
                first_reply.set()


if __name__ == "__main__":
    asyncio.run(main(target()))
