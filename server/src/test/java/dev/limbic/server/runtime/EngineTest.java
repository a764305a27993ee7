package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.domain.Frame;
import dev.limbic.domain.FrameEmotions;
import dev.limbic.domain.LimbicException;
import dev.limbic.domain.StreamSlots;
import dev.limbic.model.FrameLogits;
import dev.limbic.model.Kinds;
import dev.limbic.model.Model;
import dev.limbic.model.PreparedFrame;
import dev.limbic.server.config.ServerConfig;
import dev.limbic.server.config.ServerConfig.DeviceChoice;
import dev.limbic.server.config.ServerConfig.ModelConfig;
import dev.limbic.server.config.ServerConfig.PrecisionChoice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineTest {
    private static ModelConfig model(String name, boolean isDefault) {
        return new ModelConfig(
                name, Path.of("../models/starter", name), DeviceChoice.CPU, PrecisionChoice.F32, 1 << 20, isDefault);
    }

    @Test
    void twoDefaultModelsOfOneKindAreRefusedBeforeAnythingIsLoaded() {
        List<String> progress = new ArrayList<>();
        Engine engine = new Engine(new ServerConfig.Cuda(0, Path.of("target/kernels"), true), progress::add);
        assertThatThrownBy(() -> engine.load(List.of(model("emotion-lstm", true), model("emotion-bert", true))))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessage("models 'emotion-lstm' and 'emotion-bert' are both the default one of kind text");
        assertThat(progress).isEmpty();
    }

    @Test
    void theKindOfAModelStandsInItsFolder() {
        List<ModelConfig> all = List.of(model("emotion-lstm", false), model("dialogue-gpt", false));
        assertThat(Engine.ofKind(Kinds.TEXT, all)).extracting(ModelConfig::name).containsExactly("emotion-lstm");
        assertThat(Engine.ofKind(Kinds.LANGUAGE, all))
                .extracting(ModelConfig::name)
                .containsExactly("dialogue-gpt");
        List<ModelConfig> lost = List.of(model("nowhere", false));
        assertThatThrownBy(() -> Engine.ofKind(Kinds.TEXT, lost))
                .isInstanceOf(LimbicException.Invalid.class)
                .hasMessageContaining("model 'nowhere' cannot be loaded")
                .hasMessageContaining("expected a model folder, found nothing");
    }

    @Test
    void streamsKeepTheirPlacesWhenTheDeviceIsOpenedAgainAndLearnThatTheirStateIsGone() {
        Engine engine = new Engine(new ServerConfig.Cuda(0, Path.of("target/kernels"), true), progress -> {});
        try (Host host = engine.load(model("avatar-video", false))) {
            Resident<Model<Frame, PreparedFrame, FrameLogits, FrameEmotions>> video =
                    host.residents(Kinds.VIDEO).getFirst();
            StreamSlots slots = video.model().slots().orElseThrow();
            Frame frame = new Frame(Kinds.VIDEO.samples().getFirst().source(), slots.open());
            assertThat(List.of(isReset(video, frame), isReset(video, frame))).containsExactly(false, false);
            host.rebuild();
            assertThat(video.model().slots()).containsSame(slots);
            assertThat(List.of(isReset(video, frame), isReset(video, frame))).containsExactly(true, false);
        }
    }

    private static boolean isReset(
            Resident<Model<Frame, PreparedFrame, FrameLogits, FrameEmotions>> video, Frame frame) {
        Model<Frame, PreparedFrame, FrameLogits, FrameEmotions> model = video.model();
        FrameLogits logits = model.run(List.of(model.prepare(frame))).getFirst();
        return model.interpret(logits).stateReset();
    }
}
