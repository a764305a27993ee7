package dev.limbic.model;

import dev.limbic.layer.Parameters;
import dev.limbic.ops.Device;
import dev.limbic.ops.Ops;
import dev.limbic.ops.PictureWork;
import dev.limbic.ops.Planes;
import dev.limbic.preprocess.image.ImageSettings;
import dev.limbic.preprocess.image.PreparedImage;
import dev.limbic.tensor.DType;
import dev.limbic.tensor.Tensor;
import java.util.List;

/** Pictures on their way through a network. */
record Pictures(PictureInput input, PictureNetwork network) {
    static Pictures of(Parameters parameters, ImageSettings settings, Device device, PictureNetwork network) {
        DType type = network.between(device, parameters.precision());
        return new Pictures(PictureInput.of(parameters, settings, type), network);
    }

    /** What follows the features of pictures in one go, [N, F] → the result. */
    interface Head {
        Tensor of(Ops ops, Tensor features);
    }

    /** Brings pictures to the device and runs network and head, or what the device recorded of them. */
    Tensor run(Device device, List<PreparedImage> pictures, PictureNetwork.Tap tap, Head head) {
        Planes planes = input.planes(pictures.size());
        Tensor bytes = input.upload(device, pictures);
        PictureNetwork.Forward forward = network.on(device, pictures.size());
        PictureWork work = (ops, x, size) -> {
            Tensor pixels = input.normalised(ops, x, size); // [N·H·W, C]
            return head.of(ops, forward.features(ops, pixels, size, tap)); // of [N, F]
        };
        if (!tap.equals(PictureNetwork.Tap.NONE)) {
            return work.run(device.ops(), bytes, planes);
        }
        return forward.takesAnyNumber()
                ? device.each(network, bytes, planes, work)
                : device.replay(network, planes, () -> work.run(device.ops(), bytes, planes));
    }
}
