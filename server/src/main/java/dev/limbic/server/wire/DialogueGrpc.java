package dev.limbic.server.wire;

import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.DialogueService to its calls. */
final class DialogueGrpc {
    private DialogueGrpc() {}

    static ServerServiceDefinition bind(Calls calls) {
        MethodDescriptor<Inbound<GenerateRequest>, GenerateResponse> generate =
                Inbound.lenient(DialogueServiceGrpc.getGenerateMethod(), GenerateRequest.getDefaultInstance());
        ServiceDescriptor service = ServiceDescriptor.newBuilder(DialogueServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(DialogueServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(generate)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(generate, (call, headers) -> GenerateCall.start(calls, call))
                .build();
    }
}
