package dev.limbic.ops;

/** What {@link RecurrentOps} promises. */
interface RecurrentContract extends RecurrentCases, RecurrentStateCases, RecurrentShapeCases {
    @Override
    Workbench bench();
}
