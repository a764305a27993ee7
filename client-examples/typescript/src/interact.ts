/** A conversation: utterances go in at any time; emotions and the tokens of the replies come back as they are known. */
import type { InteractResponse__Output } from "./generated/limbic/v1/InteractResponse.js";
import { credentials, describe, InteractionService, target } from "./limbic.js";

let writing = false;

/** Emotions of a later utterance may come in the midst of a reply. */
function line(text: string): void {
  process.stdout.write(`${writing ? "\n" : ""}${text}\n`);
  writing = false;
}

function write(text: string): void {
  process.stdout.write(text);
  writing = true;
}

/** What was heard in lines of its own, replies as they are written. */
function show(event: InteractResponse__Output): void {
  const id = event.eventId;
  switch (event.event) {
    case "analysis":
      return line(`${id} ${describe(event.analysis)}`);
    case "error":
      return line(`${id} failed: ${event.error?.message} (code ${event.error?.code})`);
    case "replyStarted": {
      const started = event.replyStarted;
      const how = started?.target ? ` with ${started.target.emotion}` : "";
      const by = started?.template ? "a ready-made line" : started?.model;
      return line(`${id} will be answered by ${by} (${started?.strategy}${how}):`);
    }
    case "token":
      return write(event.token?.textDelta ?? "");
    case "replyFinished": {
      const finished = event.replyFinished;
      const usage = finished?.usage;
      write(finished?.textDelta ?? "");
      return line(
        `${id} ${finished?.reason}, ${usage?.completionTokens} tokens, the first after ${usage?.firstTokenMicros} µs`,
      );
    }
    default:
      return line("this client does not know such an event");
  }
}

const limbic = new InteractionService(target(), credentials);
const talk = limbic.interact();
let said = 0;

function say(text: string): void {
  // What comes back carries the id of the event that caused it: answers to several come interleaved.
  talk.write({ eventId: `utterance-${++said}`, utterance: { text } });
}

// With bargeIn: true an utterance would interrupt the reply that is being written.
talk.write({ setup: { persona: "I like to talk about music." } });
say("Hello! Guess what, I won two tickets for tonight!");

let first = true;
for await (const event of talk as AsyncIterable<InteractResponse__Output>) {
  show(event);
  if (first && (event.event === "replyFinished" || event.event === "error")) {
    first = false;
    // Both at once: the second is read while the first is being answered.
    say("But now my friend is ill and cannot come.");
    say("Would you like to join me?");
    talk.end(); // the stream ends when everything is answered; what the server remembers of it ends with it
  }
}
limbic.close();
