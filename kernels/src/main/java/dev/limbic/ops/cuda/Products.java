package dev.limbic.ops.cuda;

import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasOperation;

/**
 * Products through cuBLAS, which counts columns first: a row-major [R, C] is its C × R, so that y = x·Wᵀ becomes
 * yᵀ = W·xᵀ with W transposed back. Accumulation is always f32. Several families begin with a product.
 */
final class Products {
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final CudaEngine engine;

    Products(CudaEngine engine) {
        this.engine = engine;
    }

    /** x·Wᵀ, without the bias. x [T, K], cast if it is not of the weights' type → [T, N]. */
    Tensor of(Tensor x, CudaLinear w) {
        Tensor input = engine.cast(x, w.precision().activations());
        Tensor y = engine.allocate(input.dtype(), x.rows(), w.out());
        multiply(input, w, ZERO, y);
        return y;
    }

    /** residual ← x·Wᵀ + residual, without the bias; the residual is of the type of the weights' activations. */
    void add(Tensor x, CudaLinear w, Tensor residual) {
        multiply(engine.cast(x, residual.dtype()), w, ONE, residual);
    }

    private void multiply(Tensor x, CudaLinear w, Pointer kept, Tensor y) {
        int type = type(y.dtype());
        int status = JCublas2.cublasGemmEx_new(
                engine.context().cublas,
                cublasOperation.CUBLAS_OP_T,
                cublasOperation.CUBLAS_OP_N,
                w.out(),
                x.rows(),
                w.in(),
                ONE,
                Address.pointer(w.weight()),
                type,
                w.in(),
                Address.pointer(x.address()),
                type,
                w.in(),
                kept,
                Address.pointer(y.address()),
                type,
                w.out(),
                cublasComputeType.CUBLAS_COMPUTE_32F,
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        if (status != 0) {
            Check.cublas(status, "cublasGemmEx of " + x + " and [" + w.out() + ", " + w.in() + "]");
        }
    }

    private static int type(DType type) {
        return switch (type) {
            case F32 -> cudaDataType.CUDA_R_32F;
            case F16 -> cudaDataType.CUDA_R_16F;
            case BF16 -> cudaDataType.CUDA_R_16BF;
            case I8, U8, I32, I64 -> throw new IllegalArgumentException("no products of " + type);
        };
    }
}
