package dev.limbic.server.wire;

import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractionServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.InteractionService to its calls. */
final class InteractionGrpc {
    private InteractionGrpc() {}

    static ServerServiceDefinition bind(Calls calls) {
        MethodDescriptor<Inbound<InteractRequest>, InteractResponse> interact =
                Inbound.lenient(InteractionServiceGrpc.getInteractMethod(), InteractRequest.getDefaultInstance());
        ServiceDescriptor service = ServiceDescriptor.newBuilder(InteractionServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(
                        InteractionServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(interact)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(interact, (call, headers) -> InteractCall.start(calls, call))
                .build();
    }
}
