package dev.limbic.server.batch;

import dev.limbic.domain.LimbicException;

/** Work that was accepted and will not be done, and what it is told. */
record Refusal(Ticket<?, ?> ticket, BatchObserver.Drop reason, LimbicException why) {}
