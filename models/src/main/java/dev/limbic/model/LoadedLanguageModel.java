package dev.limbic.model;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Choice;
import dev.limbic.generate.Step;
import dev.limbic.preprocess.text.TokenVocabulary;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decoder, vocabulary and forms of prompts of one model on one device. */
record LoadedLanguageModel(LanguageCard card, Decoder decoder, TokenVocabulary tokens, ChatPrompts prompts)
        implements LanguageModel {
    @Override
    public int blockTokens() {
        return decoder.blockTokens();
    }

    @Override
    public int blocks() {
        return decoder.blocks();
    }

    @Override
    public Prompt prompt(List<Turn> turns, @Nullable Cue cue) {
        return prompts.of(turns, cue);
    }

    @Override
    public Prompt prompt(String text) {
        return prompts.of(text);
    }

    @Override
    public Map<Integer, Float> biases(Cue cue) {
        return prompts.biases(cue);
    }

    @Override
    public List<List<Integer>> spellings(String word) {
        return prompts.spellings(word);
    }

    @Override
    public List<Choice> run(Step step) {
        return decoder.run(step);
    }

    @Override
    public byte[] of(int id) {
        return tokens.bytes(id);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
