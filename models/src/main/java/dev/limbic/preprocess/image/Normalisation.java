package dev.limbic.preprocess.image;

/**
 * What a model's numbers are made of: {@code (sample − mean[c]) / std[c]} with samples of 0…255. Scale, offset, mean and
 * standard deviation of a configuration come together in these two, so that a device needs one step.
 *
 * @param mean by channel, in samples
 * @param std by channel, in samples; never 0
 */
public record Normalisation(float[] mean, float[] std) {
    /** Samples as they are. */
    public static Normalisation none(int channels) {
        float[] ones = new float[channels];
        java.util.Arrays.fill(ones, 1);
        return new Normalisation(new float[channels], ones);
    }

    public Normalisation {
        if (mean.length != std.length || mean.length == 0) {
            throw new IllegalArgumentException(mean.length + " means, " + std.length + " standard deviations");
        }
        for (int c = 0; c < mean.length; c++) {
            if (!Float.isFinite(mean[c]) || !Float.isFinite(std[c]) || std[c] == 0) {
                throw new IllegalArgumentException("mean " + mean[c] + ", standard deviation " + std[c]);
            }
        }
    }

    /** A picture's numbers, interleaved as its samples are: the reference for what devices compute. */
    public float[] apply(PreparedImage image) {
        byte[] samples = image.samples();
        float[] numbers = new float[samples.length];
        for (int i = 0; i < samples.length; i++) {
            int c = i % mean.length;
            numbers[i] = ((samples[i] & 0xFF) - mean[c]) / std[c];
        }
        return numbers;
    }
}
