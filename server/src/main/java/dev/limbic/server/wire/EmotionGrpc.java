package dev.limbic.server.wire;

import dev.limbic.v1.AnalyzeRequest;
import dev.limbic.v1.AnalyzeResponse;
import dev.limbic.v1.AnalyzeStreamResponse;
import dev.limbic.v1.EmotionServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.EmotionService to its calls. */
final class EmotionGrpc {
    private EmotionGrpc() {}

    static ServerServiceDefinition bind(Calls calls) {
        MethodDescriptor<Inbound<AnalyzeRequest>, AnalyzeResponse> analyze =
                Inbound.lenient(EmotionServiceGrpc.getAnalyzeMethod(), AnalyzeRequest.getDefaultInstance());
        MethodDescriptor<Inbound<AnalyzeRequest>, AnalyzeStreamResponse> stream =
                Inbound.lenient(EmotionServiceGrpc.getAnalyzeStreamMethod(), AnalyzeRequest.getDefaultInstance());
        ServiceDescriptor service = ServiceDescriptor.newBuilder(EmotionServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(EmotionServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(analyze)
                .addMethod(stream)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(analyze, (call, headers) -> UnaryCall.start(calls, call))
                .addMethod(stream, (call, headers) -> StreamCall.start(calls, call))
                .build();
    }
}
