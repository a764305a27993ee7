package dev.limbic.ops;

import java.util.Arrays;

/** The operations as their formulas stand in {@link Ops}, in double, without any thought of speed. */
final class Oracle {
    private Oracle() {}

    /** x·Wᵀ + bias; an empty bias is none. */
    static double[] linear(Matrix x, Matrix weight, float[] bias) {
        double[] y = new double[x.rows() * weight.rows()];
        for (int t = 0; t < x.rows(); t++) {
            for (int n = 0; n < weight.rows(); n++) {
                double sum = bias.length == 0 ? 0 : bias[n];
                for (int k = 0; k < x.columns(); k++) {
                    sum += (double) x.at(t, k) * weight.at(n, k);
                }
                y[t * weight.rows() + n] = sum;
            }
        }
        return y;
    }

    static double[] activate(Activation activation, double[] x) {
        return Arrays.stream(x).map(v -> activate(activation, v)).toArray();
    }

    static double activate(Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> Math.max(x, 0);
            case LEAKY_RELU -> x > 0 ? x : 0.1 * x;
            case GELU -> x * normalDistribution(x);
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x * sigmoid(x);
            case TANH -> Math.tanh(x);
            case SIGMOID -> sigmoid(x);
        };
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    static double normalDistribution(double x) {
        return 0.5 * (1 + erf(x / Math.sqrt(2)));
    }

    /** erf by its Taylor series near zero, by the continued fraction of erfc further out. */
    static double erf(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x) || a > 6) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        if (a < 2.5) {
            double term = x;
            double sum = x;
            for (int n = 1; n < 80; n++) {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 2 / Math.sqrt(Math.PI) * sum;
        }
        double fraction = a;
        for (int n = 200; n > 0; n--) {
            fraction = a + n / 2.0 / fraction;
        }
        return Math.signum(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction);
    }

    static void layerNorm(double[] rows, int h, float[] gain, float[] bias, double epsilon) {
        for (int from = 0; from < rows.length; from += h) {
            double mean = 0;
            for (int i = 0; i < h; i++) {
                mean += rows[from + i] / h;
            }
            double variance = 0;
            for (int i = 0; i < h; i++) {
                variance += (rows[from + i] - mean) * (rows[from + i] - mean) / h;
            }
            for (int i = 0; i < h; i++) {
                rows[from + i] = (rows[from + i] - mean) / Math.sqrt(variance + epsilon) * gain[i] + bias[i];
            }
        }
    }

    /** Softmax of each row of {@code columns}. */
    static double[] softmax(double[] x, int columns) {
        double[] y = new double[x.length];
        for (int from = 0; from < x.length; from += columns) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = from; i < from + columns; i++) {
                max = Math.max(max, x[i]);
            }
            double sum = 0;
            for (int i = from; i < from + columns; i++) {
                y[i] = Math.exp(x[i] - max);
                sum += y[i];
            }
            for (int i = from; i < from + columns; i++) {
                y[i] /= sum;
            }
        }
        return y;
    }

    static double[] attention(Matrix qkv, int[] lengths, int heads, boolean causal) {
        int h = qkv.columns() / 3;
        int d = h / heads;
        double[] y = new double[qkv.rows() * h];
        int first = 0;
        for (int length : lengths) {
            for (int i = 0; i < length; i++) {
                int visible = causal ? i + 1 : length;
                for (int head = 0; head < heads; head++) {
                    double[] scores = new double[visible];
                    for (int j = 0; j < visible; j++) {
                        for (int c = 0; c < d; c++) {
                            scores[j] += (double) qkv.at(first + i, head * d + c)
                                    * qkv.at(first + j, h + head * d + c)
                                    / Math.sqrt(d);
                        }
                    }
                    double[] p = softmax(scores, visible);
                    for (int j = 0; j < visible; j++) {
                        for (int c = 0; c < d; c++) {
                            y[(first + i) * h + head * d + c] += p[j] * qkv.at(first + j, 2 * h + head * d + c);
                        }
                    }
                }
            }
            first += length;
        }
        return y;
    }

    static void rmsNorm(double[] rows, int h, float[] gain, double epsilon) {
        for (int from = 0; from < rows.length; from += h) {
            double square = 0;
            for (int i = 0; i < h; i++) {
                square += rows[from + i] * rows[from + i] / h;
            }
            for (int i = 0; i < h; i++) {
                rows[from + i] *= gain[i] / Math.sqrt(square + epsilon);
            }
        }
    }

    /** silu(gate)·up; each row the gate's columns, then those of up. */
    static double[] swiGlu(Matrix x) {
        int n = x.columns() / 2;
        double[] y = new double[x.rows() * n];
        for (int i = 0; i < y.length; i++) {
            double gate = x.at(i / n, i % n);
            y[i] = gate * sigmoid(gate) * x.at(i / n, n + i % n);
        }
        return y;
    }

    static double[] rotary(Matrix qkv, Matrix cosine, Matrix sine, boolean interleaved, int[] positions, Heads heads) {
        double[] y = new double[qkv.values().length];
        Arrays.setAll(y, i -> qkv.values()[i]);
        int half = cosine.columns();
        for (int t = 0; t < qkv.rows(); t++) {
            for (int head = 0; head < heads.queries() + heads.keys(); head++) {
                int first = t * qkv.columns() + head * heads.size();
                for (int i = 0; i < half; i++) {
                    int a = first + (interleaved ? 2 * i : i);
                    int b = first + (interleaved ? 2 * i + 1 : i + half);
                    double c = cosine.at(positions[t], i);
                    double s = sine.at(positions[t], i);
                    double turned = y[a] * c - y[b] * s;
                    y[b] = y[b] * c + y[a] * s;
                    y[a] = turned;
                }
            }
        }
        return y;
    }

    /**
     * @param tokens of all sequences, of which queries are taken
     * @param stored the same, of which keys and values are taken
     * @param window most tokens that a row sees
     */
    static double[] cachedAttention(Matrix tokens, Matrix stored, int[] cached, int[] rows, Heads heads, int window) {
        int size = heads.size();
        int h = heads.queries() * size;
        double[] y = new double[Arrays.stream(rows).sum() * h];
        int firstToken = 0;
        int row = 0;
        for (int b = 0; b < rows.length; b++) {
            for (int i = 0; i < rows[b]; i++, row++) {
                int visible = cached[b] + i + 1;
                for (int head = 0; head < heads.queries(); head++) {
                    int key = h + head / heads.group() * size;
                    double[] scores = new double[visible];
                    int from = Math.max(0, visible - window);
                    Arrays.fill(scores, 0, from, Double.NEGATIVE_INFINITY);
                    for (int j = from; j < visible; j++) {
                        for (int c = 0; c < size; c++) {
                            scores[j] += (double) tokens.at(firstToken + cached[b] + i, head * size + c)
                                    * stored.at(firstToken + j, key + c)
                                    / Math.sqrt(size);
                        }
                    }
                    double[] p = softmax(scores, visible);
                    for (int j = from; j < visible; j++) {
                        for (int c = 0; c < size; c++) {
                            y[row * h + head * size + c] +=
                                    p[j] * stored.at(firstToken + j, key + heads.keys() * size + c);
                        }
                    }
                }
            }
            firstToken += cached[b] + rows[b];
        }
        return y;
    }

    static double[] pool(Matrix x, int[] lengths, Pooling pooling) {
        int h = x.columns();
        double[] y = new double[lengths.length * h];
        Arrays.fill(y, pooling == Pooling.MAX ? Double.NEGATIVE_INFINITY : 0);
        int row = 0;
        for (int b = 0; b < lengths.length; b++) {
            for (int i = 0; i < lengths[b]; i++, row++) {
                for (int c = 0; c < h; c++) {
                    double value = x.at(row, c);
                    y[b * h + c] = switch (pooling) {
                        case MAX -> Math.max(y[b * h + c], value);
                        case MEAN -> y[b * h + c] + value / lengths[b];
                    };
                }
            }
        }
        return y;
    }

    static double[] attentionPool(Matrix x, Matrix scores, int[] lengths) {
        int h = x.columns();
        double[] y = new double[lengths.length * h];
        int first = 0;
        for (int b = 0; b < lengths.length; b++) {
            double[] own = new double[lengths[b]];
            int start = first;
            Arrays.setAll(own, i -> scores.at(start + i, 0));
            double[] p = softmax(own, lengths[b]);
            for (int i = 0; i < lengths[b]; i++) {
                for (int c = 0; c < h; c++) {
                    y[b * h + c] += p[i] * x.at(first + i, c);
                }
            }
            first += lengths[b];
        }
        return y;
    }
}
