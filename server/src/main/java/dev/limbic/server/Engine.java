package dev.limbic.server;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.domain.LimbicException;
import dev.limbic.model.ModelCard;
import dev.limbic.model.ModelRegistry;
import dev.limbic.model.TextModel;
import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.preprocess.text.TokenizerException;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.weights.WeightsException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Opens devices and loads models: the only place that names a concrete device. */
final class Engine {
    /** How long a model is exercised before it serves, so that first requests meet compiled code and plans. */
    private static final long WARM_UP_NANOS = 400_000_000;

    private Engine() {}

    /**
     * Loads the models, in order. The devices are closed with their last model.
     *
     * @param progress told what is being loaded before each long step
     * @throws LimbicException if a device cannot be opened or a model cannot be loaded; the message says which and why
     */
    static List<TextModel> load(List<ModelConfig> models, Consumer<String> progress) {
        Device device = cpu();
        progress.accept("cpu: " + device.description());
        List<TextModel> loaded = new ArrayList<>();
        int[] open = {models.size()};
        Runnable release = () -> {
            if (--open[0] == 0) {
                device.close();
            }
        };
        try {
            for (ModelConfig model : models) {
                progress.accept("loading " + model.name() + " from " + model.path());
                loaded.add(new Resident(load(model, device), release));
            }
            return loaded;
        } catch (RuntimeException | Error failure) {
            open[0] = -1; // closed here, whatever the models say
            loaded.forEach(TextModel::close);
            device.close();
            throw failure;
        }
    }

    private static Device cpu() {
        try {
            return new CpuDevice(Runtime.getRuntime().availableProcessors());
        } catch (UnsatisfiedLinkError missing) {
            throw new LimbicException.Internal(
                    "the CPU engine has no oneDNN natives for " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch") + "; it runs on Linux x86-64",
                    missing);
        }
    }

    private static TextModel load(ModelConfig model, Device device) {
        if (model.device() == DeviceChoice.CUDA) {
            throw new LimbicException.Invalid("model '" + model.name()
                    + "' asks for device cuda, which this version does not have; use cpu or auto");
        }
        Precision precision = precision(model.precision());
        if (precision != null && !device.supports(precision)) {
            throw new LimbicException.Invalid("model '" + model.name() + "' asks for precision "
                    + model.precision().name().toLowerCase(java.util.Locale.ROOT)
                    + ", for which this processor has no instructions; use auto or f32");
        }
        try {
            return ModelRegistry.load(model.path(), model.name(), device, precision);
        } catch (WeightsException | TokenizerException e) {
            throw new LimbicException.Invalid("model '" + model.name() + "' cannot be loaded: " + e.getMessage());
        }
    }

    private static @Nullable Precision precision(PrecisionChoice choice) {
        return switch (choice) {
            case AUTO -> null;
            case F32 -> Precision.F32;
            case BF16 -> Precision.BF16;
            case INT8 -> Precision.INT8;
        };
    }

    /** Runs batches of growing size through each model for a moment. */
    static void warmUp(List<TextModel> models) {
        for (TextModel model : models) {
            Encoding text = model.encode("I can't believe we won, this is the best day of my life!");
            long end = System.nanoTime() + WARM_UP_NANOS;
            for (int round = 0; System.nanoTime() < end; round++) {
                model.interpret(model.logits(java.util.Collections.nCopies(1 << (round % 7), text))[0]);
            }
        }
    }

    /** A model that tells its device when it leaves. */
    private record Resident(TextModel model, Runnable left) implements TextModel {
        @Override
        public ModelCard card() {
            return model.card();
        }

        @Override
        public Encoding encode(String text) {
            return model.encode(text);
        }

        @Override
        public float[][] logits(List<Encoding> batch) {
            return model.logits(batch);
        }

        @Override
        public Emotions interpret(float[] logits) {
            return model.interpret(logits);
        }

        @Override
        public void close() {
            model.close();
            left.run();
        }
    }
}
