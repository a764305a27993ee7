package dev.limbic.model;

import java.util.List;

/** What a client needs to know of a loaded model, whatever its kind. */
public sealed interface ModelCard permits ClassifierCard, FinderCard, LanguageCard {
    /** Name it is served under. */
    String name();

    /** Name of its {@link Kind}. */
    String kind();

    /** As in config.json, such as {@code BertForSequenceClassification}. */
    String architecture();

    /** Number of weights. */
    long parameters();

    /** Such as {@code f32}, {@code bf16}, {@code int8}. */
    String precision();

    /** Such as {@code cpu}. */
    String device();

    /** Names of its outputs in id order, [L]; empty where they have none. */
    default List<String> labels() {
        return List.of();
    }
}
