package dev.limbic.server.wire;

import dev.limbic.model.ClassifierCard;
import dev.limbic.model.FinderCard;
import dev.limbic.model.LanguageCard;
import dev.limbic.model.ModelCard;
import dev.limbic.server.pipeline.Catalog;
import dev.limbic.v1.Classifier;
import dev.limbic.v1.Finder;
import dev.limbic.v1.ListModelsResponse;
import dev.limbic.v1.Model;
import dev.limbic.v1.PictureSize;
import dev.limbic.v1.Writer;
import java.util.List;

/** Words of the domain to messages of model.proto. */
final class ModelCodec {
    private ModelCodec() {}

    /** @param strategies names of what may answer a feeling */
    static ListModelsResponse list(Catalog catalog, WireSettings settings, List<String> strategies) {
        ListModelsResponse.Builder response = ListModelsResponse.newBuilder()
                .setLimits(CommonCodec.limits(settings))
                .addAllStrategies(strategies);
        for (ModelCard card : catalog.cards()) {
            response.addModels(model(card, catalog.isDefault(card)));
        }
        return response.build();
    }

    private static Model model(ModelCard card, boolean isDefault) {
        Model.Builder model = Model.newBuilder()
                .setName(card.name())
                .setKind(card.kind())
                .setArchitecture(card.architecture())
                .setParameters(card.parameters())
                .setPrecision(card.precision())
                .setDevice(card.device())
                .setIsDefault(isDefault);
        return switch (card) {
            case ClassifierCard classifier ->
                model.setClassifier(classifier(classifier)).build();
            case FinderCard finder ->
                model.setFinder(Finder.newBuilder().setSize(finder.size())).build();
            case LanguageCard language -> model.setWriter(writer(language)).build();
        };
    }

    private static Classifier classifier(ClassifierCard card) {
        Classifier.Builder classifier = Classifier.newBuilder()
                .addAllLabels(card.labels())
                .setMultiLabel(card.multiLabel())
                .setTaxonomy(card.taxonomy());
        return switch (card.takes()) {
            case ClassifierCard.Tokens tokens ->
                classifier.setMaxTokens(tokens.most()).build();
            case ClassifierCard.Picture picture ->
                classifier
                        .setPictureSize(PictureSize.newBuilder()
                                .setWidth(picture.width())
                                .setHeight(picture.height()))
                        .build();
        };
    }

    private static Writer writer(LanguageCard card) {
        return Writer.newBuilder()
                .setMaxTokens(card.maxTokens())
                .setVocabulary(card.vocabulary())
                .addAllControls(card.controls().stream().sorted().toList())
                .setCacheTokens(card.cacheTokens())
                .build();
    }
}
