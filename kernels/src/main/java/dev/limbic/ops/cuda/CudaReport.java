package dev.limbic.ops.cuda;

import dev.limbic.ops.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/** What of CUDA this machine has, for people who wonder why it is not used. */
public final class CudaReport {
    /** Something that was looked for: what it is called, and what was found or how to get it. */
    public record Line(String name, boolean found, String text) {}

    private CudaReport() {}

    /** Looks at libraries, bindings and the chip with this number. */
    public static List<Line> of(int ordinal) {
        List<Line> lines = new ArrayList<>();
        boolean complete = true;
        List<CudaLibraries.Library> libraries = new ArrayList<>(CudaLibraries.NEEDED);
        if (ShippedKernels.ofThisBuild().chips().isEmpty() || CudaLibraries.COMPILER.isFound()) {
            libraries.add(CudaLibraries.COMPILER);
        }
        for (CudaLibraries.Library library : libraries) {
            boolean found = library.isFound();
            complete &= found;
            lines.add(
                    new Line(library.name(), found, found ? library.file() : library.file() + ": " + library.source()));
        }
        for (String binding : List.of("jcuda", "jcublas", "jcudnn")) {
            lines.add(new Line("JCuda binding", true, binding + " " + version(binding)));
        }
        if (complete) {
            try (CudaContext context = new CudaContext(ordinal, false)) {
                describe(context, lines);
            } catch (DeviceException e) {
                lines.add(new Line("chip " + ordinal, false, String.valueOf(e.getMessage())));
            }
        }
        return lines;
    }

    private static void describe(CudaContext context, List<Line> lines) {
        int[] driver = new int[1];
        Check.driver(JCudaDriver.cuDriverGetVersion(driver), "cuDriverGetVersion");
        lines.add(new Line("driver", true, "for CUDA up to " + driver[0] / 1000 + "." + driver[0] % 1000 / 10));
        int[] cublas = new int[1];
        Check.cublas(JCublas2.cublasGetVersion(context.cublas, cublas), "cublasGetVersion");
        lines.add(new Line("cuBLAS", true, cublas[0] / 10_000 + "." + cublas[0] / 100 % 100 + "." + cublas[0] % 100));
        long cudnn = JCudnn.cudnnGetVersion();
        lines.add(new Line("cuDNN", true, cudnn / 10_000 + "." + cudnn / 100 % 100 + "." + cudnn % 100));
        int chip = context.chip();
        lines.add(new Line("chip", true, context.name() + ", compute capability " + chip / 10 + "." + chip % 10));
        lines.add(kernels(chip));
        long[] free = new long[1];
        long[] total = new long[1];
        Check.driver(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
        lines.add(new Line("memory", true, (free[0] >> 20) + " of " + (total[0] >> 20) + " MiB free"));
    }

    /** How kernels for a chip are come by. */
    private static Line kernels(int chip) {
        if (ShippedKernels.ofThisBuild().chips().contains(chip)) {
            return new Line("kernels", true, "came along as machine code; NVRTC is not needed");
        }
        try {
            return new Line("kernels", true, "compiled at the first start by " + new KernelCompiler(chip));
        } catch (DeviceException missing) {
            return new Line("kernels", false, String.valueOf(missing.getMessage()));
        }
    }

    private static String version(String artifact) {
        Properties properties = new Properties();
        String path = "/META-INF/maven/org.jcuda/" + artifact + "/pom.properties";
        try (InputStream in = CudaReport.class.getResourceAsStream(path)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException unreadable) {
            return "of an unknown version";
        }
        return properties.getProperty("version", "of an unknown version");
    }
}
