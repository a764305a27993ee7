package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import dev.limbic.ops.DeviceException.Kind;
import jcuda.driver.CUresult;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnStatus;
import jcuda.nvrtc.JNvrtc;

/** Turns status codes into exceptions that name the call and the status. */
final class Check {
    private static final int CUBLAS_ALLOC_FAILED = 3;
    private static final int CUBLAS_EXECUTION_FAILED = 13;
    private static final int CUBLAS_INTERNAL_ERROR = 14;
    private static final int CUDNN_ALLOC_FAILED = 2;

    /** cuDNN 9 numbers its statuses anew: thousands are kinds, 5000 and above failures of the execution. */
    private static final int CUDNN_9_HOST_ALLOC_FAILED = 4003;

    private static final int CUDNN_9_DEVICE_ALLOC_FAILED = 4004;

    private static final int CUDNN_9_EXECUTION_FAILED = 5000;

    private Check() {}

    static void driver(int status, String call) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new DeviceException(kind(status), call + ": " + CUresult.stringFor(status) + " (" + status + ")");
        }
    }

    private static Kind kind(int status) {
        return switch (status) {
            case CUresult.CUDA_ERROR_OUT_OF_MEMORY -> Kind.OUT_OF_MEMORY;
            case CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                    CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                    CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
                    CUresult.CUDA_ERROR_SYSTEM_NOT_READY -> Kind.MISSING;
            // After these the context answers nothing else any more.
            case CUresult.CUDA_ERROR_DEINITIALIZED,
                    CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE,
                    CUresult.CUDA_ERROR_NO_DEVICE,
                    CUresult.CUDA_ERROR_INVALID_CONTEXT,
                    CUresult.CUDA_ERROR_EXTERNAL_DEVICE,
                    CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                    CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED,
                    CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
                    CUresult.CUDA_ERROR_UNKNOWN -> Kind.LOST;
            default -> Kind.REFUSED;
        };
    }

    static void cublas(int status, String call) {
        if (status != 0) {
            Kind kind = status == CUBLAS_ALLOC_FAILED
                    ? Kind.OUT_OF_MEMORY
                    : status == CUBLAS_EXECUTION_FAILED || status == CUBLAS_INTERNAL_ERROR ? Kind.LOST : Kind.REFUSED;
            throw new DeviceException(kind, call + ": " + cublasStatus.stringFor(status) + " (" + status + ")");
        }
    }

    static void cudnn(int status, String call) {
        if (status != 0) {
            boolean memory = status == CUDNN_ALLOC_FAILED
                    || status == CUDNN_9_HOST_ALLOC_FAILED
                    || status == CUDNN_9_DEVICE_ALLOC_FAILED;
            boolean lost = status == cudnnStatus.CUDNN_STATUS_EXECUTION_FAILED || status >= CUDNN_9_EXECUTION_FAILED;
            Kind kind = memory ? Kind.OUT_OF_MEMORY : lost ? Kind.LOST : Kind.REFUSED;
            throw new DeviceException(kind, call + ": " + JCudnn.cudnnGetErrorString(status) + " (" + status + ")");
        }
    }

    static void nvrtc(int status, String call) {
        if (status != 0) {
            throw new DeviceException(
                    Kind.REFUSED, call + ": " + JNvrtc.nvrtcGetErrorString(status) + " (" + status + ")");
        }
    }
}
