package dev.limbic.model;

import dev.limbic.domain.Cue;
import dev.limbic.domain.Turn;
import dev.limbic.generate.Choice;
import dev.limbic.generate.Step;
import dev.limbic.generate.StepRunner;
import dev.limbic.generate.TokenBytes;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A language model loaded on a device with its cache of keys and values.
 *
 * <p>{@link #run} and {@link #close} belong to the thread that owns the device; everything else may be called from any
 * thread.
 */
public interface LanguageModel extends Loaded, StepRunner, TokenBytes {
    /**
     * What a reply continues.
     *
     * @param ids token ids with special tokens, [T]
     * @param sharedTokens how many of the first tokens stand for the persona, which other prompts may begin with too
     * @param stopStrings texts that end the reply because the form of the prompt has no token for that; often none
     */
    record Prompt(int[] ids, int sharedTokens, List<String> stopStrings) {}

    @Override
    LanguageCard card();

    /** Tokens in a block of the cache. */
    int blockTokens();

    /** Blocks of the cache. */
    int blocks();

    /**
     * The prompt for the next turn of the character: in the model's own form of a conversation, or as a transcript.
     * What a person says can hold no control token, however it is spelt.
     *
     * @param turns the conversation, oldest first; at most the first one is the system's
     * @param cue how the reply shall sound, or null
     * @throws dev.limbic.domain.LimbicException.Invalid if the model's form does not allow such a conversation
     */
    Prompt prompt(List<Turn> turns, @Nullable Cue cue);

    /** The prompt that is just this text, special tokens as the tokeniser adds them. */
    Prompt prompt(String text);

    /** What is added to logits, by token id, so that the reply sounds like the cue; empty at intensity 0. */
    Map<Integer, Float> biases(Cue cue);

    /** Token sequences that write this word, at the beginning of a text and after a space. */
    List<List<Integer>> spellings(String word);

    /** Runs a step. */
    @Override
    List<Choice> run(Step step);

    /** UTF-8 of a token. */
    @Override
    byte[] of(int id);

    /** Gives weights and cache back to the device. */
    @Override
    void close();
}
