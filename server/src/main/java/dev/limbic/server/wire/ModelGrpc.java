package dev.limbic.server.wire;

import dev.limbic.v1.ListModelsRequest;
import dev.limbic.v1.ListModelsResponse;
import dev.limbic.v1.ModelServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.ModelService to its calls. */
final class ModelGrpc {
    private ModelGrpc() {}

    static ServerServiceDefinition bind(Calls calls, WireSettings settings) {
        MethodDescriptor<Inbound<ListModelsRequest>, ListModelsResponse> list =
                Inbound.lenient(ModelServiceGrpc.getListModelsMethod(), ListModelsRequest.getDefaultInstance());
        ListModelsResponse models = ModelCodec.list(
                calls.pipeline().catalog(),
                settings,
                calls.dialogues().strategy().names());
        ServiceDescriptor service = ServiceDescriptor.newBuilder(ModelServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(ModelServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(list)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(list, Visitors.always(models, calls.admission()))
                .build();
    }
}
