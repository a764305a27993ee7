package dev.limbic.server.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import java.util.StringJoiner;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Structured logs on standard error, one event per line. Exceptions of defects are logged by {@link #redacted}: a
 * message of a library may quote the text of a request, so only types and places are written.
 */
public final class Logs {
    private static final int FRAMES = 12;

    private Logs() {}

    /**
     * Sets up logging for this process.
     *
     * @param json one JSON object per line instead of key=value
     * @param level of our own events, such as {@code INFO}; libraries log warnings, never more: at finer levels they
     *     write what goes over the wire
     */
    public static void configure(boolean json, String level) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setName("stderr");
        console.setTarget("System.err");
        console.setEncoder(encoder(json, context));
        console.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(console);
        context.getLogger("dev.limbic").setLevel(Level.valueOf(level));
        // A refused message is the client's affair and answered as such; gRPC would log it with a stack trace.
        context.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerStream")
                .setLevel(Level.ERROR);
        // So are connections and headers that are not HTTP/2.
        context.getLogger("io.grpc.netty.shaded.io").setLevel(Level.ERROR);
        // The tokeniser's library looks for GPUs that it is never asked to use and warns when there are none.
        context.getLogger("ai.djl").setLevel(Level.ERROR);
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    private static Encoder<ILoggingEvent> encoder(boolean json, LoggerContext context) {
        EncoderBase<ILoggingEvent> encoder;
        if (json) {
            JsonEncoder lines = new JsonEncoder();
            lines.setWithSequenceNumber(false);
            lines.setWithNanoseconds(false);
            lines.setWithContext(false);
            lines.setWithArguments(false);
            lines.setWithMarkers(false);
            lines.setWithMDC(false);
            lines.setWithThrowable(false);
            encoder = lines;
        } else {
            PatternLayoutEncoder lines = new PatternLayoutEncoder();
            lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %replace(%msg){'[\\r\\n]+', ' '} %kvp%n%nopex");
            encoder = lines;
        }
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    /** Types and places of a throwable and its causes, without their messages. */
    public static String redacted(Throwable thrown) {
        StringJoiner text = new StringJoiner(" caused by ");
        int depth = 0;
        for (Throwable each = thrown; each != null && depth < 5; each = each.getCause(), depth++) {
            StringJoiner frames = new StringJoiner(" < ", each.getClass().getName() + " at ", "");
            StackTraceElement[] trace = each.getStackTrace();
            for (int i = 0; i < Math.min(FRAMES, trace.length); i++) {
                frames.add(trace[i].getClassName() + "." + trace[i].getMethodName() + ":" + trace[i].getLineNumber());
            }
            text.add(frames.toString());
        }
        return text.toString();
    }
}
