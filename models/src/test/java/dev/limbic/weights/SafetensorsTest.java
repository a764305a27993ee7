package dev.limbic.weights;

import static dev.limbic.weights.SafetensorsFile.entry;
import static dev.limbic.weights.SafetensorsFile.vectors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path folder;

    @Test
    void readsEachTypeWhereverItLies() throws IOException {
        byte[] json = ("{\"__metadata__\":{\"format\":\"pt\"},"
                        + String.join(
                                ",",
                                entry("i64", "I64", "[1]", 23, 31),
                                entry("f32", "F32", "[1,2]", 0, 8),
                                entry("f16", "F16", "[2]", 8, 12),
                                entry("bf16", "BF16", "[2,1]", 12, 16),
                                entry("i8", "I8", "[3]", 16, 19),
                                entry("i32", "I32", "[]", 19, 23),
                                entry("none", "F32", "[0,5]", 19, 19))
                        + "}   ")
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + 31).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        out.putFloat(1.5f).putFloat(-2e30f);
        out.putShort(Float.floatToFloat16(0.5f)).putShort(Float.floatToFloat16(-65504f));
        out.putShort((short) 0x3f80).putShort((short) 0xc000);
        out.put((byte) -128).put((byte) 0).put((byte) 127);
        out.putInt(-7).putLong(1L << 40);
        try (Safetensors file = Safetensors.open(Files.write(folder.resolve("a.safetensors"), out.array()))) {
            assertThat(file.names()).containsExactly("bf16", "f16", "f32", "i32", "i64", "i8", "none");
            assertThat(file.tensor("f32").toFloats()).containsExactly(1.5f, -2e30f);
            assertThat(file.tensor("f16").toFloats()).containsExactly(0.5f, -65504f);
            assertThat(file.tensor("bf16").toFloats()).containsExactly(1f, -2f);
            assertThat(file.tensor("bf16").dtype()).isEqualTo(DType.BF16);
            assertThat(file.tensor("bf16").shape()).isEqualTo(Shape.of(2, 1));
            assertThat(file.tensor("i8").toFloats()).containsExactly(-128f, 0f, 127f);
            assertThat(file.tensor("i32").toFloats()).containsExactly(-7f);
            assertThat(file.tensor("i32").shape().rank()).isZero();
            assertThat(file.tensor("i64").toFloats()).containsExactly((float) (1L << 40));
            assertThat(file.tensor("none").toFloats()).isEmpty();
        }
    }

    @Test
    void aTensorOfAForeignTypeMayLieThereButCannotBeTaken() throws IOException {
        String header = "{" + SafetensorsFile.entry("mask", "BOOL", "[3]", 0, 3) + ","
                + SafetensorsFile.entry("bytes", "U8", "[1]", 3, 4) + ","
                + SafetensorsFile.entry("wide", "F64", "[1]", 4, 12) + "}";
        SafetensorsFile.write(folder.resolve("model.safetensors"), header, 12);
        try (Safetensors file = Safetensors.open(folder)) {
            assertThat(file.names()).containsExactly("bytes", "mask", "wide");
            assertThatThrownBy(() -> file.tensor("mask"))
                    .isInstanceOf(WeightsException.class)
                    .hasMessageContaining("tensor 'mask': expected a dtype out of")
                    .hasMessageContaining("found BOOL");
        }
        String shorter = "{" + SafetensorsFile.entry("wide", "F64", "[2]", 0, 12) + "}";
        SafetensorsFile.write(folder.resolve("model.safetensors"), shorter, 12);
        assertThatThrownBy(() -> Safetensors.open(folder).close())
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected 16 bytes for F64 [2], found 12");
    }

    @Test
    void namesWhatAMissingTensorMayHaveBeen() throws IOException {
        SafetensorsFile.write(folder.resolve("model.safetensors"), vectors("layer.0.weight", "layer.0.bias", "x"), 24);
        try (Safetensors file = Safetensors.open(folder)) {
            assertThatThrownBy(() -> file.tensor("layer.0.weights"))
                    .isInstanceOf(WeightsException.class)
                    .hasMessageContaining("'layer.0.weights' is missing; nearest: 'layer.0.weight'");
        }
    }

    @Test
    void tensorsCannotBeReadAfterClosing() throws IOException {
        Safetensors file = Safetensors.open(SafetensorsFile.write(folder.resolve("a"), vectors("x"), 8));
        var tensor = file.tensor("x");
        file.close();
        file.close();
        assertThatThrownBy(tensor::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            [1]                                                                     | 0 | expected a JSON object, found byte 0x5b
             {}                                                                     | 1 | expected 0 bytes of data by the header, found 1 bytes
            {"x":1}                                                                 | 0 | 'x': expected an object, found a number
            {} {}                                                                   | 0 | expected nothing after the JSON object
            {"x":                                                                   | 0 | not valid JSON
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}                   | 8 | not valid JSON
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}} | 8 | Duplicate field 'x'
            {"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}    | 8 | Duplicate field 'dtype'
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}                  | 8 | tensor 'x': expected data_offsets within the 8 bytes of data, in ascending order, found [0, 9]
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}                  | 8 | found [8, 0]
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}                 | 8 | found [-8, 0]
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]}} | 8 | not valid JSON
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}                | 8 | expected integers in data_offsets
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}                    | 8 | expected two data_offsets
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}                | 8 | expected at most 2 numbers in data_offsets
            {"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}                  | 8 | tensor 'x': expected 12 bytes for F32 [3], found 8
            {"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}                 | 8 | expected dimensions in 0…2147483647, found [-2]
            {"x":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,8]}}         | 8 | expected dimensions in 0…2147483647
            {"x":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}} | 8 | expected a size below 2^63 bytes
            {"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}  | 8 | expected at most 8 numbers in shape
            {"x":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}                    | 8 | expected an array as shape
            {"x":{"dtype":"F12","shape":[1],"data_offsets":[0,8]}}                  | 8 | tensor 'x': expected a dtype out of [F32, BF16, F16, I8, U8, I32, I64], found F12
            {"x":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}                  | 8 | found f32
            {"x":{"dtype":null,"shape":[2],"data_offsets":[0,8]}}                   | 8 | found null
            {"x":{"shape":[2],"data_offsets":[0,8]}}                                | 8 | found only some of them
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}         | 8 | found 'more'
            {"__metadata__":{"a":{}}}                                               | 0 | __metadata__: expected only strings
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}} | 12 | tensor 'y': overlaps 'x': expected data_offsets to begin at 8, found 4
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  | 8  | tensor 'y': overlaps 'x'
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}} | 16 | tensor 'y': leaves a hole after 'x'
            {"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                  | 8 | leaves a hole after the header
            {"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}                  | 9 | expected 8 bytes of data by the header, found 9
            """)
    void refusesABrokenHeader(String header, int dataBytes, String message) throws IOException {
        Path file = SafetensorsFile.write(folder.resolve("broken.safetensors"), header, dataBytes);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"9, 0", "100000001, 0", "-1, 0", "9223372036854775807, 0", "-9223372036854775808, 4"})
    void refusesAHeaderLongerThanItsFile(long headerLength, int dataBytes) throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafetensorsFile.write(file, headerLength, new byte[] {'{', '}'}, dataBytes);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected a header of at most " + (2 + dataBytes) + " bytes")
                .hasMessageEndingWith("found header length " + Long.toUnsignedString(headerLength));
    }

    @Test
    void refusesEachTruncation() throws IOException {
        byte[] json = vectors("x", "y").getBytes(StandardCharsets.UTF_8);
        byte[] whole = SafetensorsFile.bytes(json.length, json, 16);
        Path file = folder.resolve("short.safetensors");
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Safetensors.open(file))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(WeightsException.class);
        }
        Safetensors.open(Files.write(file, whole)).close();
    }

    @Test
    void readsShards() throws IOException {
        shards("{\"metadata\":{\"total_size\":16},\"weight_map\":{\"y\":\"b.safetensors\",\"x\":\"a.safetensors\"}}");
        try (Safetensors both = Safetensors.open(folder)) {
            assertThat(both.names()).containsExactly("x", "y");
            assertThat(both.file("y")).isEqualTo(folder.resolve("b.safetensors"));
            assertThat(both.tensor("y").shape()).isEqualTo(Shape.of(2));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"weight_map":{"x":"a.safetensors","y":"c.safetensors"}} | c.safetensors: shard is missing
            {"weight_map":{"x":"a.safetensors"}, "weight_map":{}}    | Duplicate field 'weight_map'
            {"weight_map":{"x":"a.safetensors","y":"../b.safetensors"}} | expected a plain file name as shard, found '../b.safetensors'
            {"weight_map":{"x":"a.safetensors","y":".."}}            | expected a plain file name as shard, found '..'
            {"weight_map":{"x":"a.safetensors","y":""}}              | expected a plain file name as shard, found ''
            {"weight_map":{"x":"a.safetensors","y":"/etc/passwd"}}   | expected a plain file name as shard
            {"weight_map":{"x":"a.safetensors","y":"c:\\\\b"}}       | expected a plain file name as shard
            {"weight_map":{"x":"a.safetensors","y":"b\\u0000"}}      | expected a plain file name as shard
            {"weight_map":{"x":"a.safetensors","y":7}}               | tensor 'y': expected a file name, found number 7
            {"weight_map":{"x":"a.safetensors","z":"b.safetensors"}} | b.safetensors: tensor 'z' is missing
            {"weight_map":{"x":"a.safetensors","y":"a.safetensors"}} | a.safetensors: tensor 'y' is missing
            {"weight_map":{"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"}} | tensor 'z' is missing
            {"weight_map":[]}                                        | expected an object as weight_map
            {}                                                       | expected an object as weight_map
            []                                                       | expected a JSON object, found array
            {"weight_map":{}} x                                      | not valid JSON
            """)
    void refusesABrokenIndex(String index, String message) throws IOException {
        shards(index);
        assertThatThrownBy(() -> Safetensors.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesAShardWithMoreThanTheIndexLists() throws IOException {
        shards("{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\"}}");
        SafetensorsFile.write(folder.resolve("b.safetensors"), vectors("y", "x"), 16);
        assertThatThrownBy(() -> Safetensors.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("b.safetensors: tensor 'x' is surplus: expected it in a.safetensors by");
    }

    @Test
    void refusesAFolderWithoutWeights() throws IOException {
        Files.createFile(folder.resolve("pytorch_model.bin"));
        assertThatThrownBy(() -> Safetensors.open(folder))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("expected model.safetensors or model.safetensors.index.json, found neither")
                .hasMessageContaining("PyTorch's pickles, which are not read");
        assertThatThrownBy(() -> Safetensors.open(folder.resolve("none")))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("cannot be read");
    }

    private void shards(String index) throws IOException {
        SafetensorsFile.write(folder.resolve("a.safetensors"), vectors("x"), 8);
        SafetensorsFile.write(folder.resolve("b.safetensors"), vectors("y"), 8);
        Files.writeString(folder.resolve("model.safetensors.index.json"), index);
    }
}
