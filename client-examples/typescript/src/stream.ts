/** A stream of chat lines. Answers come in the order of the lines, a wrong line gets an error in its place. */
import type { AnalyzeStreamResponse__Output } from "./generated/limbic/v1/AnalyzeStreamResponse.js";
import { credentials, describe, EmotionService, target } from "./limbic.js";

// Lines sent and not yet answered. Without a bound a slow server makes the client's memory grow and every face late.
const MAX_IN_FLIGHT = 4;

const CHAT = [
  "hey everyone, good to see you again",
  "did you hear that? something is moving down there",
  "run!!",
  "",
  "phew. that was close, thanks for waiting for me",
  "I miss the old village",
];

/** Room for so many lines; who finds none waits. */
class Room {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) {
      this.free--;
    } else {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  giveBack(): void {
    const next = this.waiting.shift();
    if (next) {
      next();
    } else {
      this.free++;
    }
  }
}

function nowMicros(): number {
  return Math.round(performance.now() * 1000);
}

function outcome(answer: AnalyzeStreamResponse__Output): string {
  switch (answer.outcome) {
    case "analysis": {
      const took = nowMicros() - answer.clientTimeMicros;
      return `${answer.requestId} after ${took} µs: ${describe(answer.analysis)}`;
    }
    case "error":
      // The stream lives on. retryAfterMillis says when sending the line again makes sense; 0 means never.
      return `${answer.requestId} failed: ${answer.error?.message} (code ${answer.error?.code})`;
    default:
      return `${answer.requestId}: this client does not know such an answer`;
  }
}

const limbic = new EmotionService(target(), credentials);
const room = new Room(MAX_IN_FLIGHT);
const stream = limbic.analyzeStream();

async function say(): Promise<void> {
  for (const [number, text] of CHAT.entries()) {
    await room.take(); // given back with the answer
    stream.write({
      requestId: `line-${number}`,
      clientTimeMicros: nowMicros(), // comes back as it is, so that the answer tells its own age
      priority: "PRIORITY_HIGH", // a person waits for a face to move
      timeoutMillis: 10_000, // of this line; a deadline of the call would be one of the whole stream
      text,
    });
  }
  stream.end();
}

void say();
for await (const answer of stream as AsyncIterable<AnalyzeStreamResponse__Output>) {
  room.giveBack();
  console.log(outcome(answer));
}
limbic.close();
