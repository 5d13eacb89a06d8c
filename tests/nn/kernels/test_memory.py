"""What fits in memory: the system's word, and that of a batch system's control group."""

import pytest
import torch

from pendula.errors import TooLargeError
from pendula.nn import GRU
from pendula.nn.kernels import memory
from pendula.nn.kernels.native import available

MEMINFO = "MemTotal: 100 kB\nMemAvailable:      3000000 kB\nSwapFree:  1000000 kB\n"
KIB = 1024


@pytest.fixture
def files(monkeypatch):
    """A file system of the test's own."""
    held = {"/proc/meminfo": MEMINFO}
    monkeypatch.setattr(memory, "_read", lambda path: held.get(str(path), ""))
    return held


def test_the_system_has_what_is_available_and_what_it_can_swap(files):
    assert memory.available_bytes() == 4_000_000 * KIB


def test_a_control_group_of_version_2_counts_with_all_above_it(files):
    files["/proc/self/cgroup"] = "0::/job/step\n"
    files["/sys/fs/cgroup/job/step/memory.max"] = "max\n"
    files["/sys/fs/cgroup/job/step/memory.current"] = "100\n"
    assert memory.available_bytes() == 4_000_000 * KIB
    files["/sys/fs/cgroup/job/memory.max"] = "1000000\n"
    files["/sys/fs/cgroup/job/memory.current"] = "400000\n"
    files["/sys/fs/cgroup/job/memory.stat"] = "anon 5\nactive_file 1000\ninactive_file 2000\n"
    assert memory.available_bytes() == 600_000 + 3000


def test_a_control_group_of_version_1_counts(files):
    files["/proc/self/cgroup"] = "4:cpu:/\n3:memory:/job\n0::/\n"
    files["/sys/fs/cgroup/memory/job/memory.limit_in_bytes"] = "1000000\n"
    files["/sys/fs/cgroup/memory/job/memory.usage_in_bytes"] = "400000\n"
    files["/sys/fs/cgroup/memory/job/memory.stat"] = "total_active_file 7\ninactive_file 2000\n"
    assert memory.available_bytes() == 600_007


def test_what_is_left_is_what_may_be_taken(files):
    memory.require(4_000_000 * KIB, "all of it")
    with pytest.raises(TooLargeError, match=r"expected at most 3\.8 GiB, got 3\.8 GiB for one byte more"):
        memory.require(4_000_000 * KIB + 1, "one byte more")


def test_where_nothing_tells_everything_is_tried(files, monkeypatch):
    files.clear()
    monkeypatch.setattr(memory.os, "sysconf_names", {})
    assert memory.available_bytes() is None
    memory.require(1 << 60, "anything")


def test_elsewhere_the_size_of_the_memory_is_the_bound(files):
    files.clear()
    known = memory.available_bytes()
    assert known is None or known > 1 << 20


def test_this_machine_tells():
    left = memory.available_bytes()
    assert left is None or 1 << 20 < left < 1 << 50


def test_what_is_kept_serves_again_without_touching_what_is_still_held():
    if not available():
        pytest.skip("needs the compiled core")
    layer = GRU(1, 16, batch_first=True)
    inputs = torch.randn(2, 8, 40, 1)
    first, _ = layer(inputs[0])
    second, _ = layer(inputs[1])  # while the first call's memory is still held
    torch.testing.assert_close(gradients(layer, first), gradients(layer, layer(inputs[0])[0]), rtol=0, atol=0)
    torch.testing.assert_close(gradients(layer, second), gradients(layer, layer(inputs[1])[0]), rtol=0, atol=0)


def gradients(layer, output):
    return torch.autograd.grad(output.square().sum(), list(layer.parameters()))
