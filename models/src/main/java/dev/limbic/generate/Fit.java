package dev.limbic.generate;

import dev.limbic.domain.LimbicException;

/** Whether a request fits into the model and its cache at all. */
record Fit(Scheduler.Limits limits, BlockPool pool) {
    /**
     * Returns how many tokens the sequence may have in all.
     *
     * @throws LimbicException.Invalid if it can never be generated
     */
    int mostTokens(GenerationRequest request) {
        int prompt = request.prompt().length;
        if (prompt == 0) {
            throw new LimbicException.Invalid("the prompt has no tokens");
        }
        SamplingRules.requireTokens(request.prompt(), "the prompt", limits.vocabulary());
        if (request.sharedTokens() < 0 || request.sharedTokens() > prompt) {
            throw new LimbicException.Invalid("shared tokens must be 0 to the prompt's length, %d, found %d"
                    .formatted(prompt, request.sharedTokens()));
        }
        int limit = Math.min(limits.context(), pool.tokens());
        int least = Math.max(1, request.sampling().ending().minNewTokens());
        if (prompt > limit - least) {
            throw new LimbicException.Invalid(
                    "a prompt of %d tokens with at least %d new ones does not fit: the %s holds %d"
                            .formatted(prompt, least, limit < limits.context() ? "cache" : "model's context", limit));
        }
        return limit;
    }
}
