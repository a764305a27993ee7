package dev.limbic.server.wire;

import dev.limbic.domain.Cause;
import dev.limbic.domain.LimbicException;
import dev.limbic.server.dialogue.DialogueEvent;
import dev.limbic.server.dialogue.DialogueSettings;
import dev.limbic.server.dialogue.Utterance;
import dev.limbic.server.pipeline.FaceRequest;
import dev.limbic.server.stream.Channel;
import dev.limbic.server.stream.FrameEvent;
import dev.limbic.server.stream.FrameSettings;
import dev.limbic.server.stream.InteractionSettings;
import dev.limbic.server.stream.StreamFrame;
import dev.limbic.v1.FrameFaces;
import dev.limbic.v1.Image;
import dev.limbic.v1.InteractRequest;
import dev.limbic.v1.InteractResponse;
import dev.limbic.v1.InteractSetup;
import io.grpc.Deadline;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Messages of interaction.proto to words of the domain and back. */
final class InteractionCodec {
    private InteractionCodec() {}

    /**
     * What comes back with all that an event causes.
     *
     * @throws LimbicException.Invalid if a name in it is too long
     */
    static Cause cause(InteractRequest request) {
        return new Cause(
                CommonCodec.name("event_id", request.getEventId()),
                request.getClientTimeMicros(),
                CommonCodec.name("subject", request.getSubject()));
    }

    /** {@link #cause} of an event that is refused: without what is too long. */
    static Cause echo(InteractRequest request) {
        return new Cause(
                CommonCodec.echo(request.getEventId()),
                request.getClientTimeMicros(),
                CommonCodec.echo(request.getSubject()));
    }

    /** Why an event is refused that nothing here serves. */
    static LimbicException unserved(InteractRequest.EventCase event) {
        return new LimbicException.Unsupported("event " + event.name().toLowerCase(Locale.ROOT));
    }

    /**
     * @throws LimbicException.Invalid if it makes no sense
     * @throws LimbicException.Unsupported if it asks for a channel that nothing here serves
     */
    static InteractionSettings settings(InteractSetup setup) {
        DialogueSettings dialogue = new DialogueSettings(
                CommonCodec.name("language_model", setup.getLanguageModel()),
                CommonCodec.name("emotion_model", setup.getEmotionModel()),
                setup.getPersona(),
                DialogueCodec.sampling(setup.getSampling()),
                setup.getBargeIn(),
                CommonCodec.priority(setup.getPriority(), setup.getPriorityValue()));
        return new InteractionSettings(dialogue, frames(setup.getFrames()), channels(setup));
    }

    private static FrameSettings frames(dev.limbic.v1.FrameSettings frames) {
        return new FrameSettings(
                CommonCodec.name("frames.model", frames.getModel()),
                CommonCodec.name("frames.finder", frames.getFinder()),
                !frames.getUnsmoothed(),
                frames.getMaxFramesPerSecond());
    }

    private static Set<Channel> channels(InteractSetup setup) {
        if (setup.getChannelsCount() == 0) {
            return EnumSet.allOf(Channel.class);
        }
        Set<Channel> channels = EnumSet.noneOf(Channel.class);
        for (int number : setup.getChannelsValueList()) {
            channels.add(channel(number));
        }
        return channels;
    }

    private static Channel channel(int number) {
        return switch (dev.limbic.v1.Channel.forNumber(number)) {
            case CHANNEL_UNSPECIFIED -> throw new LimbicException.Invalid("one of the channels is not given");
            case CHANNEL_ANALYSIS -> Channel.ANALYSIS;
            case CHANNEL_REPLY -> Channel.REPLY;
            case CHANNEL_FACES -> Channel.FACES;
            case null -> throw new LimbicException.Unsupported("channel " + number);
            case dev.limbic.v1.Channel other ->
                throw new LimbicException.Unsupported(
                        "channel " + other.name().replace("CHANNEL_", "").toLowerCase(Locale.ROOT));
        };
    }

    /** @throws LimbicException.Invalid if it makes no sense */
    static Utterance utterance(Cause cause, dev.limbic.v1.Utterance said, @Nullable Deadline deadline) {
        return new Utterance(
                cause,
                said.getText(),
                !said.getNoReply(),
                said.hasTarget() ? DialogueCodec.cue(said.getTarget()) : null,
                CommonCodec.timeout(said.getTimeoutMillis(), deadline));
    }

    /** @throws LimbicException.Invalid if it makes no sense */
    static StreamFrame frame(Cause cause, Image image, InteractionSettings settings, @Nullable Deadline deadline) {
        FaceRequest asked = MediaCodec.request(
                settings.frames().model(), image, settings.dialogue().priority(), CommonCodec.timeout(0, deadline));
        return new StreamFrame(cause, asked);
    }

    /** What comes back of an event begins with what the client called it. */
    private static InteractResponse.Builder response(Cause cause) {
        return InteractResponse.newBuilder()
                .setEventId(cause.id())
                .setClientTimeMicros(cause.clientMicros())
                .setSubject(cause.subject());
    }

    /** @param failures says how a failure is told */
    static InteractResponse event(FrameEvent event, Function<LimbicException, Failures.Failure> failures) {
        InteractResponse.Builder response = response(event.cause());
        return switch (event) {
            case FrameEvent.Seen seen ->
                response.setFaces(FrameFaces.newBuilder()
                                .setFaces(MediaCodec.faces(seen.reading(), seen.subjects()))
                                .setDropped(seen.dropped()))
                        .build();
            case FrameEvent.Failed failed ->
                response.setError(failures.apply(failed.failure()).inStream()).build();
        };
    }

    /** @param failures says how a failure is told */
    static InteractResponse event(DialogueEvent event, Function<LimbicException, Failures.Failure> failures) {
        InteractResponse.Builder response = response(event.cause());
        return switch (event) {
            case DialogueEvent.Heard heard ->
                response.setAnalysis(AffectCodec.analysis(heard.answer())).build();
            case DialogueEvent.Failed failed ->
                response.setError(failures.apply(failed.failure()).inStream()).build();
            case DialogueEvent.ReplyStarted started ->
                response.setReplyStarted(DialogueCodec.started(started.model(), started.strategy(), started.cue()))
                        .build();
            case DialogueEvent.ReplyToken token ->
                response.setToken(DialogueCodec.token(token.token())).build();
            case DialogueEvent.ReplyEnded ended ->
                response.setReplyFinished(
                                DialogueCodec.finished(ended.finish(), ended.firstTokenNanos(), ended.totalNanos()))
                        .build();
        };
    }
}
