package dev.limbic.model;

import dev.limbic.ops.Device;
import dev.limbic.ops.Precision;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** Tests that run on one device of a provider, opened before the first of them and closed after the last. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class OnDevice {
    private @Nullable Device opened;

    /** A device of the provider under test. */
    abstract Device open();

    /** What it computes in. */
    abstract Set<Precision> precisions();

    /** Looks whether all was given back. */
    void afterClose() {}

    @BeforeAll
    void openDevice() {
        opened = open();
    }

    @AfterAll
    void closeDevice() {
        if (opened != null) {
            opened.close();
            afterClose();
        }
    }

    Device device() {
        return Objects.requireNonNull(opened);
    }
}
