package dev.limbic.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextStreamTest {
    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> pieces(List<byte[]> tokens, List<String> stops) {
        TextStream stream = new TextStream(tokens::get, stops);
        List<String> pieces = new ArrayList<>();
        for (int i = 0; i < tokens.size() && !stream.stopped(); i++) {
            pieces.add(stream.push(i, true));
        }
        pieces.add(stream.flush());
        return pieces;
    }

    private static List<String> texts(List<String> tokens, String... stops) {
        return pieces(tokens.stream().map(TextStreamTest::utf8).toList(), List.of(stops));
    }

    /** Cuts bytes into tokens of one to {@code most} bytes. */
    private static List<byte[]> cut(byte[] bytes, int most, Random random) {
        List<byte[]> tokens = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int end = Math.min(bytes.length, at + random.nextInt(1, most + 1));
            tokens.add(java.util.Arrays.copyOfRange(bytes, at, end));
            at = end;
        }
        return tokens;
    }

    @Test
    void textIsHandedOnAtOnce() {
        assertThat(texts(List.of("Hello", "", " world", "!"))).containsExactly("Hello", "", " world", "!", "");
    }

    @Test
    void aSplitEmojiWaitsForItsLastByte() {
        byte[] emoji = utf8("😀");
        List<byte[]> tokens =
                List.of(utf8("a"), new byte[] {emoji[0]}, new byte[] {emoji[1], emoji[2]}, new byte[] {emoji[3], 'b'});
        assertThat(pieces(tokens, List.of())).containsExactly("a", "", "", "😀b", "");
    }

    @Test
    void whatNeverBecomesACharacterIsReplaced() {
        byte[] emoji = utf8("😀");
        assertThat(pieces(List.of(new byte[] {emoji[0], emoji[1]}), List.of())).containsExactly("", "\uFFFD");
        assertThat(pieces(List.of(new byte[] {emoji[0]}, utf8("x")), List.of())).containsExactly("", "\uFFFDx", "");
        assertThat(pieces(List.of(new byte[] {(byte) 0xFF}), List.of())).containsExactly("\uFFFD", "");
    }

    @Test
    void piecesTogetherAreTheWholeTextForAnyBytes() {
        Random random = new Random(21);
        for (int round = 0; round < 4000; round++) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int i = random.nextInt(12); i >= 0; i--) {
                byte[] part = random.nextInt(3) == 0
                        ? new byte[] {(byte) random.nextInt(256), (byte) random.nextInt(256)}
                        : utf8(List.of("a", "é", "漢", "😀", "👩‍🚀").get(random.nextInt(5)));
                bytes.writeBytes(part);
            }
            byte[] all = bytes.toByteArray();
            List<String> pieces = pieces(cut(all, 4, random), List.of("never"));
            assertThat(String.join("", pieces)).isEqualTo(new String(all, StandardCharsets.UTF_8));
            for (String piece : pieces) {
                assertThat(new String(utf8(piece), StandardCharsets.UTF_8))
                        .as("no half of a character")
                        .isEqualTo(piece);
            }
        }
    }

    @Test
    void aStopStringEndsTheTextBeforeIt() {
        assertThat(texts(List.of("one", " END two"), " END")).containsExactly("one", "", "");
        assertThat(texts(List.of("END"), "END")).containsExactly("", "");
    }

    @Test
    void aStopStringAcrossTokensNeverShowsItsFirstHalf() {
        assertThat(texts(List.of("Hi\n", "Us", "er", ":", "x"), "\nUser:")).containsExactly("Hi", "", "", "", "");
    }

    @Test
    void whatOnlyLookedLikeAStopStringFollowsLater() {
        assertThat(texts(List.of("Hi\n", "Us", "ual"), "\nUser:")).containsExactly("Hi", "", "\nUsual", "");
        assertThat(texts(List.of("Hi\n", "Us"), "\nUser:")).containsExactly("Hi", "", "\nUs");
        assertThat(texts(List.of("aaa", "ab"), "aab"))
                .as("a false start inside a true one")
                .containsExactly("a", "a", "");
    }

    @Test
    void theStopStringThatIsCompleteFirstCounts() {
        assertThat(texts(List.of("xabcd"), "abcd", "bc")).containsExactly("xa", "");
        assertThat(texts(List.of("xabc"), "bc", "abc"))
                .as("of those the longest")
                .containsExactly("x", "");
    }

    @Test
    void aStopStringMayHoldAnEmojiThatIsSplit() {
        byte[] smile = utf8("😀");
        byte[] grin = utf8("😁");
        List<byte[]> tokens = new ArrayList<>(List.of(utf8("hm ")));
        for (byte each : grin) {
            tokens.add(new byte[] {each});
        }
        for (byte each : smile) {
            tokens.add(new byte[] {each});
        }
        assertThat(String.join("", pieces(tokens, List.of("😀")))).isEqualTo("hm 😁");
    }

    @Test
    void stopStringsThatDoNotCountYetAreText() {
        TextStream stream =
                new TextStream(id -> utf8(List.of("EN", "D", "!EN", "D").get(id)), List.of("END"));
        assertThat(stream.push(0, false)).isEmpty();
        assertThat(stream.push(1, false)).as("complete too early").isEqualTo("END");
        assertThat(stream.push(2, false)).isEqualTo("!");
        assertThat(stream.push(3, true)).as("begun early, complete now").isEmpty();
        assertThat(stream.stopped()).isTrue();
        assertThatThrownBy(() -> stream.push(0, true)).hasMessage("the text has ended");
    }

    @Test
    void howTheTextIsCutChangesNothing() {
        Random random = new Random(22);
        List<String> stops = List.of("aba", "bb", "cab😀");
        for (int round = 0; round < 5000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(14); i >= 0; i--) {
                text.append(List.of("a", "b", "c", "😀").get(random.nextInt(4)));
            }
            List<String> pieces = pieces(cut(utf8(text.toString()), 5, random), stops);
            assertThat(String.join("", pieces)).isEqualTo(upToFirstStop(text.toString(), stops));
            String shown = "";
            for (String piece : pieces.subList(0, pieces.size() - 1)) {
                shown += piece;
                assertThat(upToFirstStop(text.toString(), stops)).startsWith(shown);
            }
        }
    }

    private static String upToFirstStop(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String head = text.substring(0, end);
            int longest = stops.stream()
                    .filter(head::endsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            if (longest > 0) {
                return head.substring(0, end - longest);
            }
        }
        return text;
    }

    @Test
    void aLongTokenFits() {
        String text = "漢".repeat(5000);
        assertThat(texts(List.of("x", text, "y"))).containsExactly("x", text, "y", "");
    }
}
