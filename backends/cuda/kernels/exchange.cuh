// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// How the blocks of a cluster send each other parts of what they have: block r gets every other's part number r, by bulk copies between shared memories, which cost no barrier of the cluster. sm_90.

template <int kSplit, int kPartBytes> struct PartExchange {
  uint64_t *arrivals; // 8 bytes of shared memory in which, as in that for what is received, nothing else may lie: nobody knows how far the others are
  uint32_t rank;

  DEVICE_MEMBER explicit PartExchange(uint64_t *barrier) : arrivals(barrier), rank(cluster_rank()) {
    if (threadIdx.x == 0) {
      phase_init(arrivals, 1);
      phases_are_set_up();
    }
    cluster_arrive(); // by the time that anything is sent, all barriers are set up
  }
  // All threads come here, and go on when part number `rank` of each other block s lies at `received`, s parts behind its start. `parts` stays alone until `end`.
  DEVICE_MEMBER void swap(char *received, const char *parts) const {
    bulk_copies_see_shared();
    __syncthreads();
    cluster_wait();
    if (threadIdx.x == 0) phase_arrive_expecting(arrivals, (kSplit - 1) * kPartBytes);
    if (threadIdx.x < kSplit && threadIdx.x != rank) cluster_copy(received + rank * kPartBytes, arrivals, parts + threadIdx.x * kPartBytes, kPartBytes, threadIdx.x);
    phase_wait(arrivals, 0);
    cluster_arrive(); // mine has come
  }
  // Nobody leaves while its memory is read.
  DEVICE_MEMBER void end() const { cluster_wait(); }
};
template <int kPartBytes> struct PartExchange<1, kPartBytes> {
  static constexpr uint32_t rank = 0;
  DEVICE_MEMBER explicit PartExchange(uint64_t *) {}
  DEVICE_MEMBER void swap(char *, const char *) const { __syncthreads(); }
  DEVICE_MEMBER void end() const {}
};
