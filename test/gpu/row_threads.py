#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Threads with several sessions each on one device: every answer bit for bit that of one session alone, memory flat after the first hundred runs of each session.

Runs in turn are waited for, or enqueued on the thread's stream; tensors lie on the device, in pinned and in pageable memory. Exit 1: a wrong answer, a failed run, more memory.
"""
import collections
import itertools
import sys
import threading
import time

import numpy as np

import mlc_api
from shapes import arguments, on_device, parse_dims, shape_of, to_numpy, values_for

WARM = 100


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


class Client:
    """A session with tensors in one kind of memory."""

    def __init__(self, plan, device, symbols, inputs, kind):
        self.session, self.kind = mlc_api.Session(plan, device), kind
        for i, (info, array) in enumerate(zip(self.session.infos("input"), inputs)):
            name = mlc_api.DTYPES[info.dtype]
            tensor = mlc_api.Tensor.wrap(device.library, array, name)
            if kind != "pageable":
                given = tensor
                tensor = mlc_api.Tensor.create(device, name, array.shape, pinned=kind == "pinned")
                tensor.copy_from(given)
            self.session.set_input(i, tensor)
        if kind != "pageable":  # else the session's own
            for i, info in enumerate(self.session.infos("output")):
                self.session.set_output(i, mlc_api.Tensor.create(device, mlc_api.DTYPES[info.dtype], shape_of(info, symbols), pinned=kind == "pinned"))

    def run(self, stream):
        if stream is None:
            self.session.run()
        else:
            self.session.enqueue(stream)
            self.session.wait()

    def answers(self):
        outputs = [self.session.output(i) for i in range(len(self.session.infos("output")))]
        return [to_numpy(t) if t.library.mlc_tensor_on_device(t.pointer) else t.numpy() for t in outputs]


def main():
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--sessions", type=int, default=4, help="of each thread")
    parser.add_argument("--runs", type=int, default=1000, help="of each session")
    parser.add_argument("--dims", nargs="*", default=[], metavar="SYMBOL=VALUE")
    args = parser.parse_args()
    library = mlc_api.library_beside(args.dir)
    device, plan = mlc_api.Device(library, args.device), mlc_api.Plan(library, args.plan)
    symbols, data = parse_dims(args.dims), np.random.default_rng(11)
    alone = mlc_api.Session(plan, device)
    inputs = [values_for(info, shape_of(info, symbols), data) for info in alone.infos("input")]
    single = Client(plan, device, symbols, inputs, "device")
    single.run(None)
    wanted = single.answers()
    wrong, memory = collections.Counter(), []
    warm = threading.Barrier(args.threads, action=lambda: memory.append((device.stats().reserved_bytes, resident_bytes())))

    def serve(number):
        try:
            stream = mlc_api.Stream(device)
            kinds = itertools.islice(itertools.cycle(("device", "pinned", "pageable")), number, number + args.sessions)
            clients = [Client(plan, device, symbols, inputs, kind) for kind in kinds]
            for i in range(args.runs):
                if i == min(WARM, args.runs - 1):
                    warm.wait()
                for k, client in enumerate(clients):
                    client.run(stream if (i + k) % 2 else None)
                    if (i + k) % 10 == 0 and any(a.tobytes() != b.tobytes() for a, b in zip(client.answers(), wanted)):
                        wrong[f"a wrong answer, tensors {client.kind}"] += 1
            warm.wait()
        except Exception as e:
            wrong[f"{type(e).__name__}: {e}"[:300]] += 1
            warm.abort()
    start = time.time()
    threads = [threading.Thread(target=serve, args=(n,)) for n in range(args.threads)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    seconds = time.time() - start
    total = args.threads * args.sessions * args.runs
    grown = [(after - before) / 2**20 for before, after in zip(*memory)] if len(memory) == 2 else [np.inf, np.inf]
    good = not wrong and grown[0] <= 0 and grown[1] < 64
    print(f"{args.threads} threads x {args.sessions} sessions x {args.runs} runs in {seconds:.1f} s ({total / seconds:.0f} runs/s): device memory grew by {grown[0]:.1f} MiB, the process by "
          f"{grown[1]:.1f} MiB after {min(WARM, args.runs - 1)} runs of each  {'ok' if good else 'WRONG'}")
    for what, count in wrong.most_common(5):
        print(f"  {count} x {what}")
    return not good


if __name__ == "__main__":
    sys.exit(main())
