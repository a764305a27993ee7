package dev.limbic.server.command;

import dev.limbic.server.FakeTextModel;
import dev.limbic.server.TestConfig;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.LimbicServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process of its own that serves a fake model until it is signalled, for tests of how it ends. */
public final class FakeServer {
    private FakeServer() {}

    /** Prints the gRPC port and serves; with the argument {@code hold}, batches stay on the device for 2 seconds. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        FakeTextModel model = new FakeTextModel("fake");
        boolean hold = List.of(arguments).contains("hold");
        if (hold) {
            model.holdBatches();
        }
        LimbicServer server = LimbicServer.start(TestConfig.of("fake"), List.of(Host.of(List.of(model.typed()))));
        ServeCommand.stopOnSignal(server, Duration.ofSeconds(30), () -> 0);
        System.out.println("port " + server.grpcPort());
        if (hold) {
            model.awaitHeldBatch();
            System.out.println("held");
            while (System.in.read() != '\n') {
                Thread.onSpinWait();
            }
            model.stopHolding();
        }
        new CountDownLatch(1).await();
    }
}
