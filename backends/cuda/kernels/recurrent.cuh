// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
//
// One direction of an RNN, GRU or LSTM layer: h_t = cell(xw_t, h_{t-1} R^T), where xw [T, B, gates * H] holds the input's products and R is [gates * H, H]. f32 sums and state. A cluster of kSplit blocks has one
// batch entry; a block has H / kSplit units with all their rows of R, which stay in registers over all steps where they fit (kResident), else come from the L2 cache each step. kSlices lanes share a unit: each has every
// kSlices-th vector of its rows, a butterfly adds up, all lanes then know the unit's gates and keep its state. A new value goes at once to each block of the cluster (st.async, counted by a barrier in the receiver's shared
// memory); a step costs one such exchange, a GRU that resets before the product two. The next step's part of xw is read one step ahead.
// Grid: B x kSplit. Shared memory: two buffers of values and a barrier for each. Sources: ONNX operator specification, LSTM-14, GRU-14, RNN-14; Diamos et al. 2016, Persistent RNNs.
//
// Holes: sizeT (p); inputElement(p, t, b, column), weightVector(p, row, k) (4 floats) or weightElement, initialState(p, b, j), initialCell(p, b, j), peephole(p, column), recurrentBias(p, j), sequenceLength(p, b);
// activate0, activate1 (p, x): clipped; activateState(p, x): not; storeY(p, t, b, j, value), storeState(p, b, j, value), storeCell(p, b, j, value).
// Configuration: struct Config with kH, kGates (1 RNN, 3 GRU: z r h, 4 LSTM: i o f c), kThreads, kSlices, kSplit, kVector (4 or 1), kResident, kUnroll (reads of R in flight, where it is not), kWeightsConstant, kReverse, kHasLengths, kHasPeephole, kInputForget,
// kLinearBeforeReset.

template <typename C> struct RecurrentTile {
  static constexpr int kUnits = (C::kH + C::kSplit - 1) / C::kSplit; // of a block
  static constexpr int kTogether = C::kThreads / C::kSlices, kRounds = (kUnits + kTogether - 1) / kTogether;
  static constexpr int kSteps = (C::kH + C::kVector * C::kSlices - 1) / (C::kVector * C::kSlices); // vectors of a lane's part of a row
  static constexpr int kValues = (kSteps * C::kSlices * C::kVector + 3) / 4 * 4;                   // h, with zeros behind
  static constexpr int kSharedBytes = 2 * kValues * 4 + 16;
  static constexpr bool kWhole = C::kH % C::kSplit == 0 && kUnits % kTogether == 0; // every warp has units to send
  static_assert(C::kThreads % 32 == 0 && 32 % C::kSlices == 0, "lanes of a unit are of one warp");
  typedef Pack<float, C::kVector> Vector;
};

// H values that all units need of each other, again and again. Everybody has read the ones before by the time that the next are complete, since they are sent by those who have: two buffers are enough.
template <typename C> struct Exchange {
  typedef RecurrentTile<C> T;
  float *buffers;
  uint64_t *barriers;
  uint32_t number = 0; // of the values that are here

  DEVICE_MEMBER explicit Exchange(char *shared) : buffers((float *)shared), barriers((uint64_t *)(shared + 2 * T::kValues * 4)) {
    for (int i = threadIdx.x; i < 2 * T::kValues; i += C::kThreads) buffers[i] = 0;
    if constexpr (C::kSplit > 1) {
      if (threadIdx.x < 2) phase_init(barriers + threadIdx.x, 1);
      phases_are_set_up();
      cluster_arrive_release();
    }
    __syncthreads();
  }
  DEVICE_MEMBER const float *values() const { return buffers + number % 2 * T::kValues; }
  // One of the next values, by all lanes of its unit.
  DEVICE_MEMBER void send(int unit, int slice, float value) const {
    const uint32_t next = (number + 1) % 2;
    float *to = buffers + next * T::kValues + unit;
    if constexpr (C::kSplit == 1) {
      if (slice == 0) *to = value;
    } else {
      for (int rank = slice; rank < C::kSplit; rank += C::kSlices) cluster_store(to, barriers + next, value, rank);
    }
  }
  // All threads come here, and go on when the next values are here.
  DEVICE_MEMBER void receive() {
    ++number;
    if constexpr (C::kSplit > 1) {
      if (threadIdx.x == 0) phase_arrive_expecting(barriers + number % 2, C::kH * 4);
      phase_wait_cluster(barriers + number % 2, (number - 1) / 2 % 2);
    }
    if constexpr (C::kSplit == 1 || !T::kWhole) __syncthreads(); // a warp that sends nothing could miss a phase
  }
};

// A lane's part of R.
template <typename C> struct Weights {
  typedef RecurrentTile<C> T;
  typedef typename T::Vector Vector;
  Vector held[C::kResident ? T::kRounds : 1][C::kResident ? C::kGates : 1][C::kResident ? T::kSteps : 1];

  static DEVICE_MEMBER Vector load(const Params &p, int gate, int unit, int k) {
    Vector v = {};
    if (k >= C::kH) return v;
    const int64_t row = (int64_t)gate * C::kH + unit;
    if constexpr (C::kVector > 1) v = weightVector(p, row, k);
    else v.v[0] = weightElement(p, row, k);
    return v;
  }
  DEVICE_MEMBER void hold(const Params &p, int round, int unit, int slice) {
    if constexpr (C::kResident)
#pragma unroll
      for (int g = 0; g < C::kGates; ++g)
#pragma unroll
        for (int i = 0; i < T::kSteps; ++i) held[round][g][i] = load(p, g, unit, (i * C::kSlices + slice) * C::kVector);
  }
  // sums[g] = values . R's row of gate kFirst + g, in all lanes of the unit.
  template <int kFirst, int kCount> DEVICE_MEMBER void dots(const Params &p, const float *values, int round, int unit, int slice, float (&sums)[C::kGates]) const {
#pragma unroll
    for (int g = kFirst; g < kFirst + kCount; ++g) sums[g] = 0;
    auto step = [&](int i) {
      const int k = (i * C::kSlices + slice) * C::kVector;
      const Vector x = *(const Vector *)(values + k);
#pragma unroll
      for (int g = kFirst; g < kFirst + kCount; ++g) {
        Vector w;
        if constexpr (C::kResident) w = held[round][g][i];
        else w = load(p, g, unit, k);
#pragma unroll
        for (int j = 0; j < C::kVector; ++j) sums[g] += w.v[j] * x.v[j];
      }
    };
    if constexpr (C::kResident) {
#pragma unroll
      for (int i = 0; i < T::kSteps; ++i) step(i);
    } else {
#pragma unroll (C::kUnroll)
      for (int i = 0; i < T::kSteps; ++i) step(i);
    }
#pragma unroll
    for (int g = kFirst; g < kFirst + kCount; ++g)
#pragma unroll
      for (int mask = C::kSlices / 2; mask > 0; mask /= 2) sums[g] += __shfl_xor_sync(0xffffffff, sums[g], mask);
  }
};

// A unit between steps.
template <typename C> struct Unit {
  int number;
  bool valid;
  float h, c, next[C::kGates], x[C::kGates]; // x: this step's part of xw, next: the one's after it
  float constants[3];                        // peephole's i, o, f; the recurrent bias

  DEVICE_MEMBER void begin(const Params &p, int64_t b) {
    h = initialState(p, b, number);
    if constexpr (C::kGates == 4) c = initialCell(p, b, number);
#pragma unroll
    for (int i = 0; i < 3; ++i) constants[i] = C::kGates == 4 && C::kHasPeephole ? peephole(p, (int64_t)i * C::kH + number) : C::kGates == 3 && i == 0 ? recurrentBias(p, number) : 0;
  }
  DEVICE_MEMBER void load(const Params &p, int64_t t, int64_t b) {
#pragma unroll
    for (int g = 0; g < C::kGates; ++g) next[g] = inputElement(p, t, b, (int64_t)g * C::kH + number);
  }
  DEVICE_MEMBER void advance() {
#pragma unroll
    for (int g = 0; g < C::kGates; ++g) x[g] = next[g];
  }
  // The new h from all sums.
  DEVICE_MEMBER void lstm(const Params &p, const float (&s)[C::kGates]) {
    const float in = activate0(p, x[0] + s[0] + constants[0] * c);
    const float forget = C::kInputForget ? 1 - in : activate0(p, x[2] + s[2] + constants[2] * c);
    c = forget * c + in * activate1(p, x[3] + s[3]);
    h = activate0(p, x[1] + s[1] + constants[1] * c) * activateState(p, c);
  }
  DEVICE_MEMBER void blend(float z, float candidate) { h = (1 - z) * candidate + z * h; }
  DEVICE_MEMBER void gru(const Params &p, const float (&s)[C::kGates]) {
    const float z = activate0(p, x[0] + s[0]), r = activate0(p, x[1] + s[1]);
    blend(z, activate1(p, x[2] + r * (s[2] + constants[0])));
  }
};

// body(round, unit) for each of a thread's units, unrolled so that what they keep lies in registers.
template <typename C, typename Body> DEVICE void each_unit(Unit<C> (&units)[RecurrentTile<C>::kRounds], Body body) {
#pragma unroll
  for (int round = 0; round < RecurrentTile<C>::kRounds; ++round) body(round, units[round]);
}

template <typename C> DEVICE void recurrent(const Params &p, char *shared) {
  typedef RecurrentTile<C> T;
  const int64_t b = blockIdx.x / C::kSplit, steps = sizeT(p);
  const int slice = threadIdx.x % C::kSlices, rank = blockIdx.x % C::kSplit;
  Exchange<C> exchange(shared);
  Unit<C> units[T::kRounds];
  Weights<C> weights;
  each_unit<C>(units, [&](int round, Unit<C> &u) {
    const int of = round * T::kTogether + threadIdx.x / C::kSlices;
    u.valid = of < T::kUnits && rank * T::kUnits + of < C::kH;
    u.number = u.valid ? rank * T::kUnits + of : 0;
    if constexpr (C::kWeightsConstant) weights.hold(p, round, u.number, slice);
  });
  wait_for_launches();
  start_dependents();
  int64_t length = steps;
  if constexpr (C::kHasLengths) {
    const int64_t given = sequenceLength(p, b);
    length = given < 0 ? 0 : given < steps ? given : steps;
  }
  const auto time = [&](int64_t step) { return C::kReverse ? length - 1 - step : step; };
  for (int j = threadIdx.x; j < C::kH; j += C::kThreads) exchange.buffers[j] = initialState(p, b, j);
  each_unit<C>(units, [&](int round, Unit<C> &u) {
    if constexpr (!C::kWeightsConstant) weights.hold(p, round, u.number, slice);
    u.begin(p, b);
    if (length > 0) u.load(p, time(0), b);
  });
  __syncthreads();
  if constexpr (C::kSplit > 1) cluster_wait(); // all barriers and zeros are set up

  for (int64_t step = 0; step < length; ++step) {
    const int64_t t = time(step);
    const bool last = step + 1 == length;
    each_unit<C>(units, [&](int, Unit<C> &u) {
      u.advance();
      if (!last) u.load(p, time(step + 1), b);
    });
    auto finish = [&](const Unit<C> &u) {
      if (!u.valid) return;
      if (!last) exchange.send(u.number, slice, u.h);
      if (slice == 0) storeY(p, t, b, u.number, u.h);
    };
    float sums[C::kGates];
    if constexpr (C::kGates == 3 && !C::kLinearBeforeReset) {
      float z[T::kRounds];
      each_unit<C>(units, [&](int round, Unit<C> &u) {
        weights.template dots<0, 2>(p, exchange.values(), round, u.number, slice, sums);
        z[round] = activate0(p, u.x[0] + sums[0]);
        const float reset = activate0(p, u.x[1] + sums[1]) * u.h;
        if (u.valid) exchange.send(u.number, slice, reset);
      });
      exchange.receive();
      each_unit<C>(units, [&](int round, Unit<C> &u) {
        weights.template dots<2, 1>(p, exchange.values(), round, u.number, slice, sums);
        u.blend(z[round], activate1(p, u.x[2] + sums[2] + u.constants[0]));
        finish(u);
      });
    } else {
      each_unit<C>(units, [&](int round, Unit<C> &u) {
        weights.template dots<0, C::kGates>(p, exchange.values(), round, u.number, slice, sums);
        if constexpr (C::kGates == 4) u.lstm(p, sums);
        else if constexpr (C::kGates == 3) u.gru(p, sums);
        else u.h = activate0(p, u.x[0] + sums[0]);
        finish(u);
      });
    }
    if (!last) exchange.receive();
  }
  each_unit<C>(units, [&](int, Unit<C> &u) {
    if (!u.valid || slice != 0) return;
    if constexpr (C::kHasLengths)
      for (int64_t t = length; t < steps; ++t) storeY(p, t, b, u.number, 0);
    storeState(p, b, u.number, u.h);
    if constexpr (C::kGates == 4) storeCell(p, b, u.number, u.c);
  });
}
