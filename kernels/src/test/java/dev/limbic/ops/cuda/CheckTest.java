package dev.limbic.ops.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which status means what: whether a batch is halved, the device opened again, or a defect reported depends on it. */
final class CheckTest {
    @BeforeAll
    static void require() {
        TestDevice.require(); // cuDNN's texts come from the library
    }

    private static void expect(Kind kind, String call, Runnable check) {
        assertThatThrownBy(check::run)
                .isInstanceOfSatisfying(
                        DeviceException.class,
                        e -> org.assertj.core.api.Assertions.assertThat(e.kind())
                                .isEqualTo(kind))
                .hasMessageContaining(call);
    }

    @ParameterizedTest
    @CsvSource({
        "2, OUT_OF_MEMORY",
        "4, LOST",
        "46, LOST",
        "100, LOST",
        "201, LOST",
        "209, MISSING",
        "214, LOST",
        "220, LOST",
        "222, MISSING",
        "700, LOST",
        "702, LOST",
        "714, LOST",
        "715, LOST",
        "716, LOST",
        "717, LOST",
        "718, LOST",
        "719, LOST",
        "710, LOST",
        "911, LOST",
        "999, LOST",
        "1, REFUSED",
        "400, REFUSED",
        "900, REFUSED"
    })
    void driver(int status, Kind kind) {
        expect(kind, "cuCall", () -> Check.driver(status, "cuCall"));
    }

    @ParameterizedTest
    @CsvSource({"3, OUT_OF_MEMORY", "13, LOST", "14, LOST", "7, REFUSED", "15, REFUSED"})
    void cublas(int status, Kind kind) {
        expect(kind, "cublasCall", () -> Check.cublas(status, "cublasCall"));
    }

    @ParameterizedTest
    @CsvSource({
        "4003, OUT_OF_MEMORY",
        "4004, OUT_OF_MEMORY",
        "5000, LOST",
        "5002, LOST",
        "2000, REFUSED",
        "3000, REFUSED"
    })
    void cudnn(int status, Kind kind) {
        expect(kind, "cudnnCall", () -> Check.cudnn(status, "cudnnCall"));
    }

    @Test
    void successIsSilent() {
        Check.driver(0, "");
        Check.cublas(0, "");
        Check.cudnn(0, "");
        Check.nvrtc(0, "");
    }
}
