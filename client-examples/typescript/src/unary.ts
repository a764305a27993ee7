/** One text, one answer; plain and with a deadline. */
import * as grpc from "@grpc/grpc-js";
import type { AnalyzeResponse__Output } from "./generated/limbic/v1/AnalyzeResponse.js";
import { credentials, describe, EmotionService, target } from "./limbic.js";

// Make one client and keep it: it connects again by itself, and all calls share its connection.
const limbic = new EmotionService(target(), credentials);

function analyze(text: string, options: grpc.CallOptions = {}): Promise<AnalyzeResponse__Output> {
  return new Promise((resolve, reject) => {
    limbic.analyze({ text }, options, (error, answer) => (answer ? resolve(answer) : reject(error)));
  });
}

console.log(describe((await analyze("I can't believe we won!")).analysis));
try {
  // What is too late for a face is not worth computing: the server drops what nobody waits for any more.
  const answer = await analyze("Watch out, behind you!", { deadline: Date.now() + 200 });
  console.log(describe(answer.analysis));
} catch (error) {
  if ((error as grpc.ServiceError).code !== grpc.status.DEADLINE_EXCEEDED) {
    throw error; // RESOURCE_EXHAUSTED and UNAVAILABLE say in their RetryInfo when to try again
  }
  console.log("too late, the face stays as it is");
}
limbic.close();
