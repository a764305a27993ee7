"""The two networks, with the tensors' names and places of docs/vision-format.md."""

from torch import nn
from torch.nn import functional


class Plain(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x):
        return functional.relu(self.norm(self.conv(x)))


class Separable(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.depthwise = nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
        self.pointwise = nn.Conv2d(before, after, 1, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x):
        return self.norm(self.pointwise(self.depthwise(x)))


class Shortcut(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 1, 2, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x):
        return self.norm(self.conv(x))


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.shortcut = Shortcut(before, after)
        self.conv0 = Separable(before, after)
        self.conv1 = Separable(after, after)

    def forward(self, x):
        y = self.conv1(functional.relu(self.conv0(x)))
        return functional.max_pool2d(y, 3, 2, 1) + self.shortcut(x)


class MiniXception(nn.Module):
    """After Arriaga, Valdenegro-Toro and Plöger (2017), in colour and with a linear classifier after the pooling."""

    def __init__(self, labels, stem=(16, 32), strides=(1, 2), hidden=(64, 128, 256, 320)):
        super().__init__()
        self.sizes = {"stem_sizes": list(stem), "stem_strides": list(strides), "hidden_sizes": list(hidden)}
        self.stem = nn.Sequential(*(Plain(a, b, s) for a, b, s in zip((3, *stem), stem, strides)))
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in zip((stem[-1], *hidden), hidden)))
        self.classifier = nn.Linear(hidden[-1], labels)
        self.drop = nn.Dropout(.2)

    def features(self, x):
        return self.blocks(self.stem(x)).mean((2, 3))

    def forward(self, x):
        return self.classifier(self.drop(self.features(x)))


class Video(nn.Module):
    """A GRU over the features of frames [B, T, F] with logits at each frame."""

    def __init__(self, features, labels, hidden=96):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, labels)
        self.drop = nn.Dropout(.2)

    def forward(self, x, state=None):
        states, state = self.rnn(x, state)
        return self.classifier(self.drop(states)), state
