package dev.limbic.ops;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What every device must do, family by family and operation by operation: agree with a naive oracle in double over awkward sizes, keep
 * rows independent of their batch, keep NaN where it arose, and name the operation when a shape is wrong. A provider
 * extends this class and says how to open a device.
 */
public abstract class OpsContract
        implements RowContract, AttentionContract, RecurrentContract, SampleCases, StateCases, ConvContract {
    private @Nullable Workbench bench;

    /** A fresh device; the contract closes it. */
    protected abstract Device open();

    /** What the device computes in, at its own speed or not. */
    protected abstract Set<Precision> precisions();

    /** Whether the products of convolutions in 16 bits are rounded before bias, residual and activation. */
    protected boolean roundsProducts() {
        return false;
    }

    @BeforeEach
    void openDevice() {
        bench = new Workbench(open(), precisions(), roundsProducts());
    }

    @AfterEach
    void closeDevice() {
        if (bench != null) { // else there was no device, and why is what the report shall say
            bench.close();
            afterClose();
        }
    }

    /** Looks whether all was given back. */
    protected void afterClose() {}

    @Override
    public final Workbench bench() {
        Workbench open = bench;
        if (open == null) {
            throw new IllegalStateException("no device is open");
        }
        return open;
    }
}
