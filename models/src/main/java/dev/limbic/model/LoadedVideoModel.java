package dev.limbic.model;

import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.StreamSlots;
import dev.limbic.ops.Device;
import dev.limbic.ops.Ops;
import dev.limbic.ops.RecurrentOps.State;
import dev.limbic.ops.Sequences;
import dev.limbic.ops.StatePool;
import dev.limbic.ops.Weights;
import dev.limbic.postprocess.Head;
import dev.limbic.preprocess.image.ImageProcessor;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Processor, network and head of one model on one device, and what its streams keep there. What a frame leaves is stored at the
 * end of its batch: a batch that fails before that leaves everything as it was.
 *
 * @param pictures through {@link VideoClassifier#frames}
 * @param states of the streams in {@code streams}
 */
record LoadedVideoModel(
        ClassifierCard card,
        ImageProcessor processor,
        Pictures pictures,
        VideoClassifier network,
        Head head,
        Device device,
        Weights weights,
        StreamSlots streams,
        StatePool states)
        implements Model<Frame, PreparedFrame, FrameLogits, FrameEmotions> {
    @Override
    public PreparedFrame prepare(Frame frame) {
        if (frame.stream() != null && !frame.stream().isOf(streams)) {
            throw new IllegalArgumentException("a stream of model " + card.name() + " expected, found one of another");
        }
        return new PreparedFrame(processor.prepare(frame.source()), frame.stream());
    }

    @Override
    public int expectedCost(Frame frame) {
        return pictures.input().size().height() * pictures.input().size().width();
    }

    @Override
    public boolean isQuick(Frame frame) {
        return false;
    }

    @Override
    public Optional<StreamSlots> slots() {
        return Optional.of(streams);
    }

    @Override
    public List<FrameLogits> run(List<PreparedFrame> rows) {
        return run(rows, PictureNetwork.Tap.NONE);
    }

    /** {@link #run(List)} with an observer of the layers before the features, and of the features, in layer -1. */
    List<FrameLogits> run(List<PreparedFrame> rows, PictureNetwork.Tap tap) {
        Clips clips = Clips.of(rows, states);
        device.beginBatch();
        Ops ops = device.ops();
        List<PreparedFrame> frames = clips.inOrder(rows);
        Tensor features = pictures.run(
                device, frames.stream().map(PreparedFrame::picture).toList(), tap, (_, seen) -> seen); // [T, F]
        Sequences sequences = Sequences.on(device, clips.bounds());
        List<State> after = new ArrayList<>();
        Tensor logits = network.forward(ops, features, sequences, network.read(states, clips.from()), after); // [T, L]
        clips.overwriting();
        network.write(states, clips.into(), after);
        List<float[]> answers = HostRows.of(device.download(logits), logits.columns(), rows.size());
        clips.written(states);
        return clips.results(answers);
    }

    @Override
    public FrameEmotions interpret(FrameLogits result) {
        return new FrameEmotions(head.interpret(result.logits()), result.stateReset());
    }

    @Override
    public void close() {
        try {
            states.close();
        } finally {
            weights.close();
        }
    }
}
