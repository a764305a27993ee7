package dev.limbic.ops;

/** What {@link RecurrentOps} promises. */
interface RecurrentContract extends RecurrentCases, RecurrentShapeCases {
    @Override
    Workbench bench();
}
