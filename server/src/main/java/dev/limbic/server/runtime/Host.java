package dev.limbic.server.runtime;

import dev.limbic.domain.Emotions;
import dev.limbic.domain.Encoding;
import dev.limbic.model.LanguageModel;
import dev.limbic.model.ModelCard;
import dev.limbic.model.TextModel;
import dev.limbic.ops.Device;
import dev.limbic.ops.DeviceException;
import dev.limbic.server.batch.Pace;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A device and the models that live on it. When the device is lost, {@link #rebuild} opens it again and loads the models
 * anew behind the same {@link #models}. Opening, {@link #rebuild}, {@link #close} and the models' logits belong to one
 * thread at a time, the device's owner.
 */
public final class Host implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Host.class.getName());

    private final @Nullable Supplier<Device> opener;
    private final Loaders loaders;
    private final List<TextModel> residents = new ArrayList<>();
    private final IdentityHashMap<TextModel, Pace> paces = new IdentityHashMap<>();
    private final List<LanguageModel> residentLanguages = new ArrayList<>();
    private volatile List<TextModel> loaded;
    private volatile List<LanguageModel> languages = List.of();
    private @Nullable Device device;

    /** What loads the models that live on a device, one each. */
    record Loaders(List<Function<Device, TextModel>> texts, List<Function<Device, LanguageModel>> languages) {
        Loaders {
            texts = List.copyOf(texts);
            languages = List.copyOf(languages);
        }
    }

    /**
     * Loads the models.
     *
     * @param opened the device, closed if a model cannot be loaded
     * @param opener opens it again
     */
    Host(Device opened, Supplier<Device> opener, Loaders loaders) {
        this.opener = opener;
        this.loaders = loaders;
        this.loaded = List.of();
        load(opened);
        reside();
    }

    private Host(List<TextModel> models, List<LanguageModel> languages) {
        this.opener = null;
        this.loaders = new Loaders(List.of(), List.of());
        this.loaded = List.copyOf(models);
        this.languages = List.copyOf(languages);
        reside();
    }

    /** Models whose device cannot be opened again. */
    public static Host of(TextModel... models) {
        return new Host(List.of(models), List.of());
    }

    /** Models whose device cannot be opened again. */
    public static Host of(List<TextModel> models, List<LanguageModel> languages) {
        return new Host(models, languages);
    }

    private void reside() {
        for (int i = 0; i < loaded.size(); i++) {
            TextModel resident = new Resident(loaded.get(i).card(), i);
            residents.add(resident);
            paces.put(resident, new Pace());
        }
        for (int i = 0; i < languages.size(); i++) {
            int place = i;
            residentLanguages.add(new ResidentLanguage(languages.get(i).card(), () -> languages.get(place)));
        }
    }

    private void load(Device opened) {
        List<TextModel> models = new ArrayList<>();
        List<LanguageModel> speaking = new ArrayList<>();
        try {
            for (Function<Device, TextModel> loader : loaders.texts()) {
                models.add(loader.apply(opened));
            }
            for (Function<Device, LanguageModel> loader : loaders.languages()) {
                speaking.add(loader.apply(opened));
            }
        } catch (RuntimeException | Error failure) {
            models.forEach(TextModel::close);
            speaking.forEach(LanguageModel::close);
            opened.close();
            throw failure;
        }
        device = opened;
        loaded = List.copyOf(models);
        languages = List.copyOf(speaking);
    }

    /** Name of the device, such as {@code cpu}. */
    String name() {
        return residents.isEmpty()
                ? residentLanguages.getFirst().card().device()
                : residents.getFirst().card().device();
    }

    /** The language models, in the order in which they were loaded; they stay the same as {@link #models} do. */
    public List<LanguageModel> languages() {
        return residentLanguages;
    }

    /** Names of everything that lives here. */
    List<String> names() {
        return Stream.concat(
                        residents.stream().map(model -> model.card().name()),
                        residentLanguages.stream().map(model -> model.card().name()))
                .toList();
    }

    /** The models, in the order in which they were loaded; they stay the same when the device is opened again. */
    public List<TextModel> models() {
        return residents;
    }

    /** How long batches of one of the {@link #models} take, as far as anyone has found out. */
    Pace pace(TextModel model) {
        return Objects.requireNonNull(paces.get(model), "a model of another host");
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
        for (TextModel model : loaded) {
            close(model);
        }
        for (LanguageModel model : languages) {
            close(model);
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

    /** The model at a place, whichever the last loading put there. */
    private final class Resident implements TextModel {
        private final ModelCard card;
        private final int place;

        Resident(ModelCard card, int place) {
            this.card = card;
            this.place = place;
        }

        @Override
        public ModelCard card() {
            return card;
        }

        @Override
        public Encoding encode(String text) {
            return loaded.get(place).encode(text);
        }

        @Override
        public float[][] logits(List<Encoding> batch) {
            return loaded.get(place).logits(batch);
        }

        @Override
        public Emotions interpret(float[] logits) {
            return loaded.get(place).interpret(logits);
        }

        /** Models leave with their host. */
        @Override
        public void close() {}
    }
}
