package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenHistoryTest {
    @Test
    void countsWhatAMapCounts() {
        Random random = new Random(2);
        for (int round = 0; round < 200; round++) {
            int bound = random.nextInt(1, 3000);
            int[] prompt = random.ints(random.nextInt(1, 400), 0, bound).toArray();
            TokenHistory history = new TokenHistory(prompt, true);
            Map<Integer, Integer> expected = new HashMap<>();
            Arrays.stream(prompt).forEach(id -> expected.putIfAbsent(id, 0));
            int generated = random.nextInt(400);
            for (int i = 0; i < generated; i++) {
                int id = random.nextInt(bound);
                history.append(id);
                expected.merge(id, 1, Integer::sum);
            }
            Map<Integer, Integer> counted = new HashMap<>();
            for (int i = 0; i < history.distinct(); i++) {
                assertThat(counted.put(history.distinctId(i), history.generatedCount(i)))
                        .isNull();
            }
            assertThat(counted).isEqualTo(expected);
            assertThat(history.generated()).isEqualTo(generated);
            assertThat(history.length()).isEqualTo(prompt.length + generated);
            assertThat(Arrays.copyOf(history.tokens(), prompt.length)).isEqualTo(prompt);
        }
    }

    @Test
    void countsNothingUnlessAsked() {
        TokenHistory history = new TokenHistory(new int[] {1, 2}, false);
        history.append(3);
        assertThat(history.distinct()).isZero();
        assertThat(history.tokens()).startsWith(1, 2, 3);
    }
}
