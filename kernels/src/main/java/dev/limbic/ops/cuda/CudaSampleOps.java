package dev.limbic.ops.cuda;

import static dev.limbic.ops.cuda.KernelNumbers.code;

import dev.limbic.ops.Checks;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.SampleOps;
import dev.limbic.ops.SampleRow;
import dev.limbic.ops.Scope;
import dev.limbic.ops.cuda.KernelNumbers.Change;
import dev.limbic.ops.cuda.KernelNumbers.Rule;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** The choice of tokens: a block takes a row. */
final class CudaSampleOps implements SampleOps {
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
                    .launch(logits.rows(), KernelNumbers.SAMPLE_BLOCK);
        }
        return y;
    }

    /** Rows, then the changes of all rows, in one array: one copy to the device. Floats stand as their bits. */
    private static int[] encoded(List<SampleRow> rows) {
        int changes = 0;
        for (SampleRow row : rows) {
            changes += row.changes().count();
        }
        int[] numbers = new int[rows.size() * Rule.COUNT + changes * Change.COUNT];
        int at = 0;
        int end = rows.size() * Rule.COUNT;
        for (SampleRow row : rows) {
            LogitChanges rowChanges = row.changes();
            numbers[at + code(Rule.INVERSE_TEMPERATURE)] = Float.floatToRawIntBits(row.inverseTemperature());
            numbers[at + code(Rule.TOP_K)] = row.topK();
            numbers[at + code(Rule.TOP_P)] = Float.floatToRawIntBits(row.topP());
            numbers[at + code(Rule.MIN_P)] = Float.floatToRawIntBits(row.minP());
            numbers[at + code(Rule.DRAW_HIGH)] = (int) (row.drawBits() >>> 32);
            numbers[at + code(Rule.DRAW_LOW)] = (int) row.drawBits();
            numbers[at + code(Rule.ALTERNATIVES)] = row.alternatives();
            numbers[at + code(Rule.FIRST_CHANGE)] = end;
            numbers[at + code(Rule.CHANGES)] = rowChanges.count();
            at += Rule.COUNT;
            for (int i = 0; i < rowChanges.count(); i++) {
                numbers[end + code(Change.ID)] = rowChanges.ids()[i];
                numbers[end + code(Change.BEFORE)] =
                        Float.floatToRawIntBits(rowChanges.before()[i]);
                numbers[end + code(Change.FACTOR)] =
                        Float.floatToRawIntBits(rowChanges.factors()[i]);
                numbers[end + code(Change.AFTER)] =
                        Float.floatToRawIntBits(rowChanges.after()[i]);
                end += Change.COUNT;
            }
        }
        return numbers;
    }
}
