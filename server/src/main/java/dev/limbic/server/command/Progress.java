package dev.limbic.server.command;

import java.io.Console;

/** How far long work is, in a line that is written over, where somebody looks on. */
final class Progress implements AutoCloseable {
    private final String what;
    private final int total;
    private final boolean terminal;

    @SuppressWarnings("SystemConsoleNull") // it is null where a program embeds us
    Progress(String what, int total) {
        this.what = what;
        this.total = total;
        Console console = System.console();
        terminal = console != null && console.isTerminal();
    }

    void done(int count) {
        if (terminal) {
            System.err.printf("\r  %s %d of %d", what, count, total);
        }
    }

    @Override
    public void close() {
        if (terminal) {
            System.err.print("\r\033[K");
        }
    }
}
