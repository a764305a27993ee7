package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a listener heard. */
final class Heard implements TokenListener {
    final List<GeneratedToken> tokens = new ArrayList<>();
    private @Nullable Finish finish;
    private Runnable onToken = () -> {};

    Heard onToken(Runnable action) {
        onToken = action;
        return this;
    }

    @Override
    public void token(GeneratedToken token) {
        assertThat(finish).as("no token after the end").isNull();
        tokens.add(token);
        onToken.run();
    }

    @Override
    public void finished(Finish end) {
        assertThat(finish).as("one end").isNull();
        finish = end;
        assertThat(end.usage().newTokens()).isEqualTo(tokens.size());
        assertThat(end.failure() == null).isEqualTo(end.reason() != FinishReason.FAILED);
    }

    boolean isFinished() {
        return finish != null;
    }

    Finish finish() {
        return Objects.requireNonNull(finish);
    }

    FinishReason reason() {
        return finish().reason();
    }

    List<Integer> ids() {
        return tokens.stream().map(GeneratedToken::id).toList();
    }

    String text() {
        StringBuilder text = new StringBuilder();
        tokens.forEach(token -> text.append(token.text()));
        return text.append(finish == null ? "" : finish.text()).toString();
    }

    /** What must not depend on what else is in the batch. */
    List<Object> story() {
        return List.of(tokens, reason(), finish().text());
    }
}
