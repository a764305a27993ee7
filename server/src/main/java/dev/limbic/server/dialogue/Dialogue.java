package dev.limbic.server.dialogue;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.FinishReason;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.server.dialogue.DialogueEvent.Failed;
import dev.limbic.server.dialogue.DialogueEvent.Heard;
import dev.limbic.server.dialogue.DialogueEvent.ReplyEnded;
import dev.limbic.server.dialogue.DialogueEvent.ReplyStarted;
import dev.limbic.server.dialogue.DialogueEvent.ReplyToken;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Pipeline;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.pipeline.ReplyListener;
import dev.limbic.server.pipeline.ReplyPipeline;
import dev.limbic.server.pipeline.ReplyRequest;
import dev.limbic.server.pipeline.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One conversation: utterances are read at once, replies are written one after the other in their order. Every
 * utterance gets one {@link Heard} or {@link Failed}; one that is read and wants a reply also gets one {@link ReplyEnded}
 * or {@link Failed}. Thread-safe; events are told one at a time.
 */
public final class Dialogue {
    /** Who hears what happens. Called under the dialogue's lock: must be quick, must not block, may not speak back. */
    public interface Audience {
        /** The next event. */
        void event(DialogueEvent event);

        /**
         * No event of the utterance will follow.
         *
         * @param remembered what the conversation now keeps in memory, in bytes
         */
        void done(Utterance utterance, long remembered);

        /** Whether another reply would be heard; if not, {@link Dialogue#proceed} is called once it would. */
        boolean listens();
    }

    private final Pipeline texts;
    private final ReplyPipeline replies;
    private final ResponseStrategy strategy;
    private final DialogueSettings settings;
    private final Audience audience;

    private final ReentrantLock lock;
    private final Memory memory;
    private final Deque<Exchange> open = new ArrayDeque<>();
    private int linesSaid;
    private boolean closed;

    /**
     * A conversation in which nothing has been said.
     *
     * @param maxTurns most turns that are remembered
     * @param lock under which events are told; what else is told under it does not happen at the same time
     * @throws LimbicException.NotFound if the settings name a model that is not served
     * @throws LimbicException.Invalid if no reply can be sampled as they say, or the persona is too long
     */
    public Dialogue(
            Pipeline texts,
            ReplyPipeline replies,
            ResponseStrategy strategy,
            int maxTurns,
            DialogueSettings settings,
            ReentrantLock lock,
            Audience audience) {
        if (texts.catalog().has(Kinds.TEXT) || !settings.emotionModel().isEmpty()) {
            texts.catalog().named(Kinds.TEXT, settings.emotionModel()); // without any, each utterance is refused
        }
        replies.requirePersona(settings.persona());
        if (replies.canWrite() || !settings.languageModel().isEmpty()) {
            replies.requirePossible(settings.languageModel(), settings.sampling());
        }
        this.texts = texts;
        this.replies = replies;
        this.strategy = strategy;
        this.settings = settings;
        this.lock = lock;
        this.audience = audience;
        this.memory = new Memory(settings.persona(), maxTurns);
    }

    /** The person says something. Utterances must be said one after the other. */
    public void say(Utterance utterance) {
        Exchange exchange = new Exchange(utterance);
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (settings.bargeIn()) {
                interruptAll();
            }
            open.add(exchange);
        } finally {
            lock.unlock();
        }
        exchange.listen();
    }

    /** Ends the reply that is being written, and those that wait. */
    public void interrupt() {
        lock.lock();
        try {
            interruptAll();
        } finally {
            lock.unlock();
        }
    }

    /** Goes on when the audience listens again. */
    public void proceed() {
        lock.lock();
        try {
            advance();
        } finally {
            lock.unlock();
        }
    }

    /** Whether everything that was said is answered. */
    public boolean idle() {
        lock.lock();
        try {
            return open.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Ends everything; no event will follow. */
    public void close() {
        List<Exchange> abandoned;
        lock.lock();
        try {
            closed = true;
            abandoned = new ArrayList<>(open);
            open.clear();
        } finally {
            lock.unlock();
        }
        abandoned.forEach(Exchange::abandon);
    }

    /** Under the lock. */
    private void interruptAll() {
        open.forEach(Exchange::interrupt);
        advance();
    }

    /** Under the lock: finishes what can be finished and starts the next reply, if its turn has come. */
    private void advance() {
        while (!closed && !open.isEmpty()) {
            Exchange first = open.getFirst();
            if (first.answer == null || first.speaking) {
                return;
            }
            boolean speaks = first.utterance.replies() && !first.interrupted;
            if (speaks && !audience.listens()) {
                return;
            }
            // Not before its turn: what comes later must not colour this reply.
            memory.felt(first.answer.value());
            if (speaks) {
                first.speak();
                if (first.speaking) {
                    return;
                }
            } else {
                if (first.utterance.replies()) {
                    first.tell(first.ended(FinishReason.CANCELLED));
                }
                memory.add(first.turn());
                finish(first);
            }
        }
    }

    /** Under the lock. */
    private void finish(Exchange exchange) {
        if (open.remove(exchange)) {
            audience.done(exchange.utterance, memory.bytes());
        }
    }

    /** An utterance and its reply; fields are guarded by the dialogue's lock. */
    private final class Exchange implements Receiver<Emotions>, ReplyListener {
        private final Utterance utterance;
        private final long saidNanos = System.nanoTime();
        private final StringBuilder said = new StringBuilder();
        private Optional<Pending> work = Optional.empty();
        private @Nullable Answer<Emotions> answer;
        private @Nullable Response response;
        private boolean interrupted;
        private boolean speaking;

        Exchange(Utterance utterance) {
            this.utterance = utterance;
        }

        void tell(DialogueEvent event) {
            if (!closed) {
                audience.event(event);
            }
        }

        private long timeLeft() {
            long timeout = utterance.timeoutNanos();
            return timeout == Long.MAX_VALUE ? timeout : timeout - (System.nanoTime() - saidNanos);
        }

        void listen() {
            Request<Text> request = new Request<>(
                    settings.emotionModel(), new Text(utterance.text()), settings.priority(), utterance.timeoutNanos());
            try {
                started(texts.submit(Kinds.TEXT, request, this));
            } catch (LimbicException e) {
                failed(e);
            } catch (RuntimeException e) {
                failed(new LimbicException.Internal("the utterance could not be read", e));
            }
        }

        private void started(Pending pending) {
            boolean tooLate;
            lock.lock();
            try {
                tooLate = closed;
                if (answer == null) {
                    work = Optional.of(pending);
                }
            } finally {
                lock.unlock();
            }
            if (tooLate) {
                pending.cancel();
            }
        }

        @Override
        public void answered(Answer<Emotions> heard) {
            lock.lock();
            try {
                answer = heard;
                work = Optional.empty();
                tell(new Heard(utterance.cause(), heard));
                advance();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void failed(LimbicException failure) {
            lock.lock();
            try {
                tell(new Failed(utterance.cause(), failure));
                finish(this);
                advance();
            } finally {
                lock.unlock();
            }
        }

        private Turn turn() {
            Answer<Emotions> heard = Objects.requireNonNull(answer);
            return new Turn(Turn.Role.USER, utterance.text(), strategy.strongest(heard.value()));
        }

        void speak() {
            Response chosen = utterance.cue() == null
                    ? strategy.choose(memory.trajectory())
                    : new Response(
                            "",
                            utterance.cue(),
                            strategy.choose(memory.trajectory()).lines());
            response = chosen;
            if (!replies.canWrite()) {
                speakLine(chosen);
                return;
            }
            ReplyRequest request = new ReplyRequest(
                    settings.languageModel(),
                    new ReplyRequest.Talk(memory.turnsWith(turn()), true),
                    chosen.cue(),
                    settings.sampling(),
                    settings.priority(),
                    timeLeft());
            try {
                if (utterance.cue() != null) {
                    replies.requireStyle(settings.languageModel(), utterance.cue());
                }
                String model = replies.modelNamed(settings.languageModel());
                Pending pending = replies.reply(request, this);
                speaking = true;
                work = Optional.of(pending);
                tell(new ReplyStarted(utterance.cause(), model, chosen.strategy(), chosen.cue()));
            } catch (LimbicException e) {
                remember(e);
                tell(new Failed(utterance.cause(), e));
                finish(this);
            }
        }

        /** What can never be answered is not remembered either: it would be in the way of all that follows. */
        private void remember(@Nullable LimbicException failure) {
            if (!(failure instanceof LimbicException.Invalid)) {
                memory.add(turn());
            }
        }

        private void speakLine(Response chosen) {
            String line = chosen.lines().get(linesSaid++ % chosen.lines().size());
            tell(new ReplyStarted(utterance.cause(), "", chosen.strategy(), chosen.cue()));
            tell(new ReplyToken(utterance.cause(), new GeneratedToken(-1, line, 0, List.of())));
            memory.add(turn());
            memory.add(new Turn(Turn.Role.ASSISTANT, line, chosen.cue().emotion()));
            tell(ended(FinishReason.STOP));
            finish(this);
        }

        ReplyEnded ended(FinishReason reason) {
            Finish finish = new Finish(reason, "", new Finish.Usage(0, 0, 0, 0), null);
            return new ReplyEnded(utterance.cause(), finish, 0, System.nanoTime() - saidNanos);
        }

        @Override
        public void token(GeneratedToken token) {
            lock.lock();
            try {
                said.append(token.text());
                tell(new ReplyToken(utterance.cause(), token));
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
            lock.lock();
            try {
                speaking = false;
                said.append(finish.text());
                remember(finish.failure());
                if (!said.toString().isBlank() && response != null) {
                    memory.add(new Turn(
                            Turn.Role.ASSISTANT, said.toString(), response.cue().emotion()));
                }
                LimbicException failure = finish.failure();
                tell(
                        failure != null
                                ? new Failed(utterance.cause(), failure)
                                : new ReplyEnded(utterance.cause(), finish, firstTokenNanos, totalNanos));
                Dialogue.this.finish(this);
                advance();
            } finally {
                lock.unlock();
            }
        }

        /** Under the lock. */
        void interrupt() {
            interrupted = true;
            if (speaking) {
                work.ifPresent(Pending::cancel);
            }
        }

        void abandon() {
            work.ifPresent(Pending::cancel);
        }
    }
}
