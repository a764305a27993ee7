package dev.limbic.ops.cuda;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Checks;
import dev.limbic.ops.Linear;
import dev.limbic.ops.Lookup;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Pooling;
import dev.limbic.ops.RowOps;
import dev.limbic.ops.Scope;
import dev.limbic.ops.Sequences;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUmemorytype;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Operations on rows: most give a row to a warp. */
final class CudaRowOps implements RowOps {
    private final CudaEngine engine;
    private final Products products;

    CudaRowOps(CudaEngine engine, Products products) {
        this.engine = engine;
        this.products = products;
    }

    @Override
    public Tensor linear(Tensor x, Linear weights, Activation activation) {
        Checks.linear(x, weights);
        CudaLinear w = (CudaLinear) weights;
        Tensor y = products.of(x, w);
        biasActivation(y, w.bias(), activation);
        return y;
    }

    private void biasActivation(Tensor y, long bias, Activation activation) {
        if (bias != 0 || activation != Activation.NONE) {
            engine.kernels()
                    .of("bias_activation", "bias_activation", y.dtype())
                    .pointer(y.address())
                    .pointer(bias)
                    .integer(y.rows())
                    .integer(y.columns())
                    .integer(KernelNumbers.code(activation))
                    .launchStrips(y.rows(), y.columns());
        }
    }

    /** cuBLAS adds to what is there. */
    @Override
    public void linearAdd(Tensor x, Linear weights, Tensor residual) {
        Checks.linearAdd(x, weights, residual);
        CudaLinear w = (CudaLinear) weights;
        products.add(x, w, residual);
        biasActivation(residual, w.bias(), Activation.NONE);
    }

    /** The bias is added on the way to the norm, which saves a round through memory. */
    @Override
    public void linearAddLayerNorm(Tensor x, Linear weights, Tensor residual, Norm norm) {
        Checks.linear(x, weights);
        CudaLinear w = (CudaLinear) weights;
        addLayerNorm(products.of(x, w), w.bias(), residual, norm);
    }

    @Override
    public void addLayerNorm(Tensor x, Tensor residual, Norm norm) {
        addLayerNorm(x, 0, residual, norm);
    }

    private void addLayerNorm(Tensor x, long bias, Tensor residual, Norm norm) {
        Checks.addLayerNorm(x, residual, norm);
        engine.kernels()
                .of("add_layer_norm", "add_layer_norm", x.dtype())
                .pointer(x.address())
                .pointer(bias)
                .pointer(residual.address())
                .pointer(norm.gain().address())
                .pointer(norm.bias().address())
                .number(norm.epsilon())
                .integer(x.rows())
                .integer(x.columns())
                .launchRows(x.rows());
    }

    @Override
    public Tensor embed(List<Lookup> lookups, @Nullable Norm norm) {
        Checks.embed(lookups, norm);
        Tensor first = lookups.getFirst().table();
        Tensor y = engine.allocate(first.dtype(), lookups.getFirst().ids().rows(), first.columns());
        Kernels launch = engine.kernels()
                .of("embed", "embed", y.dtype())
                .pointer(y.address())
                .integer(y.rows())
                .integer(y.columns())
                .integer(lookups.size());
        for (int i = 0; i < Lookup.MOST; i++) {
            Lookup lookup = lookups.get(Math.min(i, lookups.size() - 1));
            launch.pointer(lookup.table().address()).pointer(lookup.ids().address());
        }
        launch.pointer(norm == null ? 0 : norm.gain().address())
                .pointer(norm == null ? 0 : norm.bias().address())
                .number(norm == null ? 0 : norm.epsilon())
                .launchRows(y.rows());
        return y;
    }

    @Override
    public Tensor layerNorm(Tensor x, Norm norm) {
        Checks.layerNorm(x, norm);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns());
        engine.kernels()
                .of("norm", "layer_norm", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(norm.gain().address())
                .pointer(norm.bias().address())
                .number(norm.epsilon())
                .integer(x.rows())
                .integer(x.columns())
                .launchRows(x.rows());
        return y;
    }

    @Override
    public Tensor rmsNorm(Tensor x, Tensor gain, float epsilon) {
        Checks.rmsNorm(x, gain);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns());
        engine.kernels()
                .of("norm", "rms_norm", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(gain.address())
                .number(epsilon)
                .integer(x.rows())
                .integer(x.columns())
                .launchRows(x.rows());
        return y;
    }

    @Override
    public void add(Tensor x, Tensor residual) {
        Checks.add(x, residual);
        elementwise("add", x, residual);
    }

    @Override
    public Tensor swiGlu(Tensor x) {
        Checks.swiGlu(x);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns() / 2);
        elementwise("swiglu", x, y);
        return y;
    }

    private void elementwise(String kernel, Tensor x, Tensor y) {
        engine.kernels()
                .of("elementwise", kernel, x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .integer(y.rows())
                .integer(y.columns())
                .launchStrips(y.rows(), y.columns());
    }

    @Override
    public Tensor softmax(Tensor x) {
        Checks.numbers("softmax", x);
        Tensor y = engine.allocate(x.dtype(), x.rows(), x.columns());
        engine.kernels()
                .of("softmax", "softmax", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .integer(x.rows())
                .integer(x.columns())
                .launchRows(x.rows());
        return y;
    }

    @Override
    public Tensor gatherRows(Tensor x, Tensor rows) {
        Checks.gatherRows(rows);
        Tensor y = engine.allocate(x.dtype(), rows.rows(), x.columns());
        engine.gather(x, rows, y);
        return y;
    }

    @Override
    public Tensor concat(List<Tensor> parts) {
        int columns = Checks.concat(parts);
        Tensor first = parts.getFirst();
        Tensor y = engine.allocate(first.dtype(), first.rows(), columns);
        CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstDevice = Address.device(y.address());
        copy.dstPitch = y.rowBytes();
        copy.Height = y.rows();
        for (Tensor part : parts) {
            copy.srcDevice = Address.device(part.address());
            copy.srcPitch = part.rowBytes();
            copy.WidthInBytes = part.rowBytes();
            Check.driver(JCudaDriver.cuMemcpy2DAsync(copy, engine.context().stream), "cuMemcpy2DAsync of concat");
            copy.dstXInBytes += part.rowBytes();
        }
        return y;
    }

    @Override
    public Tensor pool(Tensor x, Sequences sequences, Pooling pooling) {
        Checks.sequences("pool", x, sequences);
        Tensor y = engine.allocate(x.dtype(), sequences.count(), x.columns());
        engine.kernels()
                .of("pool", "pool", x.dtype())
                .pointer(y.address())
                .pointer(x.address())
                .pointer(sequences.cuSeqlens().address())
                .integer(sequences.count())
                .integer(x.columns())
                .integer(KernelNumbers.code(pooling))
                .launch(
                        Math.ceilDiv(x.columns(), KernelNumbers.POOL_STRIP),
                        sequences.count(),
                        1,
                        KernelNumbers.ROW_BLOCK,
                        0);
        return y;
    }

    @Override
    public Tensor attentionPool(Tensor x, Tensor scores, Sequences sequences) {
        Checks.attentionPool(x, scores, sequences);
        Tensor y = engine.allocate(x.dtype(), sequences.count(), x.columns());
        try (Scope _ = engine.scope()) {
            Tensor wide = engine.cast(scores, DType.F32);
            engine.kernels()
                    .of("pool", "attention_pool", x.dtype())
                    .pointer(y.address())
                    .pointer(x.address())
                    .pointer(wide.address())
                    .pointer(sequences.cuSeqlens().address())
                    .integer(sequences.count())
                    .integer(x.columns())
                    .launch(
                            Math.ceilDiv(x.columns(), KernelNumbers.POOL_STRIP),
                            sequences.count(),
                            1,
                            KernelNumbers.ROW_BLOCK,
                            0);
        }
        return y;
    }
}
