package dev.limbic.ops;

/** What {@link RowOps} promises. */
interface RowContract extends LinearCases, RowCases, NormCases, PoolCases, RowNanCases, RowShapeCases {
    @Override
    Workbench bench();
}
