package dev.limbic.ops;

/** What {@link AttentionOps} promises. */
interface AttentionContract
        extends AttentionCases, RotaryCases, CachedAttentionCases, AttentionNanCases, AttentionShapeCases {
    @Override
    Workbench bench();
}
