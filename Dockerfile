# Two images of one build; docs/deploy.md says how to run them.
#   docker build --target cpu  -t limbic:cpu .
#   docker build --target cuda -t limbic:cuda .
# No container engine is at hand where this is written: server/src/image/prove.py follows these steps in a bare Debian root.

FROM maven:3.9-eclipse-temurin-25 AS build
# binutils strips the runtime, zip trims natives of other systems, Python brings NVRTC, without which an image is not made.
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils python3 python3-venv zip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ENV LIMBIC_REQUIRE=nvrtc MAVEN_OPTS=-Dmaven.repo.local=/var/cache/maven
RUN --mount=type=cache,target=/var/cache/maven ./limbic image
# The processor's image has no use for machine code of GPUs.
RUN mv target/image/lib/limbic-machine-code.jar target/

FROM debian:bookworm-slim AS cpu
# Numbers, because orchestrators that insist on another user than root cannot look names up.
RUN groupadd --system --gid 10001 limbic \
 && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin limbic
COPY --from=build /src/target/image /opt/limbic
COPY server/src/image/health.sh /opt/limbic/lib/
# Made where it will be used: the JVM takes it only for the very same jars, to their time.
RUN /opt/limbic/limbic start-cache && rm -rf ~/.cache
ENV PATH=/opt/limbic:$PATH
# In a container the network is the container's own; what is published, and whether without TLS and tokens, is for who runs
# it to say. Health is for the health check and for orchestrators, which have no token.
ENV LIMBIC_GRPC_HOST=0.0.0.0 LIMBIC_HTTP_HOST=0.0.0.0 LIMBIC_SECURITY_OPEN_HEALTH=true
USER 10001:10001
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/opt/limbic/lib/health.sh"]
ENTRYPOINT ["/opt/limbic/limbic"]
CMD ["serve"]

FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 AS cuda
RUN groupadd --system --gid 10001 limbic \
 && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin limbic
COPY --from=build /src/target/image /opt/limbic
COPY server/src/image/health.sh /opt/limbic/lib/
COPY --from=build /src/target/limbic-machine-code.jar /opt/limbic/lib/
RUN /opt/limbic/limbic start-cache && rm -rf ~/.cache
ENV PATH=/opt/limbic:$PATH
ENV LIMBIC_GRPC_HOST=0.0.0.0 LIMBIC_HTTP_HOST=0.0.0.0 LIMBIC_SECURITY_OPEN_HEALTH=true
# Kernels for a chip whose machine code did not come along; a volume here saves compiling them at every start.
ENV LIMBIC_CUDA_KERNEL_CACHE=/tmp/limbic-kernels
USER 10001:10001
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/opt/limbic/lib/health.sh"]
ENTRYPOINT ["/opt/limbic/limbic"]
CMD ["serve"]
