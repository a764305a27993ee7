package dev.limbic.ops.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** JCuda's handles of device addresses, which we keep as plain numbers. */
final class Address {
    private Address() {}

    /** For cuBLAS and cuDNN. */
    static Pointer pointer(long address) {
        return new Raw(address);
    }

    /** For the driver. */
    static CUdeviceptr device(long address) {
        return new Offset(address);
    }

    private static final class Raw extends Pointer {
        Raw(long address) {
            super(address);
        }
    }

    private static final class Offset extends CUdeviceptr {
        Offset(long address) {
            super(new CUdeviceptr(), address);
        }
    }

    /** Receives an address from the driver. */
    static final class Result extends CUdeviceptr {
        long address() {
            return getNativePointer() + getByteOffset();
        }
    }
}
