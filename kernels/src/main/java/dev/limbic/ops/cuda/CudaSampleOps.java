package dev.limbic.ops.cuda;

import dev.limbic.ops.Checks;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.SampleOps;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Scope;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** The choice of tokens: a block takes a row. */
final class CudaSampleOps implements SampleOps {
    private static final int SAMPLE_BLOCK = 512;

    /** Numbers of a row, and of a change of one of its logits, as the kernel reads them. */
    private static final int ROW_NUMBERS = 9;

    private static final int CHANGE_NUMBERS = 4;

    private final CudaEngine engine;

    CudaSampleOps(CudaEngine engine) {
        this.engine = engine;
    }

    @Override
    public Tensor sample(Tensor logits, List<SampleRow> rows) {
        Checks.sample(logits, rows);
        int places = SampleRow.mostAlternatives(rows);
        Tensor y = engine.allocate(DType.F32, rows.size(), SampleRow.FIRST_ALTERNATIVE + 2 * places);
        try (Scope _ = engine.scope()) {
            Tensor scores = engine.allocate(DType.F32, rows.size(), logits.columns());
            Tensor rules = engine.uploads().upload(encoded(rows));
            engine.kernels()
                    .of("sample", "sample", logits.dtype())
                    .pointer(y.address())
                    .pointer(logits.address())
                    .pointer(scores.address())
                    .pointer(rules.address())
                    .integer(logits.columns())
                    .integer(places)
                    .launch(logits.rows(), SAMPLE_BLOCK);
        }
        return y;
    }

    /** Rows, then the changes of all rows, in one array: one copy to the device. Floats stand as their bits. */
    private static int[] encoded(List<SampleRow> rows) {
        int changes = 0;
        for (SampleRow row : rows) {
            changes += row.changes().count();
        }
        int[] numbers = new int[rows.size() * ROW_NUMBERS + changes * CHANGE_NUMBERS];
        int at = 0;
        int end = rows.size() * ROW_NUMBERS;
        for (SampleRow row : rows) {
            LogitChanges rowChanges = row.changes();
            numbers[at++] = Float.floatToRawIntBits(row.inverseTemperature());
            numbers[at++] = row.topK();
            numbers[at++] = Float.floatToRawIntBits(row.topP());
            numbers[at++] = Float.floatToRawIntBits(row.minP());
            numbers[at++] = (int) (row.drawBits() >>> 32);
            numbers[at++] = (int) row.drawBits();
            numbers[at++] = row.alternatives();
            numbers[at++] = end;
            numbers[at++] = rowChanges.count();
            for (int i = 0; i < rowChanges.count(); i++) {
                numbers[end++] = rowChanges.ids()[i];
                numbers[end++] = Float.floatToRawIntBits(rowChanges.before()[i]);
                numbers[end++] = Float.floatToRawIntBits(rowChanges.factors()[i]);
                numbers[end++] = Float.floatToRawIntBits(rowChanges.after()[i]);
            }
        }
        return numbers;
    }
}
