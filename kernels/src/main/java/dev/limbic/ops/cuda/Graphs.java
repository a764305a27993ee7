package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.tensor.Arena;
import dev.limbic.tensor.Tensor;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/**
 * Recorded work. A graph holds the addresses it was recorded with. They stay right because scratch memory is taken in
 * the same order in every batch: what begins at the same mark of the same blocks finds its tensors where they were.
 *
 * <p>Owned by the device's thread.
 */
final class Graphs implements AutoCloseable {
    /**
     * Graphs that are kept, of all models together; the one that was not used for longest goes first. Pictures need one for
     * each number of them in a batch.
     */
    private static final int KEPT = 256;

    private static final System.Logger LOG = System.getLogger(Graphs.class.getName());

    private final CudaContext context;
    private final Arena scratch;
    private final Map<Object, Recorded> recorded = new LinkedHashMap<>(16, 0.75f, true);
    private boolean enabled;

    /**
     * Work as it was recorded.
     *
     * @param generation of the scratch memory's blocks
     * @param start of its scratch memory
     * @param end of its scratch memory
     */
    private record Recorded(CUgraphExec graph, long generation, Arena.Mark start, Arena.Mark end, Tensor result) {}

    Graphs(CudaContext context, Arena scratch, boolean enabled) {
        this.context = context;
        this.scratch = scratch;
        this.enabled = enabled;
    }

    Tensor run(Object key, Supplier<Tensor> work) {
        if (!enabled) {
            return work.get();
        }
        Arena.Mark start = scratch.mark();
        long generation = scratch.blockAllocations();
        Recorded known = recorded.get(key);
        if (known != null && known.generation == generation && known.start.equals(start)) {
            Check.driver(JCudaDriver.cuGraphLaunch(known.graph, context.stream), "cuGraphLaunch");
            scratch.rewind(known.end);
            return known.result;
        }
        forget(key);
        // The first time it runs as it is: memory grows now, and the libraries load what they load lazily.
        Tensor result = work.get();
        if (generation == scratch.blockAllocations()) {
            Arena.Mark end = scratch.mark();
            scratch.rewind(start);
            record(key, generation, start, work);
            scratch.rewind(end);
        }
        return result;
    }

    private void record(Object key, long generation, Arena.Mark start, Supplier<Tensor> work) {
        CUgraph graph = new CUgraph();
        try {
            Tensor result = capture(graph, work);
            CUgraphExec executable = new CUgraphExec();
            Check.driver(JCudaDriver.cuGraphInstantiate(executable, graph, 0), "cuGraphInstantiate");
            recorded.put(key, new Recorded(executable, generation, start, scratch.mark(), result));
            makeRoom();
        } catch (DeviceException failure) {
            switch (failure.kind()) {
                case OUT_OF_MEMORY -> close(); // the result is there already; room for it next time
                case REFUSED -> {
                    enabled = false; // slower, but right
                    LOG.log(System.Logger.Level.WARNING, "CUDA graphs are off: " + failure.getMessage());
                }
                case LOST, MISSING -> throw failure;
            }
        } finally {
            JCudaDriver.cuGraphDestroy(graph);
        }
    }

    /** Lets the stream record what {@code work} launches; nothing runs. */
    private Tensor capture(CUgraph graph, Supplier<Tensor> work) {
        Check.driver(
                JCudaDriver.cuStreamBeginCapture(
                        context.stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        boolean captured = false;
        try {
            Tensor result = work.get();
            captured = true;
            return result;
        } finally {
            int status = JCudaDriver.cuStreamEndCapture(context.stream, graph);
            if (captured) {
                Check.driver(status, "cuStreamEndCapture");
            }
        }
    }

    private void makeRoom() {
        Iterator<Recorded> oldest = recorded.values().iterator();
        while (recorded.size() > KEPT) {
            destroy(oldest.next());
            oldest.remove();
        }
    }

    private void forget(Object key) {
        Recorded old = recorded.remove(key);
        if (old != null) {
            destroy(old);
        }
    }

    private static void destroy(Recorded graph) {
        JCudaDriver.cuGraphExecDestroy(graph.graph);
    }

    /** Graphs that are kept now; for tests. */
    int size() {
        return recorded.size();
    }

    /** Forgets everything, such as before the weights that graphs point to are freed. */
    @Override
    public void close() {
        recorded.values().forEach(Graphs::destroy);
        recorded.clear();
    }
}
