package dev.limbic.server.wire;

import dev.limbic.model.ClassifierCard;
import dev.limbic.model.ModelCard;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import dev.limbic.v1.Limits;
import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ListModelsResponse;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.EmotionService to its calls. */
final class EmotionGrpc {
    private EmotionGrpc() {}

    static ServerServiceDefinition bind(Calls calls, WireSettings settings) {
        MethodDescriptor<Inbound<AnalyzeRequest>, AnalyzeResponse> analyze =
                Inbound.lenient(EmotionServiceGrpc.getAnalyzeMethod(), AnalyzeRequest.getDefaultInstance());
        MethodDescriptor<Inbound<AnalyzeRequest>, AnalyzeStreamResponse> stream =
                Inbound.lenient(EmotionServiceGrpc.getAnalyzeStreamMethod(), AnalyzeRequest.getDefaultInstance());
        MethodDescriptor<Inbound<ListModelsRequest>, ListModelsResponse> list =
                Inbound.lenient(EmotionServiceGrpc.getListModelsMethod(), ListModelsRequest.getDefaultInstance());
        ListModelsResponse models = models(calls, settings);
        ServiceDescriptor service = ServiceDescriptor.newBuilder(EmotionServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(EmotionServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(analyze)
                .addMethod(stream)
                .addMethod(list)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(analyze, (call, headers) -> UnaryCall.start(calls, call))
                .addMethod(stream, (call, headers) -> StreamCall.start(calls, call))
                .addMethod(list, Visitors.always(models, calls.admission()))
                .build();
    }

    private static ListModelsResponse models(Calls calls, WireSettings settings) {
        ListModelsResponse.Builder response = ListModelsResponse.newBuilder()
                .setLimits(Limits.newBuilder()
                        .setMaxTextBytes(settings.maxTextBytes())
                        .setMaxMessageBytes(settings.maxMessageBytes())
                        .setMaxInFlightPerStream(settings.maxInFlightPerStream())
                        .setMaxCalls(settings.maxCalls())
                        .setMaxCallsPerConnection(settings.maxCallsPerConnection()));
        Catalog catalog = calls.pipeline().catalog();
        for (ModelCard each : catalog.cards()) {
            // Those for pictures cannot be asked over the wire yet.
            if (each instanceof ClassifierCard card && card.takes() instanceof ClassifierCard.Tokens takes) {
                response.addModels(Codec.model(card, takes, catalog.isDefault(card)));
            }
        }
        return response.build();
    }
}
