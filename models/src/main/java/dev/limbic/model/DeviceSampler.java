package dev.limbic.model;

import dev.limbic.generate.Choice;
import dev.limbic.generate.GeneratedToken;
import dev.limbic.generate.NextToken;
import dev.limbic.generate.SamplingSettings;
import dev.limbic.ops.Device;
import dev.limbic.ops.LogitChanges;
import dev.limbic.ops.SampleRow;
import dev.limbic.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Chooses tokens where the logits are; only the choices come back. */
public final class DeviceSampler {
    private DeviceSampler() {}

    /**
     * Chooses the next tokens, and waits for them.
     *
     * @param logits on the device, [S, V]
     * @param nextTokens how each row's token is chosen, [S]
     * @return what was chosen, [S]
     */
    public static List<Choice> choose(Device device, Tensor logits, List<NextToken> nextTokens) {
        List<SampleRow> rows = nextTokens.stream().map(DeviceSampler::row).toList();
        Tensor result = device.ops().sampling().sample(logits, rows);
        float[] values = device.download(result); // also when no token is wanted: it waits for the cache
        int columns = result.columns();
        int places = SampleRow.mostAlternatives(rows);
        List<Choice> choices = new ArrayList<>(rows.size());
        for (int r = 0; r < rows.size(); r++) {
            choices.add(choice(values, r * columns, places, rows.get(r).alternatives()));
        }
        return choices;
    }

    private static SampleRow row(NextToken next) {
        SamplingSettings settings = next.settings();
        SamplingSettings.Truncation truncation = settings.truncation();
        NextToken.Changes changes = next.changes();
        return new SampleRow(
                settings.temperature(),
                truncation.topK(),
                truncation.topP(),
                truncation.minP(),
                next.draw(),
                settings.alternatives(),
                changes.ids().length == 0
                        ? LogitChanges.NONE
                        : new LogitChanges(changes.ids(), changes.before(), changes.factors(), changes.after()));
    }

    private static Choice choice(float[] values, int row, int places, int wanted) {
        Choice.Outcome outcome = switch ((int) values[row + SampleRow.OUTCOME]) {
            case SampleRow.CHOSEN -> Choice.Outcome.CHOSEN;
            case SampleRow.NOT_FINITE -> Choice.Outcome.NOT_FINITE;
            case SampleRow.NOTHING_LEFT -> Choice.Outcome.NOTHING_LEFT;
            default -> throw new IllegalStateException("sample: no such outcome");
        };
        List<GeneratedToken.Alternative> alternatives = new ArrayList<>(wanted);
        for (int i = 0; i < wanted; i++) {
            int id = (int) values[row + SampleRow.FIRST_ALTERNATIVE + i];
            if (id >= 0) {
                float logProbability = values[row + SampleRow.FIRST_ALTERNATIVE + places + i];
                alternatives.add(new GeneratedToken.Alternative(id, logProbability));
            }
        }
        return new Choice(
                outcome,
                (int) values[row + SampleRow.ID],
                values[row + SampleRow.LOG_PROBABILITY],
                List.copyOf(alternatives));
    }
}
