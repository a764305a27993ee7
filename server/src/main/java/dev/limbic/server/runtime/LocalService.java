package dev.limbic.server.runtime;

import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.dialogue.ResponseStrategy;
import dev.limbic.server.pipeline.ReplyObserver;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.TextPipeline;
import dev.limbic.server.pipeline.TextWorkers;
import java.util.List;

/** What a server does, without its wire: for commands that talk to models themselves. */
public final class LocalService implements AutoCloseable {
    private final Devices devices;
    private final TextWorkers workers;
    private final Dialogues dialogues;

    /** @param hosts of all models of the configuration; owned by the service from now on */
    public LocalService(ServerConfig config, List<Host> hosts) {
        devices = new Devices(hosts, config, BatchObserver.NONE, DeviceObserver.NONE);
        workers = new TextWorkers(config.workers());
        int maxText = config.limits().maxTextBytes();
        dialogues = new Dialogues(
                new TextPipeline(devices.models(), maxText, workers),
                new ReplyPipeline(devices.languages(), maxText, workers, ReplyObserver.NONE),
                new ResponseStrategy(config.dialogue().strategies()),
                config.dialogue().maxTurns());
    }

    public Dialogues dialogues() {
        return dialogues;
    }

    @Override
    public void close() {
        workers.close();
        devices.close();
    }
}
