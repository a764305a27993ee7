package dev.limbic.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbic.model.TinyLanguage;
import dev.limbic.server.security.Certificates;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that know language models, as somebody types them, with a tiny model that writes noise. */
@Isolated("standard input and output belong to the whole process")
class CommandsTest {
    @TempDir
    private Path folder;

    private String out = "";
    private String err = "";

    @BeforeEach
    void configure() throws IOException {
        TinyLanguage.chat(folder.resolve("tiny"));
        write("", "none.yaml");
        Path starter = Path.of("../models/starter").toAbsolutePath();
        write(
                """
                - {name: face-expression, path: %s, device: cpu, precision: f32}
                  - {name: face-finder, path: %s, device: cpu, precision: f32}
                  - {name: avatar-video, path: %s, device: cpu, precision: f32}
                """.formatted(
                                starter.resolve("face-expression"),
                                starter.resolve("face-finder"),
                                starter.resolve("avatar-video")),
                "faces.yaml");
        write("""
                - name: tiny
                    path: %s
                    device: cpu
                    precision: f32
                    cache: 1MiB
                """.formatted(folder.resolve("tiny")), "tiny.yaml");
    }

    private void write(String languages, String file) throws IOException {
        Files.writeString(folder.resolve(file), """
                models:
                  - name: emotion-lstm
                    path: %s
                    device: cpu
                    precision: f32
                  %s
                """.formatted(
                        Path.of("../models/starter/emotion-lstm").toAbsolutePath(), languages));
    }

    private int run(String config, String in, String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--config", folder.resolve(config).toString(), "--log-level", "error"));
        InputStream oldIn = System.in;
        PrintStream oldOut = System.out;
        PrintStream oldErr = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setIn(new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)));
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
        try {
            return Main.run(all.toArray(String[]::new));
        } finally {
            System.setIn(oldIn);
            System.setOut(oldOut);
            System.setErr(oldErr);
            out = said.toString(StandardCharsets.UTF_8);
            err = complained.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void modelsListsLanguageModels() {
        assertThat(run("tiny.yaml", "", "models")).isZero();
        assertThat(out.lines().filter(line -> line.contains("tiny")))
                .singleElement()
                .asString()
                .contains("GPT2LMHeadModel")
                .contains("f32")
                .contains("cpu")
                .contains("256 tokens")
                .endsWith("(default)");
        assertThat(run("none.yaml", "", "models")).isZero();
        assertThat(out).contains("emotion-lstm").doesNotContain("tiny");
    }

    @Test
    void facesOfPicturesAreFoundAndReadAndDrawn() throws IOException {
        Path pictures = Path.of("../models/src/test/resources/pictures").toAbsolutePath();
        Path drawn = folder.resolve("drawn.png");
        String photo = pictures.resolve("astronaut-420.jpg").toString();
        assertThat(run("faces.yaml", "", "analyze", photo, "--annotate", drawn.toString()))
                .as(err)
                .isZero();
        assertThat(out)
                .contains("(301 × 287)")
                .contains("face 1, 0.9")
                .contains("* happy")
                .contains("valence +");
        assertThat(Files.readAllBytes(drawn)).startsWith(0x89, 'P', 'N', 'G');
        assertThat(run("faces.yaml", "", "analyze", photo, "--json")).isZero();
        assertThat(out)
                .contains("\"width\":301")
                .contains("\"predicted\":[\"happy\"]")
                .contains("\"score\":0.9");
        assertThat(run("faces.yaml", "", "analyze", photo, "--whole", "--top", "1"))
                .isZero();
        assertThat(out).doesNotContain("face 1").contains("* ");
        assertThat(run("faces.yaml", "", "analyze", photo, "--whole", "--model", "avatar-video"))
                .as(err)
                .isZero();
        assertThat(out).contains("avatar-video (f32 on cpu)").contains("* ");
        assertThat(run("faces.yaml", "", "analyze", photo, "--model", "face-finder"))
                .isEqualTo(1);
        assertThat(err).contains("no image or video model of that name; this server has face-expression, avatar-video");
        String cat = pictures.resolve("chelsea-444.jpg").toString();
        assertThat(run("faces.yaml", "", "analyze", cat)).isZero();
        assertThat(out)
                .contains("no face found; read as if the whole picture were one")
                .doesNotContain("face 1");
    }

    @Test
    void picturesWithLabelsAreScored() throws IOException {
        Path pictures = Path.of("../models/src/test/resources/pictures").toAbsolutePath();
        Path set = folder.resolve("set");
        for (String label : List.of("happiness", "neutral", "love")) {
            Files.createDirectories(set.resolve(label));
        }
        Files.copy(pictures.resolve("astronaut-410.jpg"), set.resolve("happiness/1.jpg"));
        Files.copy(pictures.resolve("astronaut-420.jpg"), set.resolve("neutral/wrong.jpg"));
        Files.copy(pictures.resolve("chelsea-444.jpg"), set.resolve("neutral/cat.jpg"));
        Files.write(set.resolve("neutral/damaged.jpg"), new byte[] {1, 2, 3});
        Files.writeString(set.resolve("love/x.png"), "");
        String data = set.toString();
        assertThat(run("faces.yaml", "", "evaluate", "faces", "--data", data)).isEqualTo(1);
        assertThat(err)
                .contains("no label that [love] could mean")
                .contains("happy")
                .contains("--leave-out love");
        assertThat(run("faces.yaml", "", "evaluate", "faces", "--data", data, "--leave-out", "love", "--search"))
                .as(err)
                .isZero();
        assertThat(err).contains("damaged.jpg: ");
        assertThat(out)
                .contains("happiness is happy; ")
                .contains("accuracy 0.5000, macro-F1 0.3333")
                .contains("of 2 pictures")
                .contains("A face was found in 2 pictures, none in 1")
                .contains("1 files could not be read");
        assertThat(run("faces.yaml", "", "evaluate", "faces", "--data", data, "--leave-out", "love", "--json"))
                .isZero();
        assertThat(out).contains("\"pictures\":3").contains("\"macro_f1\":").contains("damaged.jpg");
        assertThat(run(
                        "faces.yaml",
                        "",
                        "evaluate",
                        "faces",
                        "--data",
                        set.resolve("love").toString()))
                .isEqualTo(1);
        assertThat(err).contains("expected a folder for each label");
    }

    @Test
    void ofAFolderEachPictureIsReadAndDamagedOnesAreNamed() throws IOException {
        Path some = Files.createDirectory(folder.resolve("some"));
        Path pictures = Path.of("../models/src/test/resources/pictures");
        Files.copy(pictures.resolve("astronaut-410.jpg"), some.resolve("b.jpg"));
        Files.write(some.resolve("a.png"), new byte[] {1, 2, 3});
        Files.writeString(some.resolve("notes.txt"), "no picture");
        assertThat(run("faces.yaml", "", "analyze", some.toString())).isEqualTo(1);
        assertThat(out).contains("b.jpg").contains("* happy").doesNotContain("notes");
        assertThat(err).contains("a.png: ");
        assertThat(run("faces.yaml", "", "analyze", some.toString(), "--annotate", "x.png"))
                .isEqualTo(2);
        assertThat(err).contains("--annotate takes one picture, found 2");
        assertThat(run("faces.yaml", "", "analyze", some.resolve("a.png").toString()))
                .isEqualTo(1);
        assertThat(run("faces.yaml", "", "analyze", "nowhere.png")).isEqualTo(2);
        assertThat(err).contains("there is no picture nowhere.png");
        assertThat(run("none.yaml", "", "analyze", "happy", "--whole")).isEqualTo(2);
        assertThat(run("none.yaml", "", "analyze", some.resolve("b.jpg").toString()))
                .isEqualTo(1);
        assertThat(err).contains("this server has no image model");
    }

    @Test
    void chatAnswersEachLine() {
        String said = "I am so happy!\nI miss her so much\n";
        assertThat(run("tiny.yaml", said, "chat", "--seed", "3")).as(err).isZero();
        String first = out;
        assertThat(first)
                .contains("you> I am so happy!")
                .contains("mirror: joy")
                .contains("you> I miss her so much");
        assertThat(first.lines().filter(line -> line.startsWith("  > "))).hasSize(2);
        assertThat(first).doesNotContain("ready-made");
        assertThat(run("tiny.yaml", said, "chat", "--seed", "3")).isZero();
        assertThat(out).as("same seed, same words").isEqualTo(first);
        assertThat(run("tiny.yaml", said, "chat", "--seed", "4")).isZero();
        assertThat(out).isNotEqualTo(first);
        assertThat(run("tiny.yaml", "hello\n\nnot heard\n", "chat", "--emotion", "sadness", "--persona", "Mia"))
                .isZero();
        assertThat(out).contains("as asked: sadness 1.00").doesNotContain("not heard");
    }

    @Test
    void chatWithoutALanguageModelSpeaksLines() {
        assertThat(run("none.yaml", "I am so happy!\nI am so happy!\n", "chat")).isZero();
        assertThat(out)
                .contains("a ready-made line")
                .contains("  > That is wonderful! Tell me more.")
                .contains("  > I am so happy for you!");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat --intensity 2 --emotion joy",
                "chat --intensity NaN --emotion joy",
                "chat --temperature -1",
                "chat --emotion boredom",
                "chat --seed x",
                "evaluate dialogue",
                "evaluate dialogue --data . --contexts 0",
                "evaluate dialogue --data . --intensity 1.5",
                "models --nonsense",
                "serve --check --set generation.queue=0"
            })
    void wrongUseIsSaidAndExitsWithTwo(String line) {
        assertThat(run("tiny.yaml", "", line.split(" ", -1))).as(err).isEqualTo(2);
        assertThat(err).isNotBlank().doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat --model nobody",
                "chat --emotion-model nobody",
                "evaluate dialogue --data DATA --model nobody",
                "evaluate dialogue --data DATA --judge nobody",
                "evaluate dialogue --data NOWHERE"
            })
    void whatIsNotThereIsNamedAndExitsWithOne(String line) throws IOException {
        topicalChat();
        String told = line.replace("DATA", folder.toString());
        assertThat(run("tiny.yaml", "", told.split(" ", -1))).as(out).isEqualTo(1);
        assertThat(err).startsWith("limbic: ").doesNotContain("\tat ");
    }

    /** Conversations of which, by the sum of their names, some are held out. */
    private void topicalChat() throws IOException {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < 120; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("\"t%d\": {\"content\": [{\"message\": \"I like number %d.\"}]}".formatted(i, i));
        }
        Path chat = Files.createDirectories(folder.resolve("topical_chat"));
        try (OutputStream file = new GZIPOutputStream(Files.newOutputStream(chat.resolve("test.json.gz")))) {
            file.write(json.append('}').toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void evaluateDialogueCountsWhatIsHeard() throws IOException {
        topicalChat();
        String[] line = {
            "evaluate",
            "dialogue",
            "--data",
            folder.toString(),
            "--judge",
            "emotion-lstm",
            "--contexts",
            "3",
            "--samples",
            "1",
            "--set",
            "generation.queue=2" // fewer than there are contexts
        };
        assertThat(run("tiny.yaml", "", line)).as(err).isZero();
        assertThat(out)
                .contains("## Steering of tiny (GPT2LMHeadModel, f32 on cpu), heard by emotion-lstm")
                .contains("(3 replies each)")
                .contains("(nothing): ")
                .contains("contempt: ");
        for (String emotion : List.of("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust")) {
            assertThat(counts("| " + emotion + " ")).as(emotion).isEqualTo(3);
        }
        assertThat(counts("| (nothing) ")).isEqualTo(3);
        String first = out;
        assertThat(run("tiny.yaml", "", line)).isZero();
        assertThat(out).as("seeds are fixed").isEqualTo(first);
        assertThat(run("none.yaml", "", line)).isEqualTo(1);
        assertThat(err).contains("no language model");
    }

    /** Sum of the columns of what was heard, in the row that begins so. */
    private int counts(String row) {
        String[] cells = out.lines()
                .filter(line -> line.startsWith(row))
                .findFirst()
                .orElseThrow()
                .split("\\|", -1);
        return Arrays.stream(cells, 4, 12)
                .mapToInt(cell -> Integer.parseInt(cell.strip()))
                .sum();
    }

    @Test
    void serveChecksLanguageModelsToo() throws IOException {
        assertThat(run("tiny.yaml", "", "serve", "--check")).as(err).isZero();
        assertThat(out).contains("tiny").contains("SERVING").contains("every model answered");
        assertThat(run("none.yaml", "", "serve", "--check")).as(err).isZero();
        assertThat(run("faces.yaml", "", "serve", "--check")).as(err).isZero();
        assertThat(out).contains("every model answered");
    }

    @Test
    void serveRefusesToListenToEverybodyUnprotected() throws IOException {
        assertThat(run("none.yaml", "", "serve", "--check", "--host", "0.0.0.0"))
                .isEqualTo(2);
        assertThat(err)
                .contains("The configuration cannot be used:")
                .contains("host: other machines reach 0.0.0.0")
                .contains("security.allow-insecure: true");
        String[] insecure = {"serve", "--check", "--host", "0.0.0.0", "--set", "security.allow-insecure=true"};
        assertThat(run("none.yaml", "", insecure)).as(err).isZero();
        Path tokens = Certificates.write(folder.resolve("tokens"), "alice alices-long-token");
        Certificates.Pair server = Certificates.pair("server");
        String[] secured = {
            "serve",
            "--check",
            "--host",
            "0.0.0.0",
            "--set",
            "security.tokens=" + tokens,
            "--set",
            "security.tls.certificate=" + server.certificate(),
            "--set",
            "security.tls.key=" + server.key()
        };
        assertThat(run("none.yaml", "", secured)).as(err).isZero();
        assertThat(out).contains("security is sound").contains("every model answered");
        Certificates.write(tokens, "alice");
        assertThat(run("none.yaml", "", secured)).isEqualTo(2);
        assertThat(err).contains("security.tokens: " + tokens + ": line 1: ");
    }

    @Test
    void serveFindsOutThatALanguageModelDoesNotCompute() throws IOException {
        Path weights = folder.resolve("tiny").resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Arrays.fill(bytes, bytes.length - 128, bytes.length, (byte) 0xff); // the last norm's bias: NaN
        Files.write(weights, bytes);
        assertThat(run("tiny.yaml", "", "serve", "--check")).as(out).isEqualTo(1);
        assertThat(err).contains("model 'tiny'").contains("not compute");
    }
}
