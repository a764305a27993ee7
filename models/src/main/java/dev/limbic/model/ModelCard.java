package dev.limbic.model;

import java.util.List;

/**
 * What a client needs to know of a loaded model.
 *
 * @param name name it is served under
 * @param architecture as in config.json, such as {@code BertForSequenceClassification}
 * @param labels in id order, [L]
 * @param multiLabel sigmoid per label if true, softmax over labels or the numbers of a regression if not
 * @param taxonomy name of the mapping to canonical emotions or affect, or "none"
 * @param maxTokens longest input in tokens, special tokens included; longer text is truncated
 * @param parameters number of weights
 * @param precision such as {@code f32}, {@code bf16}, {@code int8}
 * @param device such as {@code cpu}
 */
public record ModelCard(
        String name,
        String architecture,
        List<String> labels,
        boolean multiLabel,
        String taxonomy,
        int maxTokens,
        long parameters,
        String precision,
        String device) {}
