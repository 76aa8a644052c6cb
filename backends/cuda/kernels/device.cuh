// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// Instructions that C++ does not have, one function each (PTX ISA 7.0 to 8.1).

DEVICE uint32_t shared_address(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }

// 16 bytes from global to shared memory, later; zeros when !valid. sm_80.
DEVICE void cp_async16(void *to, const void *from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(__cvta_generic_to_global(from)), "r"(valid ? 16 : 0) : "memory");
}
// Only `bytes` of them (0 to 16), zeros behind.
DEVICE void cp_async16_part(void *to, const void *from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(__cvta_generic_to_global(from)), "r"(bytes) : "memory");
}
DEVICE void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> DEVICE void cp_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// Four 8x8 matrices of 16-bit elements; lane l gives the address of row l % 8 of matrix l / 8. sm_75.
DEVICE void ldmatrix4(uint32_t (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(p)) : "memory");
}
DEVICE void ldmatrix4_trans(uint32_t (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(p)) : "memory");
}

// Two numbers rounded, the first in the low half. sm_80.
DEVICE uint32_t pack_pair(half_t, float x, float y) {
  uint32_t r;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(y), "f"(x));
  return r;
}
DEVICE uint32_t pack_pair(bf16_t, float x, float y) {
  uint32_t r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(y), "f"(x));
  return r;
}

// c (16 x 8, f32) += a (16 x 16, row) b (16 x 8, column). sm_80.
DEVICE void mma16816(half_t, float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
DEVICE void mma16816(bf16_t, float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// A float in two parts that TF32 holds (11 bits each): x = high + low up to 2^-22 of x. What is not finite is in high alone.
DEVICE uint32_t tf32_high(uint32_t x) { return x & 0xffffe000; }
DEVICE uint32_t tf32_low(uint32_t x) {
  const float whole = bitcast<float>(x);
  return (x & 0x7fffffff) == 0x7f800000 ? 0 : bitcast<uint32_t>(whole - bitcast<float>(tf32_high(x)));
}
// c (16 x 8, f32) += a (16 x 8, row) b (8 x 8, column) in TF32. sm_80.
DEVICE void mma1688(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Keeps a load where it stands: compilers move one down to its first use otherwise, behind what waits for others.
DEVICE void start_here(uint32_t loaded) { asm volatile("" ::"r"(loaded)); }

// ---- dependent launch. sm_90; before that launches run one after the other, and there is nothing to say.
// The next launch may start once all blocks have come here: what it does before its own wait runs beside this one.
DEVICE void start_dependents() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
// What earlier launches wrote is there behind this.
DEVICE void wait_for_launches() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// ---- barriers in shared memory. sm_90. A phase ends when all have arrived and all bytes have come, in any order; a wait is for the phase of that parity, the first one's is 0.
DEVICE void phase_init(uint64_t *barrier, uint32_t arrivals) { asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory"); }
// Copies that are started behind the next barrier of the block, and the cluster's other blocks behind its next one, find what was set up.
DEVICE void phases_are_set_up() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
DEVICE void phase_arrive(uint64_t *barrier) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory"); }
DEVICE void phase_arrive_expecting(uint64_t *barrier, uint32_t bytes) { asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes) : "memory"); }
DEVICE void phase_wait(uint64_t *barrier, uint32_t parity) {
  asm volatile("{\n .reg .pred open;\nagain: mbarrier.try_wait.parity.shared::cta.b64 open, [%0], %1;\n@!open bra again;\n}" ::"r"(shared_address(barrier)), "r"(parity) : "memory");
}
// The same for what threads of other blocks stored (cluster_store).
DEVICE void phase_wait_cluster(uint64_t *barrier, uint32_t parity) {
  asm volatile("{\n .reg .pred open;\nagain: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 open, [%0], %1;\n@!open bra again;\n}" ::"r"(shared_address(barrier)), "r"(parity) : "memory");
}

// ---- clusters of blocks. sm_90.
DEVICE uint32_t cluster_rank() { uint32_t r; asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(r)); return r; }
// Blocks of the cluster meet: each thread arrives, later waits. Orders no memory, which would cost 0.4 us.
DEVICE void cluster_arrive() { asm volatile("barrier.cluster.arrive.relaxed.aligned;" ::: "memory"); }
DEVICE void cluster_wait() { asm volatile("barrier.cluster.wait.aligned;" ::: "memory"); }
// What this thread wrote to shared memory is there for bulk copies that are started behind the next barrier.
DEVICE void bulk_copies_see_shared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
// Copies from this block's shared memory to the place `to` of block `rank`, whose barrier counts the bytes (a multiple of 16).
DEVICE void cluster_copy(void *to, uint64_t *barrier, const void *from, uint32_t bytes, uint32_t rank) {
  uint32_t there, counts;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(shared_address(to)), "r"(rank));
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(counts) : "r"(shared_address(barrier)), "r"(rank));
  asm volatile("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(there), "r"(shared_address(from)), "r"(bytes), "r"(counts) : "memory");
}
// The same with release, as cluster_wait acquires: what was written before is seen behind the wait.
DEVICE void cluster_arrive_release() { asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory"); }
// Stores to the place `to` of block `rank`, whose barrier counts 4 bytes.
DEVICE void cluster_store(float *to, uint64_t *barrier, float value, uint32_t rank) {
  uint32_t there, counts;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(shared_address(to)), "r"(rank));
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(counts) : "r"(shared_address(barrier)), "r"(rank));
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.f32 [%0], %1, [%2];" ::"r"(there), "f"(value), "r"(counts) : "memory");
}
