package dev.limbic.server.wire;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Binds the methods of one service of the contract to what they do. */
final class Binding {
    private final ServiceDescriptor service;
    private final WireSettings settings;
    private final List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();

    /** @param settings how long messages may be */
    Binding(ServiceDescriptor service, WireSettings settings) {
        this.service = service;
        this.settings = settings;
    }

    /** A method with one request. */
    <Q extends Message, R extends Message> Binding exchange(
            Calls calls, MethodDescriptor<Q, R> method, Exchange<Q, ? super Responder.OfMany<R>> exchange) {
        String name = name(method);
        return method(method, (call, headers) -> UnaryCall.start(calls, name, exchange, call));
    }

    /** A method whose requests are a stream. */
    <Q extends Message, R extends Message> Binding session(
            Calls calls, MethodDescriptor<Q, R> method, Function<StreamCall<Q, R>, StreamCall.Session<Q>> begin) {
        String name = name(method);
        return method(method, (call, headers) -> StreamCall.start(calls, name, begin, call));
    }

    /** Any method. */
    <Q extends Message, R extends Message> Binding method(
            MethodDescriptor<Q, R> method, ServerCallHandler<Inbound<Q>, R> handler) {
        methods.add(ServerMethodDefinition.create(Inbound.lenient(method, settings), handler));
        return this;
    }

    private static String name(MethodDescriptor<?, ?> method) {
        return Objects.requireNonNull(method.getBareMethodName());
    }

    /** The service with these methods. */
    ServerServiceDefinition bind() {
        ServiceDescriptor.Builder described =
                ServiceDescriptor.newBuilder(service.getName()).setSchemaDescriptor(service.getSchemaDescriptor());
        methods.forEach(method -> described.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder bound = ServerServiceDefinition.builder(described.build());
        methods.forEach(bound::addMethod);
        return bound.build();
    }
}
