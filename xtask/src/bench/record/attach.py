# Attaches a program that is pinned at a path to the tracepoint that it names, until standard input closes: bpftool does not.
import ctypes, platform, struct, sys

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
OBJ_GET, RAW_TRACEPOINT_OPEN = 7, 17
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    answer = libc.syscall(BPF, command, ctypes.create_string_buffer(attributes, 16), 16)
    if answer < 0:
        sys.exit("bpf(%d): error %d" % (command, ctypes.get_errno()))
    return answer


path = ctypes.create_string_buffer(sys.argv[1].encode())
program = bpf(OBJ_GET, struct.pack("QII", ctypes.addressof(path), 0, 0))
link = bpf(RAW_TRACEPOINT_OPEN, struct.pack("QII", 0, program, 0))
print("ready", flush=True)
sys.stdin.read()
