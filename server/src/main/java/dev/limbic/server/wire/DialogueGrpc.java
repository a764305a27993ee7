package dev.limbic.server.wire;

import dev.limbic.model.LanguageCard;
import dev.limbic.model.ModelCard;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.v1.ConverseRequest;
import dev.limbic.v1.ConverseResponse;
import dev.limbic.v1.DialogueServiceGrpc;
import dev.limbic.v1.GenerateRequest;
import dev.limbic.v1.GenerateResponse;
import dev.limbic.v1.ListLanguageModelsRequest;
import dev.limbic.v1.ListLanguageModelsResponse;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/** Binds limbic.v1.DialogueService to its calls. */
final class DialogueGrpc {
    private DialogueGrpc() {}

    static ServerServiceDefinition bind(Calls calls) {
        MethodDescriptor<Inbound<GenerateRequest>, GenerateResponse> generate =
                Inbound.lenient(DialogueServiceGrpc.getGenerateMethod(), GenerateRequest.getDefaultInstance());
        MethodDescriptor<Inbound<ConverseRequest>, ConverseResponse> converse =
                Inbound.lenient(DialogueServiceGrpc.getConverseMethod(), ConverseRequest.getDefaultInstance());
        MethodDescriptor<Inbound<ListLanguageModelsRequest>, ListLanguageModelsResponse> list = Inbound.lenient(
                DialogueServiceGrpc.getListLanguageModelsMethod(), ListLanguageModelsRequest.getDefaultInstance());
        ListLanguageModelsResponse models = models(calls);
        ServiceDescriptor service = ServiceDescriptor.newBuilder(DialogueServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(DialogueServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(generate)
                .addMethod(converse)
                .addMethod(list)
                .build();
        return ServerServiceDefinition.builder(service)
                .addMethod(generate, (call, headers) -> GenerateCall.start(calls, call))
                .addMethod(converse, (call, headers) -> ConverseCall.start(calls, call))
                .addMethod(list, Visitors.always(models, calls.admission()))
                .build();
    }

    private static ListLanguageModelsResponse models(Calls calls) {
        Catalog catalog = calls.pipeline().catalog();
        ListLanguageModelsResponse.Builder response = ListLanguageModelsResponse.newBuilder()
                .addAllStrategies(calls.dialogues().strategy().names());
        for (ModelCard each : catalog.cards()) {
            if (each instanceof LanguageCard card) {
                response.addModels(DialogueCodec.model(card, catalog.isDefault(card)));
            }
        }
        return response.build();
    }
}
