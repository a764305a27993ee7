package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.BlockPool;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.TokenRules;
import dev.limbic.model.Kinds;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.FakeTextModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which language model a name means. */
class CatalogTest {
    private final MicroBatcher device = new MicroBatcher("fake", Runnable::run, BatchObserver.NONE, () -> {});

    private ServedLanguage speaker(String name) {
        FakeLanguageModel model = new FakeLanguageModel(name);
        Scheduler scheduler = new Scheduler(
                new Scheduler.Limits(257, 256, 1, 1, 1),
                new BlockPool(4, 16),
                model,
                TokenRules.NONE,
                Runnable::run,
                System::nanoTime);
        return model.on(device, scheduler);
    }

    private Served reader(String name) {
        return new FakeTextModel(name).on(device, new BatchPolicy(1, 1, 1, Duration.ZERO));
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void aNameMeansItsModelAndNoneTheDefaultOneOfTheKind() {
        Catalog catalog = new Catalog(List.of(reader("r"), speaker("b"), speaker("a"), reader("s")), Set.of("a"));
        assertThat(catalog.language("b").name()).isEqualTo("b");
        assertThat(catalog.language("").name()).isEqualTo("a");
        assertThat(catalog.named(Kinds.TEXT, "").name()).isEqualTo("r");
        assertThat(catalog.named(Kinds.TEXT, "s").name()).isEqualTo("s");
        assertThat(catalog.cards()).extracting(card -> card.name()).containsExactly("r", "b", "a", "s");
        assertThat(catalog.cards())
                .filteredOn(catalog::isDefault)
                .extracting(card -> card.name())
                .containsExactly("r", "a");
        assertThat(catalog.has(Kinds.TEXT)).isTrue();
        assertThat(catalog.nameOr(List.of(Kinds.LANGUAGE), "", "?")).isEqualTo("a");
        assertThat(catalog.nameOr(List.of(Kinds.LANGUAGE), "b", "?")).isEqualTo("b");
        assertThat(catalog.nameOr(List.of(Kinds.LANGUAGE), "r", "?")).isEqualTo("?");
        assertThatThrownBy(() -> catalog.language("c"))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessageContaining("b, a");
    }

    @Test
    void aModelOfAnotherKindIsNotMeant() {
        Catalog catalog = new Catalog(List.of(reader("r"), speaker("a")), Set.of());
        assertThatThrownBy(() -> catalog.named(Kinds.TEXT, "a"))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessage("no text model of that name; this server has r");
        assertThatThrownBy(() -> catalog.language("r"))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessageContaining("this server has a");
    }

    @Test
    void withoutModelsOfAKindTheConfigurationIsNamed() {
        Catalog none = new Catalog(List.of(reader("r")), Set.of());
        assertThat(none.has(Kinds.LANGUAGE)).isFalse();
        for (String name : List.of("", "c", "r")) {
            assertThatThrownBy(() -> none.language(name))
                    .isInstanceOf(LimbicException.NotFound.class)
                    .hasMessage("this server has no language model; see models in its configuration");
        }
    }

    @Test
    void namesAreUniqueAndSoIsAKindsDefaultModel() {
        assertThatThrownBy(() -> new Catalog(List.of(reader("a"), speaker("a")), Set.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two models are called a");
        assertThatThrownBy(() -> new Catalog(List.of(reader("a"), reader("b")), Set.of("a", "b")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("models 'a' and 'b' are both the default one of kind text");
    }
}
