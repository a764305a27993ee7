package dev.limbic.ops;

/** What {@link ConvOps} promises. */
interface ConvContract extends ConvCases, ConvTransposeCases, PlaneCases, ConvNanCases, ConvShapeCases {
    @Override
    Workbench bench();
}
