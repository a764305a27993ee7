package dev.limbic.ops.cuda;

import dev.limbic.ops.Activation;
import dev.limbic.ops.Conv2d;
import dev.limbic.ops.ConvOps;
import dev.limbic.ops.ConvTranspose2d;
import dev.limbic.ops.DeviceException;
import dev.limbic.ops.Norm;
import dev.limbic.ops.Planes;
import dev.limbic.ops.Pool2d;
import dev.limbic.ops.Upsampling;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Operations on pictures: refused by name until they are written. */
final class CudaConvOps implements ConvOps {
    private static Tensor none() {
        throw refused();
    }

    static DeviceException refused() {
        return new DeviceException(DeviceException.Kind.REFUSED, "pictures do not run on CUDA yet");
    }

    @Override
    public Tensor conv2d(Tensor x, Planes planes, Conv2d weights, Activation activation, @Nullable Tensor residual) {
        return none();
    }

    @Override
    public Tensor convTranspose2d(Tensor x, Planes planes, ConvTranspose2d weights, Activation activation) {
        return none();
    }

    @Override
    public Tensor pool2d(Tensor x, Planes planes, Pool2d pool) {
        return none();
    }

    @Override
    public Tensor adaptiveAverage(Tensor x, Planes planes, int h, int w) {
        return none();
    }

    @Override
    public Tensor upsample(Tensor x, Planes planes, int h, int w, Upsampling how) {
        return none();
    }

    @Override
    public Tensor groupNorm(Tensor x, Planes planes, int groups, Norm norm) {
        return none();
    }

    @Override
    public void scaleChannels(Tensor x, Planes planes, Tensor s) {
        none();
    }

    @Override
    public Tensor normalise(Tensor bytes, Planes planes, Tensor scale, Tensor offset, DType type) {
        return none();
    }
}
