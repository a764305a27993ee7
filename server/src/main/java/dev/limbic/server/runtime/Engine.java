package dev.limbic.server.runtime;

import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.model.Kind;
import dev.limbic.model.Loading;
import dev.limbic.model.ModelRegistry;
import dev.limbic.model.ModelRegistry.Typed;
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
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import dev.limbic.weights.WeightsException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
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
        this.cuda = () -> cuda(settings);
        this.progress = progress;
    }

    /**
     * Loads the models, each on its device.
     *
     * @return a host per device that is used
     * @throws LimbicException if a device cannot be opened or a model cannot be loaded; the message says which and why
     */
    public List<Host> load(List<ModelConfig> all) {
        if (all.stream().anyMatch(model -> model.device() != DeviceChoice.CUDA)) {
            CpuDevice.loadAhead();
        }
        requireOneDefault(all);
        Device chip = openCuda(all);
        List<Host> hosts = new ArrayList<>();
        try {
            List<ModelConfig> onCpu = new ArrayList<>();
            List<ModelConfig> onCuda = new ArrayList<>();
            for (ModelConfig model : all) {
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

    /** Two of one kind would leave it to chance which one answers. */
    private static void requireOneDefault(List<ModelConfig> models) {
        Map<Kind<?>, String> found = new HashMap<>();
        for (ModelConfig model : models) {
            if (model.isDefault()) {
                Kind<?> kind = kindOf(model);
                String other = found.put(kind, model.name());
                if (other != null) {
                    throw new LimbicException.Invalid("models '%s' and '%s' are both the default one of kind %s"
                            .formatted(other, model.name(), kind.name()));
                }
            }
        }
    }

    /**
     * Models of one kind, as their folders say.
     *
     * @throws LimbicException if a folder does not say what it is
     */
    public static List<ModelConfig> ofKind(Kind<?> kind, List<ModelConfig> models) {
        return models.stream().filter(model -> kindOf(model) == kind).toList();
    }

    private static Kind<?> kindOf(ModelConfig model) {
        try {
            return ModelRegistry.kind(model.path());
        } catch (WeightsException e) {
            throw cannotLoad(model, e);
        }
    }

    private static LimbicException.Invalid cannotLoad(ModelConfig model, RuntimeException why) {
        return new LimbicException.Invalid("model '" + model.name() + "' cannot be loaded: " + why.getMessage());
    }

    /** Loads one model. */
    public Host load(ModelConfig model) {
        return load(List.of(model)).getFirst();
    }

    /** The chip if any model may use it; null if none may or, where the choice is ours, it cannot be opened. */
    private @Nullable Device openCuda(List<ModelConfig> models) {
        if (models.stream().allMatch(model -> model.device() == DeviceChoice.CPU)) {
            return null;
        }
        try {
            return cuda.get();
        } catch (DeviceException failure) {
            for (ModelConfig model : models) {
                if (model.device() == DeviceChoice.CUDA) {
                    throw new LimbicException.Invalid("model '" + model.name() + "' asks for device cuda: "
                            + failure.getMessage() + "; see limbic doctor, or use auto or cpu");
                }
            }
            progress.accept("no CUDA device, so models run on the cpu (limbic doctor says why)");
            return null;
        }
    }

    private static boolean computes(Device chip, ModelConfig model) {
        Precision precision = precision(model.precision());
        boolean computes = precision == null || chip.supports(precision);
        if (!computes && model.device() == DeviceChoice.CUDA) {
            throw unsupported(chip, model);
        }
        return computes;
    }

    private Host host(Device opened, Supplier<Device> opener, List<ModelConfig> models) {
        progress.accept(opened.name() + ": " + opened.description());
        List<Function<Device, Typed<?>>> loaders = new ArrayList<>();
        for (ModelConfig model : models) {
            StreamSlots slots =
                    new StreamSlots(model.slots()); // streams keep their places when the device is opened again
            loaders.add(device -> loaded(model, device, slots));
        }
        return new Host(opened, opener, loaders);
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

    private Typed<?> loaded(ModelConfig model, Device device, StreamSlots slots) {
        progress.accept("loading " + model.name() + " from " + model.path());
        Precision precision = precision(model.precision());
        if (precision != null && !device.supports(precision)) {
            throw unsupported(device, model);
        }
        try {
            return ModelRegistry.load(
                    new Loading(model.path(), model.name(), device, precision, model.cacheBytes(), slots));
        } catch (DeviceException e) {
            throw new LimbicException.Invalid("model '" + model.name() + "' cannot be loaded onto device "
                    + device.name() + ": " + e.getMessage() + "; use device cpu");
        } catch (WeightsException | TokenizerException | IllegalArgumentException e) {
            throw cannotLoad(model, e);
        }
    }

    private static LimbicException.Invalid unsupported(Device device, ModelConfig model) {
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
