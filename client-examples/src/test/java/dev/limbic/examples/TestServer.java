package dev.limbic.examples;

import dev.limbic.model.ModelRegistry;
import dev.limbic.server.FakeFaceModels;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.LimbicServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A server with models whose answers can be foretold. */
final class TestServer implements AutoCloseable {
    final FakeTextModel model = new FakeTextModel("fake");
    private final LimbicServer server;

    TestServer() throws IOException {
        List<ModelRegistry.Typed<?>> models = new ArrayList<>(new FakeFaceModels().typed());
        models.add(model.typed());
        models.add(new FakeLanguageModel("speaker").typed());
        server = LimbicServer.start(
                TestConfig.of(List.of("fake", "reader", "finder"), List.of("speaker")), List.of(Host.of(models)));
    }

    int port() {
        return server.grpcPort();
    }

    /** The command of a README, for this server. */
    String addressed(String command) {
        return command.replace("localhost:50051", "127.0.0.1:" + port());
    }

    @Override
    public void close() {
        model.stopHolding();
        server.close();
    }
}
