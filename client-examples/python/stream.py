"""A stream of chat lines. Answers come in the order of the lines, a wrong line gets an error in its place."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc

from limbic.v1.common_pb2 import PRIORITY_HIGH
from limbic.v1.emotion_pb2 import AnalyzeRequest, AnalyzeStreamResponse
from limbic.v1.emotion_pb2_grpc import EmotionServiceStub
from unary import describe, target

# Lines sent and not yet answered. Without a bound a slow server makes the client's memory grow and every face late.
MAX_IN_FLIGHT = 4

CHAT = [
    "hey everyone, good to see you again",
    "did you hear that? something is moving down there",
    "run!!",
    "",
    "phew. that was close, thanks for waiting for me",
    "I miss the old village",
]


def now_micros() -> int:
    return time.monotonic_ns() // 1000


async def requests(room: asyncio.Semaphore) -> AsyncIterator[AnalyzeRequest]:
    for number, text in enumerate(CHAT):
        await room.acquire()  # given back with the answer
        yield AnalyzeRequest(
            request_id=f"line-{number}",
            client_time_micros=now_micros(),  # comes back as it is, so that the answer tells its own age
            priority=PRIORITY_HIGH,  # a person waits for a face to move
            timeout_millis=10_000,  # of this line; a deadline of the call would be one of the whole stream
            text=text,
        )


def outcome(answer: AnalyzeStreamResponse) -> str:
    match answer.WhichOneof("outcome"):
        case "analysis":
            took = now_micros() - answer.client_time_micros
            return f"{answer.request_id} after {took} µs: {describe(answer.analysis)}"
        case "error":
            # The stream lives on. retry_after_millis says when sending the line again makes sense; 0 means never.
            return f"{answer.request_id} failed: {answer.error.message} (code {answer.error.code})"
        case _:
            return f"{answer.request_id}: this client does not know such an answer"


async def main(target: str) -> None:
    room = asyncio.Semaphore(MAX_IN_FLIGHT)
    async with grpc.aio.insecure_channel(target) as channel:
        async for answer in EmotionServiceStub(channel).AnalyzeStream(requests(room)):
            room.release()
            print(outcome(answer))


if __name__ == "__main__":
    asyncio.run(main(target()))
