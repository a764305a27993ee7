package dev.limbic.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.limbic.server.security.Tokens.Token;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensFileTest {
    private static final String TOKEN = "0123456789abcdef-._~+/==";

    private static Tokens parse(String text) throws IOException {
        return TokensFile.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Token withToken(Tokens tokens, String token) {
        return Objects.requireNonNull(tokens.withSecret(Secret.ofToken(token)));
    }

    @Test
    void aLineIsANameATokenAndQuotas() throws Exception {
        byte[] digest =
                MessageDigest.getInstance("SHA-256").digest("another token of mine".getBytes(StandardCharsets.UTF_8));
        Tokens tokens =
                parse("# who plays\r\n\n  shooter  %s\tcost=5 calls=7  streams=9\r\nracer sha256:%s calls=1\nprobe -\n"
                        .formatted(TOKEN, HexFormat.of().withUpperCase().formatHex(digest)));
        assertThat(tokens.all()).hasSize(3);
        assertThat(withToken(tokens, TOKEN).name()).isEqualTo("shooter");
        assertThat(withToken(tokens, TOKEN).quota()).isEqualTo(new Quota(7, 9, 5));
        assertThat(withToken(tokens, "another token of mine").name()).isEqualTo("racer");
        assertThat(withToken(tokens, "another token of mine").quota()).isEqualTo(new Quota(1, Quota.NONE, Quota.NONE));
        assertThat(Objects.requireNonNull(tokens.named("probe")).secret()).isNull();
        for (String wrong : new String[] {
            "", "-", TOKEN + "=", TOKEN.substring(1), "sha256", HexFormat.of().formatHex(digest)
        }) {
            assertThat(tokens.withSecret(Secret.ofToken(wrong))).as(wrong).isNull();
        }
        assertThat(tokens.toString())
                .doesNotContain(TOKEN)
                .doesNotContain(HexFormat.of().formatHex(digest));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            game                                    | line 1: a name and a token are expected
            'game 0123456789abcde'                  | line 1: its token must be at least 16
            'game 0123456789abcdefä'                | line 1: its token must be at least 16
            'gäme 0123456789abcdef'                 | line 1: its name must be
            'game sha256:0123456789abcdef'          | line 1: after 'sha256:' stand the 64 hexadecimal digits
            'game 0123456789abcdef calls=0'         | line 1: after the token stand calls=N
            'game 0123456789abcdef calls=1 calls=2' | line 1: after the token stand calls=N
            'game 0123456789abcdef calls'           | line 1: after the token stand calls=N
            'game 0123456789abcdef call=1'          | line 1: a quota is calls=N
            '# nothing'                             | holds no token
            """)
    void whatIsWrongIsToldByLineAndWithoutTheSecret(String text, String message) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(message)
                .message()
                .doesNotContain("0123456789abcd");
    }

    @Test
    void namesAndTokensStandOnce() {
        assertThatThrownBy(() -> parse("a 0123456789abcdef\na 0123456789abcdeg\n"))
                .hasMessageContaining("line 2: its name");
        assertThatThrownBy(() -> parse("a 0123456789abcdef\n\nb 0123456789abcdef\n"))
                .hasMessageContaining("line 3: its token");
        assertThatThrownBy(() -> TokensFile.parse(new byte[] {(byte) 0xff})).hasMessageContaining("UTF-8");
        StringBuilder many = new StringBuilder();
        for (int i = 0; i <= 1024; i++) {
            many.append("name").append(i).append(" -\n");
        }
        assertThatThrownBy(() -> parse(many.toString())).hasMessageContaining("at most 1024");
    }

    @Test
    void secretsAreComparedInConstantTime() {
        JavaClasses room = new ClassFileImporter().importPackages("dev.limbic.server.security");
        ArchRuleDefinition.classes()
                .that()
                .haveFullyQualifiedName(Secret.class.getName())
                .should()
                .callMethod(MessageDigest.class, "isEqual", byte[].class, byte[].class)
                .check(room);
        ArchRuleDefinition.noClasses()
                .should()
                .callMethod(java.util.Arrays.class, "equals", byte[].class, byte[].class)
                .check(room);
    }
}
