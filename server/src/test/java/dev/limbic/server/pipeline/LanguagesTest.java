package dev.limbic.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.LimbicException;
import dev.limbic.generate.BlockPool;
import dev.limbic.generate.Scheduler;
import dev.limbic.generate.TokenRules;
import dev.limbic.server.FakeLanguageModel;
import dev.limbic.server.batch.BatchObserver;
import dev.limbic.server.batch.BatchPolicy;
import dev.limbic.server.batch.MicroBatcher;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which language model a name means. */
class LanguagesTest {
    private final MicroBatcher device = new MicroBatcher(
            "fake", new BatchPolicy(1, 1, 1, Duration.ZERO), Runnable::run, BatchObserver.NONE, () -> {});

    private Languages.Served served(String name) {
        FakeLanguageModel model = new FakeLanguageModel(name);
        Scheduler scheduler = new Scheduler(
                new Scheduler.Limits(257, 256, 1, 1, 1),
                new BlockPool(4, 16),
                model,
                TokenRules.NONE,
                Runnable::run,
                System::nanoTime);
        return new Languages.Served(model, scheduler, device);
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void aNameMeansItsModelAndNoneTheDefaultOne() {
        Languages languages = new Languages(List.of(served("b"), served("a")), "a");
        assertThat(languages.named("b").name()).isEqualTo("b");
        assertThat(languages.named("").name()).isEqualTo("a");
        assertThat(languages.defaultName()).isEqualTo("a");
        assertThat(languages.contains("a")).isTrue();
        assertThat(languages.contains("")).isFalse();
        assertThat(languages.cards()).extracting(card -> card.name()).containsExactly("b", "a");
        assertThatThrownBy(() -> languages.named("c"))
                .isInstanceOf(LimbicException.NotFound.class)
                .hasMessageContaining("b, a");
    }

    @Test
    void withoutModelsTheConfigurationIsNamed() {
        Languages none = new Languages(List.of(), "");
        assertThat(none.isEmpty()).isTrue();
        for (String name : List.of("", "c")) {
            assertThatThrownBy(() -> none.named(name))
                    .isInstanceOf(LimbicException.NotFound.class)
                    .hasMessageContaining("language-models");
        }
    }
}
