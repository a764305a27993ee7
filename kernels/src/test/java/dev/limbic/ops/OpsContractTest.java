package dev.limbic.ops;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the contract itself does around its cases. */
final class OpsContractTest {
    private static final class NoDevice extends OpsContract {
        @Override
        protected Device open() {
            throw new IllegalStateException("no chip");
        }

        @Override
        protected Set<Precision> precisions() {
            return Set.of();
        }

        @Override
        protected void afterClose() {
            throw new AssertionError("nothing was opened");
        }
    }

    @Test
    void aDeviceThatCannotBeOpenedFailsOnceWithItsOwnReason() {
        NoDevice contract = new NoDevice();
        assertThatThrownBy(contract::openDevice).hasMessage("no chip");
        assertThatCode(contract::closeDevice).doesNotThrowAnyException();
    }
}
