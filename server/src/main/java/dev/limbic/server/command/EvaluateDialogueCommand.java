package dev.limbic.server.command;

import dev.limbic.domain.CanonicalEmotion;
import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.model.LanguageCard;
import dev.limbic.server.config.ConfigException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.dialogue.Dialogues;
import dev.limbic.server.evaluate.Steering;
import dev.limbic.server.evaluate.TopicalChat;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Priority;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.pipeline.ReplyListener;
import dev.limbic.server.pipeline.ReplyRequest;
import dev.limbic.server.pipeline.Request;
import dev.limbic.server.pipeline.SamplingWish;
import dev.limbic.server.runtime.Engine;
import dev.limbic.server.runtime.Host;
import dev.limbic.server.runtime.Services;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code limbic evaluate dialogue}: how far a language model's replies sound as they were asked to. */
@Command(
        name = "dialogue",
        mixinStandardHelpOptions = true,
        description = {
            "Asks a language model for replies with each emotion and with none, and lets a text model tell",
            "which emotion it hears. The data folder holds topical_chat/*.json.gz; only conversations that",
            "the starter model never saw are used."
        })
final class EvaluateDialogueCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--data", paramLabel = "DIR", required = true, description = "Folder with the data sets.")
    private Path data = Path.of("");

    @Option(names = "--model", paramLabel = "NAME", description = "Language model; the default one if not given.")
    private String model = "";

    @Option(names = "--judge", paramLabel = "NAME", description = "Text model that hears (${DEFAULT-VALUE}).")
    private String judge = "emotion-bert";

    @Option(names = "--contexts", paramLabel = "N", description = "Replies for each emotion (${DEFAULT-VALUE}).")
    private int contexts = 60;

    @Option(names = "--intensity", paramLabel = "X", description = "How strongly replies are steered, 0 to 1.")
    private float intensity = 1;

    @Option(names = "--samples", paramLabel = "N", description = "Prints so many replies for each emotion.")
    private int samples;

    @Override
    public Integer call() throws ConfigException, IOException {
        if (contexts < 1 || !(intensity >= 0 && intensity <= 1)) {
            throw new ParameterException(
                    java.util.Objects.requireNonNull(spec).commandLine(),
                    "--contexts must be 1 or more and --intensity 0 to 1, found " + contexts + " and " + intensity);
        }
        ServerConfig config = options.load();
        List<String> said = TopicalChat.heldOut(data.resolve("topical_chat"), contexts);
        List<Host> hosts = new Engine(config.cuda(), step -> {}).load(config.models());
        try (Services service = new Services(config, hosts)) {
            Dialogues dialogues = service.dialogues();
            LanguageCard card = service.catalog().language(model).card();
            System.out.printf(
                    Locale.ROOT,
                    "## Steering of %s (%s, %s on %s), heard by %s%n%n",
                    card.name(),
                    card.architecture(),
                    card.precision(),
                    card.device(),
                    judge);
            service.catalog().named(Kinds.TEXT, judge);
            int atOnce = Math.min(
                    256, Math.min(config.generation().queue(), config.batch().queueRows()));
            Steering steering = new Steering(said.size());
            steering.add(null, replies(dialogues, atOnce, said, null));
            for (CanonicalEmotion emotion : CanonicalEmotion.values()) {
                steering.add(emotion, replies(dialogues, atOnce, said, new Cue(emotion, intensity)));
            }
            steering.print(System.out);
        }
        return 0;
    }

    /** Canonical emotions heard in the replies to each of the contexts. */
    private List<float[]> replies(Dialogues dialogues, int atOnce, List<String> said, @Nullable Cue cue) {
        List<float[]> heard = new ArrayList<>();
        for (int from = 0; from < said.size(); from += atOnce) {
            List<CompletableFuture<String>> writing = new ArrayList<>();
            for (int i = from; i < Math.min(said.size(), from + atOnce); i++) {
                writing.add(reply(dialogues, said.get(i), cue, i));
            }
            List<CompletableFuture<float[]>> hearing = new ArrayList<>();
            for (CompletableFuture<String> each : writing) {
                String text = outcome(each);
                if (from + hearing.size() < samples) {
                    System.out.printf(
                            "%s: %s%n",
                            cue == null ? "(nothing)" : cue.emotion().name().toLowerCase(Locale.ROOT), text);
                }
                hearing.add(hear(dialogues, text));
            }
            hearing.forEach(each -> heard.add(outcome(each)));
        }
        return heard;
    }

    private static <T> T outcome(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof LimbicException failure ? failure : e;
        }
    }

    private CompletableFuture<String> reply(Dialogues dialogues, String said, @Nullable Cue cue, long seed) {
        CompletableFuture<String> reply = new CompletableFuture<>();
        StringBuilder text = new StringBuilder();
        SamplingWish sampling = SamplingWish.of(null, seed);
        ReplyRequest.Talk talk = new ReplyRequest.Talk(List.of(new Turn(Turn.Role.USER, said, null)), true);
        ReplyRequest request = new ReplyRequest(model, talk, cue, sampling, Priority.NORMAL, Long.MAX_VALUE);
        dialogues.replies().reply(request, new ReplyListener() {
            @Override
            public void token(GeneratedToken token) {
                text.append(token.text());
            }

            @Override
            public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
                LimbicException failure = finish.failure();
                if (failure != null) {
                    reply.completeExceptionally(failure);
                } else {
                    reply.complete(text.append(finish.text()).toString().strip());
                }
            }
        });
        return reply;
    }

    private CompletableFuture<float[]> hear(Dialogues dialogues, String text) {
        CompletableFuture<float[]> heard = new CompletableFuture<>();
        String spoken = text.isBlank() ? "." : text; // a model may have nothing to say
        Request<Text> request = new Request<>(judge, new Text(spoken), Priority.NORMAL, Long.MAX_VALUE);
        dialogues.texts().submit(Kinds.TEXT, request, new Receiver<Emotions>() {
            @Override
            public void answered(Answer<Emotions> answer) {
                heard.complete(answer.value().canonical());
            }

            @Override
            public void failed(LimbicException failure) {
                heard.completeExceptionally(failure);
            }
        });
        return heard;
    }
}
