package dev.limbic.server.dialogue;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Emotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.Text;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Finish;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.model.Kinds;
import dev.limbic.server.pipeline.Answer;
import dev.limbic.server.pipeline.Pending;
import dev.limbic.server.pipeline.Receiver;
import dev.limbic.server.pipeline.ReplyListener;
import dev.limbic.server.pipeline.ReplyRequest;
import dev.limbic.server.pipeline.Request;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A reply outside of any conversation: where it follows the speaker, the person's last turn is read first, and the
 * strategy answers that. Thread-safe; what happens is told one thing at a time.
 */
public final class SingleReply implements Pending {
    /**
     * Hears {@link #heard} where the speaker is followed, then {@link #started}, then as {@link ReplyListener} says; or
     * {@link #failed} in place of what does not come. Called under the reply's lock: must be quick and must not block.
     */
    public interface Audience extends ReplyListener {
        /** How the person's last turn was read. */
        void heard(Answer<Emotions> answer);

        /**
         * The reply begins.
         *
         * @param model who writes it
         * @param strategy who chose how it sounds; empty if the client did
         */
        void started(String model, String strategy, @Nullable Cue cue);

        /** There will be no reply. */
        void failed(LimbicException failure);
    }

    private final Dialogues dialogues;
    private final ReplyRequest request;
    private final Audience audience;
    private final long begunNanos = System.nanoTime();

    private final ReentrantLock lock = new ReentrantLock();
    private Optional<Pending> work = Optional.empty();
    private boolean cancelled;

    private SingleReply(Dialogues dialogues, ReplyRequest request, Audience audience) {
        this.dialogues = dialogues;
        this.request = request;
        this.audience = audience;
    }

    /**
     * Begins a reply.
     *
     * @param request without a cue; the steering says which
     * @return the reply, for cancellation
     * @throws LimbicException if it cannot be accepted; the audience hears nothing then
     */
    public static SingleReply begin(Dialogues dialogues, ReplyRequest request, Steering steering, Audience audience) {
        SingleReply reply = new SingleReply(dialogues, request, audience);
        switch (steering) {
            case Steering.Free free -> reply.speak("", null);
            case Steering.Target target -> {
                dialogues.replies().requireStyle(request.model(), target.cue());
                reply.speak("", target.cue());
            }
            case Steering.FollowSpeaker follow -> reply.listen(follow.emotionModel());
        }
        return reply;
    }

    private void listen(String emotionModel) {
        if (!(request.input() instanceof ReplyRequest.Talk talk)
                || talk.turns().isEmpty()
                || talk.turns().getLast().role() != Turn.Role.USER) {
            throw new LimbicException.Invalid("follow_speaker needs a conversation that ends with a turn of the user");
        }
        Text said = new Text(talk.turns().getLast().text());
        Request<Text> turn = new Request<>(emotionModel, said, request.priority(), request.timeoutNanos());
        Pending reading = dialogues.texts().submit(Kinds.TEXT, turn, new Follower());
        lock.lock();
        try {
            if (work.isEmpty()) { // else it has been read, and the reply is what is waited for
                work = Optional.of(reading);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Answers the turn, once it is read. */
    private final class Follower implements Receiver<Emotions> {
        @Override
        public void answered(Answer<Emotions> answer) {
            lock.lock();
            try {
                audience.heard(answer);
                Response response = dialogues.strategy().choose(List.of(answer.value()));
                speak(response.strategy(), response.cue());
            } catch (LimbicException e) {
                audience.failed(e);
            } catch (RuntimeException e) {
                audience.failed(new LimbicException.Internal("the reply could not be started", e));
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void failed(LimbicException failure) {
            audience.failed(failure);
        }
    }

    private void speak(String strategy, @Nullable Cue cue) {
        lock.lock(); // no token may overtake the beginning
        try {
            if (cancelled) {
                return;
            }
            ReplyRequest steered = new ReplyRequest(
                    request.model(), request.input(), cue, request.sampling(), request.priority(), timeLeft());
            work = Optional.of(dialogues.replies().reply(steered, new Writing()));
            audience.started(dialogues.replies().modelNamed(request.model()), strategy, cue);
        } finally {
            lock.unlock();
        }
    }

    private long timeLeft() {
        long timeout = request.timeoutNanos();
        return timeout == Long.MAX_VALUE ? timeout : timeout - (System.nanoTime() - begunNanos);
    }

    /** Hands on what is written. */
    private final class Writing implements ReplyListener {
        @Override
        public void token(GeneratedToken token) {
            lock.lock();
            try {
                audience.token(token);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void finished(Finish finish, long firstTokenNanos, long totalNanos) {
            lock.lock();
            try {
                audience.finished(finish, firstTokenNanos, totalNanos);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Ends whatever is under way; what is still told comes to nothing. */
    @Override
    public boolean cancel() {
        lock.lock();
        try {
            cancelled = true;
            work.ifPresent(Pending::cancel);
            return false;
        } finally {
            lock.unlock();
        }
    }
}
