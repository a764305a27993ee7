package dev.limbic.server.wire;

import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.ModelServiceGrpc;
import io.grpc.ServerServiceDefinition;
import java.util.List;

/** The services of the contract, each method bound to what it does. */
final class Contract {
    private Contract() {}

    static List<ServerServiceDefinition> services(Calls calls, WireSettings settings) {
        return List.of(
                models(calls, settings),
                emotion(calls, settings),
                dialogue(calls, settings),
                interaction(calls, settings));
    }

    private static ServerServiceDefinition models(Calls calls, WireSettings settings) {
        return new Binding(ModelServiceGrpc.getServiceDescriptor(), settings)
                .method(
                        ModelServiceGrpc.getListModelsMethod(),
                        Visitors.always(
                                ModelCodec.list(
                                        calls.pipeline().catalog(),
                                        settings,
                                        calls.dialogues().strategy().names()),
                                calls.admission()))
                .bind();
    }

    private static ServerServiceDefinition emotion(Calls calls, WireSettings settings) {
        return new Binding(EmotionServiceGrpc.getServiceDescriptor(), settings)
                .exchange(
                        calls,
                        EmotionServiceGrpc.getAnalyzeMethod(),
                        new AnalyzeExchange<>(calls.pipeline(), calls.faces(), EmotionCodec::alone))
                .session(
                        calls,
                        EmotionServiceGrpc.getAnalyzeStreamMethod(),
                        stream -> new OrderedSession<>(
                                stream,
                                new AnalyzeExchange<>(calls.pipeline(), calls.faces(), EmotionCodec::inStream),
                                EmotionCodec::inStream))
                .bind();
    }

    private static ServerServiceDefinition dialogue(Calls calls, WireSettings settings) {
        return new Binding(DialogueServiceGrpc.getServiceDescriptor(), settings)
                .exchange(calls, DialogueServiceGrpc.getGenerateMethod(), new GenerateExchange(calls.dialogues()))
                .bind();
    }

    private static ServerServiceDefinition interaction(Calls calls, WireSettings settings) {
        return new Binding(InteractionServiceGrpc.getServiceDescriptor(), settings)
                .session(
                        calls,
                        InteractionServiceGrpc.getInteractMethod(),
                        stream -> new InteractSession(stream, calls.interactions()))
                .bind();
    }
}
