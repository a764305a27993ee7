package dev.limbic.examples;

import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import dev.limbic.v1.InteractionServiceGrpc;
import dev.limbic.v1.ReplyStarted;
import dev.limbic.v1.Utterance;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A conversation on one stream: utterances go in at any time; emotion logits, the chosen strategy and the tokens of
 * replies come back as they are known, each with the id of the event that caused it.
 */
public final class InteractExample implements AutoCloseable {
    private final StreamObserver<InteractRequest> requests;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private int said;

    /**
     * Opens a conversation.
     *
     * @param persona who the character is
     * @param bargeIn whether a new utterance interrupts the reply
     * @param events called with each event, on a thread of gRPC
     */
    public InteractExample(ManagedChannel channel, String persona, boolean bargeIn, Consumer<InteractResponse> events) {
        requests = InteractionServiceGrpc.newStub(channel).interact(new StreamObserver<>() {
            @Override
            public void onNext(InteractResponse event) {
                events.accept(event);
            }

            @Override
            public void onError(Throwable thrown) {
                ended.completeExceptionally(Status.fromThrowable(thrown).asException());
            }

            @Override
            public void onCompleted() {
                ended.complete(null);
            }
        });
        requests.onNext(InteractRequest.newBuilder()
                .setSetup(InteractSetup.newBuilder().setPersona(persona).setBargeIn(bargeIn))
                .build());
    }

    /** Says something; one thread at a time may call this. Returns the id that its events will carry. */
    public String say(String text) {
        String id = "utterance-" + ++said;
        requests.onNext(InteractRequest.newBuilder()
                .setEventId(id)
                .setUtterance(Utterance.newBuilder().setText(text))
                .build());
        return id;
    }

    /** Says nothing more, and waits until everything is answered. */
    @Override
    public void close() {
        requests.onCompleted();
        ended.join();
    }

    /** Prints events as they come: what was heard in lines of their own, replies as they are written. */
    static final class Printer implements Consumer<InteractResponse> {
        private final PrintStream out;
        private boolean writing;

        Printer(PrintStream out) {
            this.out = out;
        }

        @Override
        public synchronized void accept(InteractResponse event) {
            String id = event.getEventId();
            switch (event.getEventCase()) {
                case ANALYSIS -> line(id + " " + UnaryExample.describe(event.getAnalysis()));
                case ERROR -> line(id + " failed: " + event.getError().getMessage());
                case REPLY_STARTED -> {
                    line(id + " " + intention(event.getReplyStarted()) + ": ");
                    writing = true;
                }
                case TOKEN -> {
                    out.print(event.getToken().getTextDelta());
                    writing = true;
                }
                case REPLY_FINISHED -> {
                    out.print(event.getReplyFinished().getTextDelta());
                    line(id + " " + event.getReplyFinished().getReason() + ", "
                            + event.getReplyFinished().getUsage().getCompletionTokens() + " tokens, the first after "
                            + event.getReplyFinished().getUsage().getFirstTokenMicros() + " µs");
                }
                default -> line("this client does not know such an event");
            }
            out.flush();
        }

        /** Logits of a later utterance may come in the midst of a reply. */
        private void line(String text) {
            out.print(writing ? System.lineSeparator() : "");
            writing = false;
            out.println(text);
        }

        private static String intention(ReplyStarted started) {
            String how = started.hasTarget() ? " with " + started.getTarget().getEmotion() : "";
            return "will be answered by " + (started.getTemplate() ? "a ready-made line" : started.getModel()) + " ("
                    + started.getStrategy() + how + ")";
        }
    }

    /** Arguments: host and port; {@code localhost 50051} if none are given. */
    public static void main(String[] arguments) throws InterruptedException {
        String host = arguments.length > 0 ? arguments[0] : "localhost";
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 50051;
        run(host, port, System.out);
    }

    static void run(String host, int port, PrintStream out) throws InterruptedException {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(host, port).usePlaintext().build();
        CountDownLatch firstReply = new CountDownLatch(1);
        Printer printer = new Printer(out);
        try (InteractExample talk = new InteractExample(channel, "I like to talk about music.", false, event -> {
            printer.accept(event);
            if (event.hasReplyFinished() || event.hasError()) {
                firstReply.countDown();
            }
        })) {
            talk.say("Hello! Guess what, I won two tickets for tonight!");
            firstReply.await();
            // Both at once: the second is read while the first is being answered.
            for (String line : List.of("But now my friend is ill and cannot come.", "Would you like to join me?")) {
                talk.say(line);
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
