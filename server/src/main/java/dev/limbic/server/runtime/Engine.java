package dev.limbic.server.runtime;

import dev.limbic.domain.LimbicException;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.LanguageRegistry;
import dev.limbic.model.ModelRegistry;
import dev.limbic.model.TextModel;
import dev.limbic.natives.NativeFolderException;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Precision;
import dev.limbic.ops.cpu.CpuDevice;
import dev.limbic.ops.cuda.CudaDevice;
import dev.limbic.ops.cuda.CudaSettings;
import dev.limbic.preprocess.text.TokenizerException;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.LanguageConfig;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.weights.WeightsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Opens devices and loads models: the only place that names a concrete device. */
public final class Engine {
    private final Supplier<Device> cuda;
    private final Consumer<String> progress;

    /**
     * @param settings of the CUDA device, if one is opened
     * @param progress told what is being done before each long step
     */
    public Engine(ServerConfig.Cuda settings, Consumer<String> progress) {
        this.cuda =
                () -> new CudaDevice(new CudaSettings(settings.ordinal(), settings.kernelCache(), settings.graphs()));
        this.progress = progress;
    }

    /**
     * Loads the models, each on its device.
     *
     * @return a host per device that is used
     * @throws LimbicException if a device cannot be opened or a model cannot be loaded; the message says which and why
     */
    public List<Host> load(List<ModelConfig> models, List<LanguageConfig> languages) {
        List<Wanted> all = Stream.concat(
                        models.stream().map(model -> Wanted.of(model)),
                        languages.stream().map(model -> Wanted.of(model)))
                .toList();
        Device chip = openCuda(all);
        List<Host> hosts = new ArrayList<>();
        try {
            List<Wanted> onCpu = new ArrayList<>();
            List<Wanted> onCuda = new ArrayList<>();
            for (Wanted model : all) {
                boolean fits = chip != null && model.device() != DeviceChoice.CPU && computes(chip, model);
                (fits ? onCuda : onCpu).add(model);
            }
            if (chip != null && !onCuda.isEmpty()) {
                Device opened = chip;
                chip = null; // the host closes it, whatever happens
                hosts.add(host(opened, cuda, onCuda));
            }
            if (!onCpu.isEmpty()) {
                hosts.add(host(cpu(), Engine::cpu, onCpu));
            }
            return hosts;
        } catch (RuntimeException | Error failure) {
            hosts.forEach(Host::close);
            throw failure;
        } finally {
            if (chip != null) {
                chip.close(); // nothing runs on it
            }
        }
    }

    /** Loads one model. */
    public Host load(ModelConfig model) {
        return load(List.of(model), List.of()).getFirst();
    }

    /** The chip if any model may use it; null if none may or, where the choice is ours, it cannot be opened. */
    private @Nullable Device openCuda(List<Wanted> models) {
        if (models.stream().allMatch(model -> model.device() == DeviceChoice.CPU)) {
            return null;
        }
        try {
            return cuda.get();
        } catch (DeviceException failure) {
            for (Wanted model : models) {
                if (model.device() == DeviceChoice.CUDA) {
                    throw new LimbicException.Invalid("model '" + model.name() + "' asks for device cuda: "
                            + failure.getMessage() + "; see limbic doctor, or use auto or cpu");
                }
            }
            progress.accept("no CUDA device, so models run on the cpu (limbic doctor says why)");
            return null;
        }
    }

    private static boolean computes(Device chip, Wanted model) {
        Precision precision = precision(model.precision());
        boolean computes = precision == null || chip.supports(precision);
        if (!computes && model.device() == DeviceChoice.CUDA) {
            throw unsupported(chip, model);
        }
        return computes;
    }

    private Host host(Device opened, Supplier<Device> opener, List<Wanted> models) {
        progress.accept(opened.name() + ": " + opened.description());
        List<Function<Device, TextModel>> texts = new ArrayList<>();
        List<Function<Device, LanguageModel>> languages = new ArrayList<>();
        for (Wanted model : models) {
            if (model.cacheBytes() == 0) {
                texts.add(device -> loaded(model, device, precision -> {
                    return ModelRegistry.load(model.path(), model.name(), device, precision);
                }));
            } else {
                languages.add(device -> loaded(model, device, precision -> {
                    return LanguageRegistry.load(model.path(), model.name(), device, precision, model.cacheBytes());
                }));
            }
        }
        return new Host(opened, opener, new Host.Loaders(texts, languages));
    }

    /**
     * What both kinds of models ask for.
     *
     * @param cacheBytes of a language model; 0 for others
     */
    private record Wanted(String name, Path path, DeviceChoice device, PrecisionChoice precision, long cacheBytes) {
        static Wanted of(ModelConfig model) {
            return new Wanted(model.name(), model.path(), model.device(), model.precision(), 0);
        }

        static Wanted of(LanguageConfig model) {
            return new Wanted(model.name(), model.path(), model.device(), model.precision(), model.cacheBytes());
        }
    }

    /**
     * Opens a CUDA device.
     *
     * @throws DeviceException that says what is missing
     */
    public static Device cuda(ServerConfig.Cuda settings) {
        return new CudaDevice(new CudaSettings(settings.ordinal(), settings.kernelCache(), settings.graphs()));
    }

    /**
     * Opens the CPU.
     *
     * @throws LimbicException.Invalid if its engine cannot be loaded here
     */
    public static Device cpu() {
        try {
            return new CpuDevice(Runtime.getRuntime().availableProcessors());
        } catch (NativeFolderException nowhere) {
            throw new LimbicException.Invalid(String.valueOf(nowhere.getMessage()));
        } catch (UnsatisfiedLinkError missing) {
            throw new LimbicException.Invalid("oneDNN, the engine of the CPU, cannot be loaded on "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ": " + missing.getMessage()
                    + "; it runs on Linux x86-64");
        }
    }

    private <M> M loaded(Wanted model, Device device, Function<@Nullable Precision, M> loader) {
        progress.accept("loading " + model.name() + " from " + model.path());
        Precision precision = precision(model.precision());
        if (precision != null && !device.supports(precision)) {
            throw unsupported(device, model);
        }
        try {
            return loader.apply(precision);
        } catch (DeviceException e) {
            throw new LimbicException.Invalid("model '" + model.name() + "' cannot be loaded onto device "
                    + device.name() + ": " + e.getMessage() + "; use device cpu");
        } catch (WeightsException | TokenizerException | IllegalArgumentException e) {
            throw new LimbicException.Invalid("model '" + model.name() + "' cannot be loaded: " + e.getMessage());
        }
    }

    private static LimbicException.Invalid unsupported(Device device, Wanted model) {
        return new LimbicException.Invalid("model '" + model.name() + "' asks for precision "
                + model.precision().name().toLowerCase(Locale.ROOT) + ", for which this " + device.name()
                + " has no instructions; use auto or f32");
    }

    private static @Nullable Precision precision(PrecisionChoice choice) {
        return switch (choice) {
            case AUTO -> null;
            case F32 -> Precision.F32;
            case F16 -> Precision.F16;
            case BF16 -> Precision.BF16;
            case INT8 -> Precision.INT8;
        };
    }
}
