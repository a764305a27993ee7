package dev.limbic.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ProductsTest {
    /** Rows are rounded up to those of a plan, in memory that other rows or nobody's lie behind. */
    @Test
    void noRunReachesBehindItsTensor() {
        for (int workers = 1; workers <= 32; workers++) {
            for (int blockRows = 16; blockRows <= CpuLinear.BLOCK; blockRows += 16) {
                for (int rows = 1; rows < 600; rows++) {
                    int run = Products.run(rows, blockRows, workers);
                    int last = (rows - 1) / run * run;
                    assertThat(last + CpuLinear.planned(rows - last))
                            .as("%d rows, %d workers, blocks of %d", rows, workers, blockRows)
                            .isLessThanOrEqualTo(CpuLinear.roundUp(rows, CpuEngine.ROW_PADDING));
                    assertThat(CpuLinear.planned(run)).isEqualTo(run).isLessThanOrEqualTo(blockRows);
                }
            }
        }
    }
}
