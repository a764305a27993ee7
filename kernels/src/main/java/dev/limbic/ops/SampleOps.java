package dev.limbic.ops;

import dev.limbic.tensor.Tensor;
import java.util.List;

/** The choice of tokens. See {@link Ops}. */
public interface SampleOps {
    /**
     * Chooses the next token of each of R rows of logits, in this order:
     *
     * <ol>
     *   <li>log-probabilities for the report: log-softmax of the logits as they are;
     *   <li>the row's {@link LogitChanges};
     *   <li>temperature 0: the token with the largest logit, of equal ones the lowest id. Otherwise divide by it;
     *   <li>top-k, of equal logits the lower ids;
     *   <li>top-p of what is left: the fewest most probable tokens whose share is at least p, of equal ones the lower ids;
     *   <li>min-p of what is left;
     *   <li>the first token, by id, at which the running total of the weights left exceeds draw times their sum.
     * </ol>
     *
     * <p>A weight is e^((z − largest)/temperature) in f32, cut to a whole multiple of 2⁻³⁸; sums are sums of whole
     * numbers. So they depend neither on their order nor on the provider, and tokens of less than e^−26 of the largest
     * one's weight are never drawn. Exact arithmetic would choose another token only where draw, p or a share lies within
     * 10⁻⁵ of a border.
     *
     * <p>A row with a logit that is not finite, or whose changes leave no token, is marked in the result and does not
     * touch others; see {@link SampleRow} for the columns.
     *
     * @param logits [R, V], V at most 2²⁴; not changed
     * @param rows how each row is treated, R of them
     * @return f32 [R, 3 + 2·A], A being {@link SampleRow#mostAlternatives}: id, log-probability, outcome, then ids of the
     *     most probable tokens, of equal ones the lower ids first, then their log-probabilities. Places beyond what a row
     *     asked for, or beyond V, have id −1 and log-probability 0. Ids are whole numbers, exact in f32.
     */
    Tensor sample(Tensor logits, List<SampleRow> rows);
}
