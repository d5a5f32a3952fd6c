"""A Linux guest in QEMU that runs Dray on a disk. SIGKILL of QEMU cuts its power. This file must not know what is uploaded.

The guest boots once, up to the point where it would mount the disk, and its state is saved. Every later start continues from that
state, with the current time and new randomness. So a start takes seconds even without KVM, and only the disk survives a cut."""

import io
import json
import lzma
import os
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cluster"))

from nodes import answers, free_port, wait_until  # noqa: E402

DRAY_PORT, SHELL_PORT = 8080, 9000
DATA_BYTES = 2 << 30
MEMORY_MIB = 512
# How long a boot may take. Some machines have a /dev/kvm that cannot run this kernel. Without KVM, QEMU translates every
# instruction.
BOOT_SECS = {"kvm": 20, "tcg": 600}
# How long it may take to mount the disk and start Dray.
START_SECS = {"kvm": 60, "tcg": 300}
# How long a cut waits for enough unflushed writes.
LONGEST_WAIT_SECS = 1
WAITING = "power: waiting"
# What the guest needs and the kernel may have as a module.
MODULES = ["virtio_pci", "virtio_blk", "virtio_net", "virtio-rng", "crc32c-intel", "xfs"]

EARLY_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /root
/bin/busybox mount -t devtmpfs none /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
until /bin/busybox mount -r -t ext4 /dev/vda /root; do :; done
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /init
"""

# RNDRESEEDCRNG (random(4), here 0x5207) makes the kernel use the seed at once; otherwise every start would draw the same tokens.
INIT = f"""#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /tmp
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
cat /bin/* >/dev/null
exec 3</dev/ttyS1
while :; do echo "{WAITING}"; sleep 1; done &
read now seed url file_system <&3
kill $!
date -s "@$now" >/dev/null
perl -e 'open F, ">", "/dev/urandom"; syswrite F, $ARGV[0]; ioctl F, 0x5207, 0 or die $!' "$seed" || exec poweroff -f
blockdev --flushbufs /dev/vdb
mount -t "$file_system" /dev/vdb /data || exec poweroff -f
nc -ll -p {SHELL_PORT} -e /bin/sh -s &
cd /tmp
export RUST_BACKTRACE=0
dray serve --data /data/drive --listen 0.0.0.0:{DRAY_PORT} --public-url "$url" --log-level warn
echo "dray serve ended: $?"
exec poweroff -f
"""


class Kernel:
    """An unpacked kernel package."""

    def __init__(self, folder):
        self.image = max(Path(folder, "boot").glob("vmlinuz-*"))
        self.modules = Path(folder, "lib/modules", self.image.name.removeprefix("vmlinuz-"))

    def needed_modules(self):
        """The files of MODULES, each after the modules that it needs. What is built in has no file."""
        files = {}
        for path in (self.modules / "kernel").rglob("*.ko*"):
            files[path.name.split(".")[0].replace("_", "-")] = path
        ordered = []

        def add(name):
            path = files.get(name.replace("_", "-"))
            if path is None or path in ordered:
                return
            for needed in re.findall(rb"\0depends=([^\0]*)\0", plain(path))[0].decode().split(","):
                if needed:
                    add(needed)
            ordered.append(path)

        for name in MODULES:
            add(name)
        return ordered


def plain(path):
    """The bytes of a module, which may be compressed."""
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


class Archive:
    """A cpio archive as Linux reads it ("newc": the kernel's Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self):
        self.out, self.count = io.BytesIO(), 0

    def add(self, name, content=b"", mode=stat.S_IFREG | 0o755):
        self.count += 1
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        self.out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0")
        self.pad()
        self.out.write(content)
        self.pad()

    def pad(self):
        self.out.write(bytes(-self.out.tell() % 4))

    def finish(self):
        self.add("TRAILER!!!", mode=0)
        return self.out.getvalue()


def early_system(kernel):
    """The initial RAM disk, which mounts the system's disk."""
    archive = Archive()
    for folder in ["bin", "modules"]:
        archive.add(folder, mode=stat.S_IFDIR | 0o755)
    archive.add("bin/busybox", Path(shutil.which("busybox")).read_bytes())
    modules = kernel.needed_modules()
    for path in modules:
        archive.add(f"modules/{path.name}", plain(path))
    archive.add("modules/order", " ".join(path.name for path in modules).encode())
    archive.add("init", EARLY_INIT.encode())
    return archive.finish()


def system(folder, programs):
    """Makes an image with these programs, the libraries that they load, and BusyBox."""
    root = folder / "root"
    for name in ["bin", "data", "dev", "proc", "sys", "tmp"]:
        (root / name).mkdir(parents=True)
    busybox = shutil.which("busybox")
    for program in [busybox, *programs]:
        copy_program(Path(program), root)
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        link = root / "bin" / applet
        if not link.exists():
            link.symlink_to("busybox")
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    image = folder / "system.img"
    size_kib = 32768 + sum(path.lstat().st_size for path in root.rglob("*")) * 5 // 4 // 1024
    run("mke2fs", "-q", "-t", "ext4", "-d", root, image, f"{size_kib}k")
    shutil.rmtree(root)
    return image


def copy_program(program, root):
    shutil.copy(program, root / "bin" / program.name)
    said = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+) \(0x", said):
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(library, target)


def run(*command):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


class Machine:
    """What all guests of a run have in common."""

    def __init__(self, folder, kernel_folder, binary, file_system):
        self.folder, self.file_system = folder, file_system
        kernel = Kernel(kernel_folder)
        self.kernel = kernel.image
        self.early_system = folder / "early.cpio"
        self.early_system.write_bytes(early_system(kernel))
        # The guest calls it by this name, whatever its name is here.
        program = Path(shutil.copy(binary, folder / "dray"))
        self.system = system(folder, [program, shutil.which("sqlite3"), shutil.which("perl")])
        self.state = folder / "state"
        self.accelerator = self.save_state()

    def new_disk(self, image):
        self.blank_disk(image)
        run(f"mkfs.{self.file_system}", "-q", image)

    def blank_disk(self, image):
        with open(image, "wb") as file:
            file.truncate(DATA_BYTES)

    def command(self, accelerator, folder, console, data, ports=None):
        forward = [f"hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in (ports or {}).items()]
        # QEMU caches nothing of the disk: writes and flushes go through to the server.
        return [
            *["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
            *["-accel", accelerator, "-cpu", "max,arch-capabilities=off", "-smp", "2", "-m", str(MEMORY_MIB)],
            *["-kernel", str(self.kernel), "-initrd", str(self.early_system)],
            *["-append", "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off no_timer_check"],
            *["-serial", f"file:{console}", "-serial", f"unix:{folder}/line,server=on,wait=off"],
            *["-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-device", "virtio-rng-pci"],
            *["-blockdev", f"driver=file,node-name=system,filename={self.system},read-only=on"],
            *["-device", "virtio-blk-pci,drive=system", "-blockdev", f"node-name=data,cache.direct=on,{data}"],
            *["-device", "virtio-blk-pci,drive=data,write-cache=on"],
            *["-netdev", ",".join(["user,id=net,restrict=on", *forward]), "-device", "virtio-net-pci,netdev=net,romfile="],
        ]

    def save_state(self):
        """Boots a guest until it waits, and saves its state. Returns the accelerator that could run it."""
        blank = self.folder / "blank.img"
        self.blank_disk(blank)
        for accelerator in ["kvm", "tcg"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else ["tcg"]:
            console = self.folder / f"console.{accelerator}"
            command = self.command(accelerator, self.folder, console, f"driver=file,filename={blank}")
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(self.folder / "qemu", "ab"))
            try:
                until = time.monotonic() + BOOT_SECS[accelerator]
                while process.poll() is None and time.monotonic() < until:
                    if is_waiting(console):
                        write_state(self.folder / "qmp", self.state)
                        return accelerator
                    time.sleep(0.1)
            finally:
                process.kill()
                process.wait()
            print(f"power: no guest starts with {accelerator}")
        raise AssertionError(f"no guest starts; {console} says why")


def is_waiting(console):
    return console.exists() and WAITING in console.read_text(errors="replace")


def write_state(qmp, file):
    """Writes the state of a guest to a file, and stops it (QEMU's QMP reference, "migrate")."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(qmp))
        lines = connection.makefile("rw")

        def ask(command, **arguments):
            lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            lines.flush()
            while True:
                answer = json.loads(lines.readline())
                assert "error" not in answer, answer
                if "return" in answer:
                    return answer["return"]

        lines.readline()
        ask("qmp_capabilities")
        ask("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        ask("migrate", uri=f"exec:cat > {file}")
        wait_until(lambda: ask("query-migrate")["status"] in ("completed", "failed"), "the state of the guest")
        assert ask("query-migrate")["status"] == "completed", "the state of the guest was not written"


class Guest:
    """One Linux and its Dray, at a port that stays the same from one start to the next."""

    def __init__(self, machine, disk, disk_socket, folder):
        self.machine, self.disk, self.disk_socket, self.folder = machine, disk, disk_socket, folder
        self.port, self.shell_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_up = threading.Event()
        self.process, self.line, self.starts = None, None, 0

    def launch(self):
        """Switches the guest on. Returns before it has mounted its disk."""
        self.starts += 1
        self.disk.attach()
        data = f"driver=nbd,server.type=unix,server.path={self.disk_socket}"
        ports = {self.port: DRAY_PORT, self.shell_port: SHELL_PORT}
        command = self.machine.command(self.machine.accelerator, self.folder, self.console(), data, ports)
        command += ["-incoming", f"exec:cat {self.machine.state}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(self.folder / "qemu", "ab"))

        def waits():
            self.check_alive()
            return is_waiting(self.console())

        wait_until(waits, f"a guest that continues ({self.console()})", START_SECS[self.machine.accelerator], 0.02)
        # The connection stays open: QEMU would discard what it has not read yet.
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(f"{self.folder}/line")
        self.line.sendall(f"{time.time():.0f} {secrets.token_hex(32)} {self.url} {self.machine.file_system}\n".encode())

    def console(self):
        return self.folder / f"console.{self.starts}"

    def start(self):
        """Switches the guest on, and waits until Dray answers."""
        self.launch()

        def is_up():
            self.check_alive()
            return answers(self.url + "/healthz")

        wait_until(is_up, f"a guest that answers ({self.console()})", START_SECS[self.machine.accelerator])
        self.is_up.set()

    def check_alive(self):
        assert self.process.poll() is None, f"the guest ended by itself; {self.console()} says why"

    def cut(self, choice):
        """Cuts the power. Returns what happened to the unflushed writes."""
        self.check_alive()
        self.disk.power_off(choice, LONGEST_WAIT_SECS)
        self.is_up.clear()
        self.off()
        return self.disk.cache.cut(choice)

    def off(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.line.close()
            self.disk.detach()

    def shell(self, script):
        """Runs a script in the guest. Returns its output."""
        with socket.create_connection(("127.0.0.1", self.shell_port), timeout=60) as connection:
            connection.sendall(f"(\n{script}\n) 2>&1\necho \"ended $?\"\nexit\n".encode())
            said = b""
            while more := connection.recv(65536):
                said += more
        body, _, status = said.decode(errors="replace").rpartition("ended ")
        assert status.strip() == "0", f"in the guest: {said.decode(errors='replace')}"
        return body
