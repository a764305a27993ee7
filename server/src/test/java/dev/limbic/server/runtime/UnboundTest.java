package dev.limbic.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnboundTest {
    @ParameterizedTest
    @CsvSource({
        "Permission denied, 'CAP_NET_BIND_SERVICE; choose a higher grpc.port'",
        "bind(..) failed with error(-13): Permission denied, CAP_NET_BIND_SERVICE",
        "Address already in use, is another server running",
        "bind(..) failed with error(-98): Address already in use, Choose another grpc.port",
        "Cannot assign requested address, grpc.host must be an address of this machine",
        "Too many open files, look at grpc.host and grpc.port",
    })
    void saysWhatToDo(String reason, String advice) {
        String why = Unbound.why("grpc", new IOException("Failed to bind", new BindException(reason)));
        assertThat(why).startsWith(reason + "; ").contains(advice);
        assertThat(why.contains("grpc.host")).isEqualTo(advice.contains("grpc.host"));
    }

    @Test
    void anUnknownHostIsTheHostsFault() {
        assertThat(Unbound.why("http", new UnknownHostException("nowhere"))).startsWith("no such host; http.host");
    }
}
