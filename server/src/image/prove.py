#!/usr/bin/env python3
"""Follows the Dockerfile where there is no container engine, and proves what it makes.

usage: prove.py [--target cpu|cuda] [--work FOLDER] [--keep STAGE]...

Needs root on Debian, debootstrap, and JAVA_HOME with a JDK 25.

Each stage is a folder with a bare Debian in it, made with debootstrap: in place of the JDK's image it gets Maven and the JDK of
this machine, in place of NVIDIA's nothing more, so that `cuda` shows how the image falls back to the processor. RUN, COPY, ENV,
WORKDIR, USER, HEALTHCHECK, ENTRYPOINT and CMD are read from the Dockerfile and carried out in namespaces of their own; what this
script does not know it refuses. The result is then started as compose.yaml does: root file system read-only, /tmp in memory, no
privileges, a network of its own. Proved are: health, a request over gRPC, metrics, that nothing can be written, and the stop.

--keep takes a stage as an earlier run has left it in FOLDER (/var/tmp/limbic-image by default). What the Dockerfile mounts as a
cache, that of Maven, is this machine's.
"""

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

HOME = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
DOCKERFILE = os.path.join(HOME, "Dockerfile")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What lets package clients of this machine reach their registries; of no use to what is built.
BORROWED = ["/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/apt/sources.list", "/etc/apt/sources.list.d",
            "/etc/apt/apt.conf.d", "/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"]
MAVEN = os.path.expanduser("~/.m2/repository")
PORT, HTTP_PORT = "50051", "8080"


def say(text):
    print(text, flush=True)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def instructions():
    """(word, rest) of each instruction, with continued lines joined and comments left out."""
    lines = [line for line in open(DOCKERFILE, encoding="utf-8") if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "".join(lines)).splitlines():
        if line.strip():
            word, rest = line.split(None, 1)
            yield word, rest.strip()


def stages():
    found, stage = {}, None
    for word, rest in instructions():
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = {"name": name, "base": base, "steps": []}
        else:
            stage["steps"].append((word, rest))
    return found


class Ignored:
    """The patterns of .dockerignore that are used here: names at any depth, and paths from the top."""

    def __init__(self):
        with open(os.path.join(HOME, ".dockerignore"), encoding="utf-8") as file:
            self.patterns = [line.strip() for line in file if line.strip() and not line.startswith("#")]

    def __call__(self, folder, names):
        ignored = set()
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), HOME)
            for pattern in self.patterns:
                deep = pattern.startswith("**/") and fnmatch.fnmatch(name, pattern[3:])
                if deep or fnmatch.fnmatch(path, pattern):
                    ignored.add(name)
        return ignored


class Stage:
    def __init__(self, work, name, base):
        self.work, self.name, self.base = work, name, base
        self.root = os.path.join(work, name)
        self.env = {"PATH": PATH}
        self.folder, self.user = "/", "0:0"
        self.health, self.entry, self.command = None, [], []

    def make(self, steps, others):
        bare = os.path.join(self.work, "debian")
        if not os.path.exists(os.path.join(bare, "complete")):
            say("== a bare Debian (debootstrap)")
            shutil.rmtree(bare, ignore_errors=True)
            run("debootstrap", "--variant=minbase", "bookworm", bare, stdout=subprocess.DEVNULL)
            open(os.path.join(bare, "complete"), "w", encoding="utf-8").close()
        say(f"== stage {self.name}, in place of {self.base}")
        shutil.rmtree(self.root, ignore_errors=True)
        run("cp", "-a", bare, self.root)
        os.remove(os.path.join(self.root, "complete"))
        self.devices()
        if "temurin" in self.base:
            shutil.copytree(os.environ["JAVA_HOME"], self.root + "/opt/java/openjdk", symlinks=True)
            self.env["JAVA_HOME"] = "/opt/java/openjdk"
            self.env["PATH"] = "/opt/java/openjdk/bin:" + PATH
            self.shell("apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "
                       "--no-install-recommends maven >/dev/null")
        self.follow(steps, others, carry_out=True)

    def devices(self):
        """As a container has them."""
        for name, major, minor in [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9)]:
            path = f"{self.root}/dev/{name}"
            if not os.path.exists(path):
                run("mknod", "-m", "666", path, "c", major, minor)
        for name, target in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")]:
            path = f"{self.root}/dev/{name}"
            if not os.path.lexists(path):
                os.symlink(target, path)

    def follow(self, steps, others, carry_out):
        for word, rest in steps:
            if carry_out:
                say(f"   {word} {rest if len(rest) < 110 else rest[:107] + '...'}")
            if word == "RUN":
                if carry_out:
                    self.shell(re.sub(r"^(--mount=\S+\s+)*", "", rest), caches=re.findall(r"--mount=type=cache,target=(\S+)", rest))
            elif word == "COPY":
                if carry_out:
                    self.copy(rest.split(), others)
            elif word == "ENV":
                for pair in shlex.split(rest):
                    key, value = pair.split("=", 1)
                    self.env[key] = re.sub(r"\$(\w+)", lambda known: self.env[known.group(1)], value)
            elif word == "WORKDIR":
                self.folder = rest
                os.makedirs(self.root + rest, exist_ok=True)
            elif word == "USER":
                self.user = rest
            elif word == "HEALTHCHECK":
                self.health = json.loads(rest[rest.index("CMD ") + 4:])
            elif word == "ENTRYPOINT":
                self.entry = json.loads(rest)
            elif word == "CMD":
                self.command = json.loads(rest)
            elif word != "EXPOSE":
                sys.exit(f"prove.py does not know the instruction {word}")

    def copy(self, words, others):
        source = HOME
        if words[0].startswith("--from="):
            source = others[words.pop(0).removeprefix("--from=")].root
        *names, target = words
        place = os.path.normpath(self.root + os.path.join(self.folder, target))
        for name in names:
            path = os.path.normpath(source + "/" + name)
            if os.path.isdir(path):
                ignore = Ignored() if source == HOME else None
                shutil.copytree(path, place, symlinks=True, ignore=ignore, dirs_exist_ok=True)
            else:
                if target.endswith("/"):
                    os.makedirs(place, exist_ok=True)
                shutil.copy2(path, place)

    def shell(self, command, caches=()):
        """A RUN: as root, with this machine's way to its registries, in namespaces of its own."""
        mounts = [f"mount -t proc proc {self.root}/proc"]
        lent = os.path.join(self.work, "borrowed")
        shutil.rmtree(lent, ignore_errors=True)
        for path in [path for path in BORROWED if os.path.exists(path)]:
            # Copies: what packages do to these files is their root's affair, not this machine's.
            os.makedirs(os.path.dirname(lent + path), exist_ok=True)
            run("cp", "-a" if os.path.isdir(path) else "-aL", path, lent + path)
            mounts.append(self.mount(lent + path, path))
        for path in caches:
            mounts.append(self.mount(MAVEN, path))
        inner = f"cd {self.folder} && {command}"
        mounts.append(f"exec chroot {self.root} /bin/sh -c {shlex.quote(inner)}")
        borrowed = {key: value for key, value in os.environ.items() if re.search("CERT|CA_BUNDLE|PIP_|_proxy", key)}
        with open(os.path.join(self.work, self.name + ".log"), "a", encoding="utf-8") as log:
            done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--ipc", "sh", "-ec", "\n".join(mounts)],
                                  env=borrowed | self.env | {"HOME": "/root"}, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT)
        if done.returncode != 0:
            say("".join(open(log.name, encoding="utf-8").readlines()[-40:]))
            sys.exit(f"failed with {done.returncode}; all of it in {log.name}")

    def mount(self, path, inside):
        """A mount of a path of this machine, over something that is made if it is absent."""
        place = self.root + inside
        if os.path.isdir(path):
            os.makedirs(place, exist_ok=True)
        elif not os.path.exists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            open(place, "w", encoding="utf-8").close()
        return f"mount --bind {path} {place}"


class Container:
    """The image at work: everything read-only but /tmp, an unprivileged user, a network of its own."""

    def __init__(self, stage, environment):
        self.stage, self.env = stage, stage.env | environment
        setup = "\n".join([
            f"mount --bind {stage.root} {stage.root}",
            f"mount -t proc proc {stage.root}/proc",
            f"mount -t tmpfs -o mode=1777,size=256m tmpfs {stage.root}/tmp",
            f"mount -o remount,bind,ro {stage.root}",
            "ip link set lo up",
            f"exec {self.enter(stage.entry + stage.command)}"])
        self.log = open(os.path.join(stage.work, "serve.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--net", "sh", "-ec", setup],
            env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.pid = None

    def enter(self, command):
        user, group = self.stage.user.split(":")
        return (f"setpriv --no-new-privs --bounding-set -all,+sys_chroot,+setuid,+setgid "
                f"chroot --userspec={user}:{group} --groups= {self.stage.root} {shlex.join(command)}")

    def first(self):
        """The process that is number 1 inside."""
        if self.pid is None:
            children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii").read().split()
            self.pid = children[0] if children else None
        return self.pid

    def inside(self, command, network_only=False):
        kinds = ["--net"] if network_only else ["--mount", "--pid", "--net", "--ipc"]
        words = command if network_only else ["sh", "-c", "exec " + self.enter(command)]
        return subprocess.run(["nsenter", "--target", self.first(), *kinds, *words], env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def output(self):
        self.log.flush()
        return open(self.log.name, encoding="utf-8").read()


def client(stage):
    """The client example, compiled against the image's jars; the image has no client of its own."""
    classes = os.path.join(stage.work, "client")
    shutil.rmtree(classes, ignore_errors=True)
    jars = stage.root + "/opt/limbic/lib/*"
    run(os.environ["JAVA_HOME"] + "/bin/javac", "-cp", jars, "-d", classes,
        os.path.join(HOME, "client-examples/src/main/java/dev/limbic/examples/UnaryExample.java"))
    return [os.environ["JAVA_HOME"] + "/bin/java", "--enable-native-access=ALL-UNNAMED", "-Dstdout.encoding=UTF-8",
            "-cp", f"{classes}:{jars}", "dev.limbic.examples.UnaryExample"]


def telling(output):
    """Without what libraries log."""
    lines = [line for line in output.splitlines() if not re.match(r"WARNING|\s+at |java\.lang|\d\d:\d\d", line)]
    return " | ".join(line.strip() for line in lines if line.strip())


def require(what, holds, found=""):
    say(f"   {'proved' if holds else 'FAILED'}: {what}{': ' + found if found else ''}")
    if not holds:
        raise SystemExit(1)


def prove_refusal(stage):
    """Nobody has said that something else protects the server."""
    container = Container(stage, {})
    try:
        code = container.process.wait(60)
    except subprocess.TimeoutExpired:
        container.process.kill()
        code = 0
    said = [line.strip() for line in container.output().splitlines() if "allow-insecure" in line]
    require("without TLS and tokens it refuses to listen", code != 0 and bool(said), f"exit code {code}: {' '.join(said)}")


def prove(stage):
    say(f"== {stage.name} at work, as user {stage.user}, root read-only, /tmp in memory")
    container = Container(stage, {"LIMBIC_SECURITY_ALLOW_INSECURE": "true"})
    try:
        start = time.time()
        while time.time() - start < 120:
            if container.process.poll() is not None:
                say(container.output())
                sys.exit("it ended at once")
            if container.first() and container.inside(stage.health).returncode == 0:
                break
            time.sleep(0.5)
        healthy = container.inside(stage.health)
        say("   " + container.output().strip().replace("\n", "\n   "))
        require("the health check passes", healthy.returncode == 0, f"after {time.time() - start:.1f} s")
        status = open(f"/proc/{container.first()}/status", encoding="ascii").read()
        user = re.search(r"^Uid:\s+(\d+)", status, re.M).group(1)
        rights = re.search(r"^CapEff:\s+(\w+)", status, re.M).group(1)
        require("an unprivileged user", user == stage.user.split(":")[0] and int(rights, 16) == 0,
                f"user {user}, capabilities {rights}")
        for path in ["/opt/limbic/lib/x", "/etc/x", "/x"]:
            refused = container.inside(["touch", path])
            require("the root file system is read-only", "Read-only" in refused.stdout, refused.stdout.strip())
        answer = container.inside(client(stage) + ["localhost", PORT], network_only=True)
        if answer.returncode != 0:
            say(answer.stdout)
        require("requests over gRPC", answer.returncode == 0, telling(answer.stdout))
        local = container.inside(["limbic", "analyze", "run!!"])
        require("limbic analyze inside", local.returncode == 0, telling(local.stdout))
        ask = f"exec 3<>/dev/tcp/127.0.0.1/{HTTP_PORT}; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
        metrics = container.inside(["bash", "-c", ask]).stdout
        counted = re.findall(r"^limbic_requests_total\{.*", metrics, re.M)
        require("metrics that Prometheus can scrape", bool(counted), counted[0] if counted else metrics[:300])
        mapped = open(f"/proc/{container.first()}/maps", encoding="utf-8").read()
        require("the start-up cache is in use", "limbic.jsa" in mapped)
        os.kill(int(container.first()), 15)
        container.process.wait(20)
        require("SIGTERM ends it in order", container.process.returncode == 0, f"exit code {container.process.returncode}")
    finally:
        if container.process.poll() is None:
            container.process.kill()


def sizes(stage):
    for path in ["/opt/limbic", "/opt/limbic/runtime", "/opt/limbic/lib", "/opt/limbic/lib/limbic.jsa", "/opt/limbic/models"]:
        found = run("du", "-sm", stage.root + path, stdout=subprocess.PIPE, text=True).stdout.split()[0]
        say(f"   {path:28} {found:>5} MB")
    packed = run("sh", "-c", f"tar -C {stage.root} -c opt/limbic | gzip -6 | wc -c", stdout=subprocess.PIPE, text=True)
    say(f"   the layers above the base, compressed: {int(packed.stdout) / 1e6:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--work", default="/var/tmp/limbic-image")
    parser.add_argument("--keep", default=[], action="append")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    made = {}
    for name, stage in stages().items():
        if name not in ("build", options.target):
            continue
        made[name] = Stage(options.work, name, stage["base"])
        there = os.path.exists(made[name].root + ".complete")
        if there and name in options.keep:
            made[name].follow(stage["steps"], made, carry_out=False)
        else:
            made[name].make(stage["steps"], made)
            open(made[name].root + ".complete", "w", encoding="utf-8").close()
    prove(made[options.target])
    prove_refusal(made[options.target])
    say("== sizes")
    sizes(made[options.target])


main()
