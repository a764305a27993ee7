package dev.limbic.ops;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link AttentionOps#rotary}: heads turned whole or in part, pairs of either kind. */
interface RotaryCases {
    Workbench bench();

    /** Head size, columns that are turned, query heads, key heads. */
    @ParameterizedTest
    @CsvSource({"2,2,1,1", "3,2,3,1", "5,4,2,2", "20,20,4,2", "33,32,3,3", "64,64,12,12", "80,32,2,1", "128,128,8,1"})
    default void rotaryMatchesTheOracle(int size, int dims, int queries, int keys) {
        Heads heads = new Heads(queries, keys, size);
        int longest = 40;
        Matrix angles = bench().normal(longest, dims / 2, 3);
        Matrix cosine = map(angles, Math::cos);
        Matrix sine = map(angles, Math::sin);
        Tensor cosines = bench().weights().tensor(cosine.host(), DType.F32);
        Tensor sines = bench().weights().tensor(sine.host(), DType.F32);
        for (DType type : bench().types()) {
            for (boolean interleaved : new boolean[] {false, true}) {
                for (int t : new int[] {1, 7, 33}) {
                    Matrix x = bench().normal(t, heads.columns()).storedAs(type);
                    int[] positions = bench().random().ints(t, 0, longest).toArray();
                    Tensor qkv = bench().upload(x, type);
                    bench().ops()
                            .attention()
                            .rotary(
                                    qkv,
                                    new Rotary(cosines, sines, dims, interleaved),
                                    bench().device().upload(positions),
                                    heads);
                    Closeness.of(type)
                            .check(
                                    "rotary " + heads + " dims " + dims + (interleaved ? " interleaved " : " ") + type,
                                    bench().download(qkv),
                                    Oracle.rotary(x, cosine, sine, interleaved, positions, heads));
                }
            }
        }
    }

    private static Matrix map(Matrix x, java.util.function.DoubleUnaryOperator function) {
        float[] values = new float[x.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) function.applyAsDouble(x.values()[i]);
        }
        return new Matrix(x.rows(), x.columns(), values);
    }
}
