package dev.limbic.ops;

import dev.limbic.tensor.Arena;

/** Everything allocated while the scope is open is given up when it closes. */
public interface Scope extends AutoCloseable {
    /** Opens one on scratch memory. */
    static Scope of(Arena scratch) {
        Arena.Mark mark = scratch.mark();
        return () -> scratch.rewind(mark);
    }

    @Override
    void close();
}
