package dev.limbic.server.runtime;

import dev.limbic.model.BatchKind;
import dev.limbic.model.Kind;
import dev.limbic.model.Loaded;
import dev.limbic.model.ModelRegistry.Typed;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.Pace;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A device and the models that live on it. When the device is lost, {@link #rebuild} opens it again and loads the models
 * anew behind the same {@link #residents}. Opening, {@link #rebuild}, {@link #close} and what models compute belong to one
 * thread at a time, the device's owner.
 */
public final class Host implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Host.class.getName());

    private final @Nullable Supplier<Device> opener;
    private final List<Function<Device, Typed<?>>> loaders;
    private final List<Resident<?>> residents = new ArrayList<>();
    private volatile List<Typed<?>> loaded = List.of();
    private @Nullable Device device;

    /**
     * Loads the models.
     *
     * @param opened the device, closed if a model cannot be loaded
     * @param opener opens it again
     * @param loaders one for each model
     */
    Host(Device opened, Supplier<Device> opener, List<Function<Device, Typed<?>>> loaders) {
        this.opener = opener;
        this.loaders = List.copyOf(loaders);
        load(opened);
        reside();
    }

    private Host(List<Typed<?>> models) {
        this.opener = null;
        this.loaders = List.of();
        this.loaded = List.copyOf(models);
        reside();
    }

    /** Models whose device cannot be opened again. */
    public static Host of(List<Typed<?>> models) {
        return new Host(models);
    }

    private void reside() {
        for (int i = 0; i < loaded.size(); i++) {
            residents.add(resident(loaded.get(i), i));
        }
    }

    @SuppressWarnings("unchecked") // a place is always loaded with a model of the same kind
    private <M extends Loaded> Resident<M> resident(Typed<M> first, int place) {
        Pace pace = new Pace(
                first.kind() instanceof BatchKind<?, ?, ?, ?> batches
                        ? batches.unit().scale()
                        : 1);
        return new Resident<>(
                first.kind(), first.model().card(), () -> (M) loaded.get(place).model(), pace);
    }

    private void load(Device opened) {
        List<Typed<?>> models = new ArrayList<>();
        try {
            for (Function<Device, Typed<?>> loader : loaders) {
                models.add(loader.apply(opened));
            }
        } catch (RuntimeException | Error failure) {
            models.forEach(each -> each.model().close());
            opened.close();
            throw failure;
        }
        device = opened;
        loaded = List.copyOf(models);
    }

    /** Name of the device, such as {@code cpu}. */
    String name() {
        return residents.getFirst().card().device();
    }

    /** Names of everything that lives here. */
    List<String> names() {
        return residents.stream().map(Resident::name).toList();
    }

    /** The models, in the order in which they were loaded; they stay the same when the device is opened again. */
    public List<Resident<?>> residents() {
        return residents;
    }

    /** Those of one kind. */
    public <M extends Loaded> List<Resident<M>> residents(Kind<M> kind) {
        return residents.stream()
                .filter(each -> each.kind() == kind)
                .map(each -> each.as(kind))
                .toList();
    }

    /** Whether {@link #rebuild} can do anything. */
    boolean canRebuild() {
        return opener != null;
    }

    /**
     * Gives back what is left of a lost device, opens it again and loads the models.
     *
     * @throws RuntimeException if that fails; then only {@link #close} may follow
     */
    void rebuild() {
        Supplier<Device> open = opener;
        if (open == null) {
            throw new IllegalStateException("nothing to open again");
        }
        close();
        load(open.get());
    }

    @Override
    public void close() {
        for (Typed<?> each : loaded) {
            close(each.model());
        }
        Device opened = device;
        device = null;
        if (opened != null) {
            close(opened);
        }
    }

    /** A lost device refuses to take anything back; the driver does, when the device is closed. */
    private static void close(AutoCloseable thing) {
        try {
            thing.close();
        } catch (DeviceException lost) {
            LOG.log(System.Logger.Level.DEBUG, "while closing what was lost: {0}", lost.getMessage());
        } catch (Exception e) {
            throw e instanceof RuntimeException known ? known : new IllegalStateException(e);
        }
    }
}
