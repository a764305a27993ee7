package dev.limbic.preprocess.image.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class JpegVectorsTest {
    @Test
    void blocksAreTransformedAsWithoutVectors() {
        Assumptions.assumeTrue(JpegVectors.warmUp(), "no vectors of eight integers");
        Random random = new Random(3);
        for (int round = 0; round < 3000; round++) {
            int[] block = new int[64];
            int coefficients = 1 + random.nextInt(64);
            for (int k = 0; k < coefficients; k++) {
                int range = round % 10 == 0 ? 32768 : 1 + random.nextInt(2000);
                block[JpegScan.ZIGZAG[k]] = random.nextInt(2 * range) - range;
            }
            byte[] plain = new byte[8 * 11 + 5];
            byte[] vectors = plain.clone();
            JpegInverseDct.plain(block.clone(), plain, 3, 11);
            JpegVectors.inverseDct(block.clone(), vectors, 3, 11);
            assertThat(vectors).isEqualTo(plain);
            if (coefficients == 1) {
                byte[] flat = new byte[plain.length];
                JpegInverseDct.flat(block[0], flat, 3, 11);
                assertThat(flat).isEqualTo(plain);
            }
        }
    }

    /** The transform against its definition in double (T.81, A.3.3), within what whole numbers round. */
    @Test
    void blocksAreTransformedAsDefined() {
        Random random = new Random(4);
        for (int round = 0; round < 50; round++) {
            int[] block = new int[64];
            for (int k = 0; k < 64; k++) {
                block[k] = random.nextInt(81) - 40;
            }
            block[0] = random.nextInt(1601) - 800;
            byte[] found = new byte[64];
            JpegInverseDct.plain(block.clone(), found, 0, 8);
            for (int y = 0; y < 8; y++) {
                for (int x = 0; x < 8; x++) {
                    double sum = 0;
                    for (int v = 0; v < 8; v++) {
                        for (int u = 0; u < 8; u++) {
                            double scale = (u == 0 ? Math.sqrt(0.5) : 1) * (v == 0 ? Math.sqrt(0.5) : 1);
                            sum += scale
                                    * block[8 * v + u]
                                    * Math.cos((2 * x + 1) * u * Math.PI / 16)
                                    * Math.cos((2 * y + 1) * v * Math.PI / 16);
                        }
                    }
                    double expected = Math.clamp(sum / 4 + 128, 0, 255);
                    assertThat((double) (found[8 * y + x] & 0xFF)).isBetween(expected - 1, expected + 1);
                }
            }
        }
    }
}
