package dev.limbic.server.runtime;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Choice;
import dev.limbic.generate.Step;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.LanguageModel;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A language model of a host, whichever the last loading put there.
 *
 * @param card stays the same
 * @param loaded the model as it is now
 */
record ResidentLanguage(LanguageCard card, Supplier<LanguageModel> loaded) implements LanguageModel {
    @Override
    public int blockTokens() {
        return loaded.get().blockTokens();
    }

    @Override
    public int blocks() {
        return loaded.get().blocks();
    }

    @Override
    public Prompt prompt(List<Turn> turns, @Nullable Cue cue) {
        return loaded.get().prompt(turns, cue);
    }

    @Override
    public Prompt prompt(String text) {
        return loaded.get().prompt(text);
    }

    @Override
    public Map<Integer, Float> biases(Cue cue) {
        return loaded.get().biases(cue);
    }

    @Override
    public List<List<Integer>> spellings(String word) {
        return loaded.get().spellings(word);
    }

    @Override
    public List<Choice> run(Step step) {
        return loaded.get().run(step);
    }

    @Override
    public byte[] of(int id) {
        return loaded.get().of(id);
    }

    /** Models leave with their host. */
    @Override
    public void close() {}
}
