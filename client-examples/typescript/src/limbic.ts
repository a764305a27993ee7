/** What the examples share: the services, and an analysis in a line. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import type { ProtoGrpcType as Emotion } from "./generated/emotion.js";
import type { ProtoGrpcType as Interaction } from "./generated/interaction.js";
import type { Analysis__Output } from "./generated/limbic/v1/Analysis.js";

// grpc-js reads .proto files at run time; the generated types know these options, so the two must agree.
const contract = grpc.loadPackageDefinition(
  protoLoader.loadSync(["limbic/v1/emotion.proto", "limbic/v1/interaction.proto"], {
    includeDirs: [join(import.meta.dirname, "../../../proto/src/main/protobuf")],
    longs: Number,
    enums: String,
    oneofs: true,
    defaults: true,
  }),
) as unknown as Emotion & Interaction;

export const { EmotionService, InteractionService } = contract.limbic.v1;

export const credentials = grpc.credentials.createInsecure();

/** The server that the command line names. */
export function target(): string {
  const { values } = parseArgs({ options: { target: { type: "string", default: "localhost:50051" } } });
  return values.target;
}

/** The strongest canonical emotion, if the model has a mapping, the affect, and why it took as long as it did. */
export function describe(analysis: Analysis__Output | null | undefined): string {
  const weights = analysis?.canonicalEmotions ?? [];
  const strongest = weights.toSorted((a, b) => b.weight - a.weight)[0];
  const emotion = strongest ? `${strongest.emotion} ${strongest.weight.toFixed(2)}` : "no canonical emotion";
  const { affect, timing } = analysis ?? {};
  return (
    `${emotion}, valence ${affect?.valence.toFixed(2)}, arousal ${affect?.arousal.toFixed(2)}` +
    ` (${timing?.cost} tokens, waited ${timing?.queueMicros} µs,` +
    ` computed ${timing?.computeMicros} µs in a batch of ${timing?.batchRows})`
  );
}
