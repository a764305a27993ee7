package dev.limbic.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class HostTensorTest {
    /** Any bit pattern, at an odd address as files have them: the bulk path and the single one agree. */
    @ParameterizedTest
    @EnumSource
    void toFloatsIsGetOfEveryElement(DType dtype) {
        int n = 13 * 10_079; // more than is widened at a time
        byte[] bytes = new byte[n * dtype.bytes() + 1];
        new Random(5).nextBytes(bytes);
        HostTensor tensor = new HostTensor(
                dtype, Shape.of(13, 10_079), MemorySegment.ofArray(bytes).asSlice(1));
        float[] all = tensor.toFloats();
        assertThat(all).hasSize(n);
        for (int i = 0; i < n; i++) {
            if (Float.floatToIntBits(all[i]) != Float.floatToIntBits(tensor.get(i))) {
                assertThat(all[i]).as("element %d", i).isEqualTo(tensor.get(i));
            }
        }
    }

    @Test
    void readsLittleEndianValuesOfEachType() {
        assertThat(one(DType.F32, 0, 0, 0xC0, 0x3F)).isEqualTo(1.5f);
        assertThat(one(DType.BF16, 0xC0, 0x3F)).isEqualTo(1.5f);
        assertThat(one(DType.F16, 0, 0x3E)).isEqualTo(1.5f);
        assertThat(one(DType.I8, 0xFE)).isEqualTo(-2);
        assertThat(one(DType.I32, 0x01, 0x02, 0, 0)).isEqualTo(513);
        assertThat(one(DType.I64, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF))
                .isEqualTo(-1);
    }

    private static float one(DType dtype, int... bytes) {
        byte[] data = new byte[bytes.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) bytes[i];
        }
        return new HostTensor(dtype, Shape.of(1), MemorySegment.ofArray(data)).toFloats()[0];
    }

    @Test
    void transposedMatricesHaveEachNumberInItsPlace() {
        int matrices = 2;
        int rows = 3;
        int columns = 37; // more than two cache lines
        float[] values = new float[matrices * rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        float[] turned = HostTensor.transposed(values, matrices, rows, columns);
        assertThat(turned).hasSameSizeAs(values);
        for (int m = 0; m < matrices; m++) {
            for (int c = 0; c < columns; c++) {
                for (int r = 0; r < rows; r++) {
                    assertThat(turned[(m * columns + c) * rows + r]).isEqualTo(values[(m * rows + r) * columns + c]);
                }
            }
        }
    }

    @Test
    void refusesDataOfTheWrongSize() {
        assertThatThrownBy(() -> new HostTensor(DType.F32, Shape.of(2, 3), MemorySegment.ofArray(new byte[23])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("24")
                .hasMessageContaining("23");
    }
}
