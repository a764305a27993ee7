"""One text, one answer; plain and with a deadline."""

import argparse
import asyncio

import grpc

from limbic.v1.affect_pb2 import Analysis, CanonicalEmotion
from limbic.v1.emotion_pb2 import AnalyzeRequest
from limbic.v1.emotion_pb2_grpc import EmotionServiceStub


def describe(analysis: Analysis) -> str:
    """The strongest canonical emotion, if the model has a mapping, the affect, and why it took as long as it did."""
    emotion = "no canonical emotion"
    if analysis.canonical_emotions:
        strongest = max(analysis.canonical_emotions, key=lambda each: each.weight)
        emotion = f"{CanonicalEmotion.Name(strongest.emotion)} {strongest.weight:.2f}"
    affect, timing = analysis.affect, analysis.timing
    return (
        f"{emotion}, valence {affect.valence:.2f}, arousal {affect.arousal:.2f}"
        f" ({timing.cost} tokens, waited {timing.queue_micros} µs,"
        f" computed {timing.compute_micros} µs in a batch of {timing.batch_rows})"
    )


async def main(target: str) -> None:
    # Make one channel and keep it: it connects again by itself, and all calls share it.
    async with grpc.aio.insecure_channel(target) as channel:
        limbic = EmotionServiceStub(channel)
        answer = await limbic.Analyze(AnalyzeRequest(text="I can't believe we won!"))
        print(describe(answer.analysis))
        try:
            # What is too late for a face is not worth computing: the server drops what nobody waits for any more.
            answer = await limbic.Analyze(AnalyzeRequest(text="Watch out, behind you!"), timeout=0.2)
            print(describe(answer.analysis))
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                raise  # RESOURCE_EXHAUSTED and UNAVAILABLE say in their RetryInfo when to try again
            print("too late, the face stays as it is")


def target() -> str:
    """The server that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", default="localhost:50051", help="host:port of the server")
    return parser.parse_args().target


if __name__ == "__main__":
    asyncio.run(main(target()))
