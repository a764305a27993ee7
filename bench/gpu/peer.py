"""BERT-base's shape and networks that see in PyTorch, f16: eager and as a CUDA graph. Prints "name<tab>milliseconds" lines.

What is timed is what Limbic times: from token ids or bytes of pictures on the host to logits on the host, the median.
"""

import statistics
import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    print("PyTorch is not installed here; nothing to compare with")
    sys.exit(0)
if not torch.cuda.is_available():
    print("PyTorch sees no CUDA device; nothing to compare with")
    sys.exit(0)

H, I, HEADS, LAYERS, VOCAB, LABELS = 768, 3072, 12, 12, 30522, 28


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(H, 3 * H), nn.Linear(H, H)
        self.up, self.down = nn.Linear(H, I), nn.Linear(I, H)
        self.norm1, self.norm2 = nn.LayerNorm(H, 1e-12), nn.LayerNorm(H, 1e-12)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, HEADS, H // HEADS).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        x = self.norm1(x + self.out(y.transpose(1, 2).reshape(b, t, H)))
        return self.norm2(x + self.down(nn.functional.gelu(self.up(x))))


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(VOCAB, H), nn.Embedding(512, H)
        self.norm = nn.LayerNorm(H, 1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pooler, self.classifier = nn.Linear(H, H), nn.Linear(H, LABELS)

    def forward(self, ids):
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


def median_ms(work, rounds):
    for _ in range(rounds // 4):
        work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def measure(name, model, host, rounds):
    """Eager, and as a graph: from what lies on the host to logits on the host."""
    print(f"eager {name}\t{median_ms(lambda: model(host.cuda(non_blocking=True)).cpu(), rounds)}", flush=True)
    x = host.cuda()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            model(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = model(x)

    def replay():
        x.copy_(host, non_blocking=True)
        graph.replay()
        return logits.cpu()

    print(f"graph {name}\t{median_ms(replay, rounds)}", flush=True)


def texts():
    model = Bert().half().cuda().eval()
    for name, b, t in (("1x32", 1, 32), ("8x32", 8, 32), ("128x128", 128, 128)):
        measure(name, model, torch.randint(0, VOCAB, (b, t)).pin_memory(), 40 if b > 100 else 400)


class FromBytes(nn.Module):
    """A network in channels-last order behind its normalisation."""

    def __init__(self, net):
        super().__init__()
        self.net = net.eval().half().cuda().to(memory_format=torch.channels_last)

    def forward(self, x):
        return self.net(x.permute(0, 3, 1, 2).half() / 127.5 - 1)


def pictures():
    try:
        from torch.fx.experimental.optimization import fuse
        from torchvision import models
    except ImportError:
        print("torchvision is not installed here; no pictures to compare with")
        return
    torch.backends.cudnn.benchmark = True
    nets = {
        "ResNet-50": lambda: fuse(models.resnet50().eval()),
        "EfficientNet-B0": lambda: fuse(models.efficientnet_b0().eval()),
        "ViT-B/16": lambda: models.vit_b_16(),
    }
    for name, make in nets.items():
        model = FromBytes(make())
        for b in (1, 16, 128):
            host = torch.randint(0, 256, (b, 224, 224, 3), dtype=torch.uint8).pin_memory()
            measure(f"{name} x{b}", model, host, 20 if b > 100 else 100)


@torch.inference_mode()
def main():
    torch.manual_seed(1)
    texts()
    pictures()


main()
