# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Part of MLC, see the LICENSE file.
"""Prints the coefficients of math.inc.c: minimax fits by the Remez exchange (Remez 1934; for P/Q the linearised form of Cody 1970).

usage: fit.py [NAME...]        needs mpmath; not part of the build

Each row of FITS is: name, element bits, interval of the variable t, degrees of P and Q, the function g(t) that P(t)/Q(t) approximates, and the
weight w(t) by which an error of g enters the relative error of the final result.
"""
import sys
from mpmath import mp, mpf, cos, pi, exp, expm1, log1p, sin, sqrt, tanh, erf, erfc, atan, atanh, lu_solve, matrix, ldexp, frexp, floor

mp.dps = 45
Z = mpf(2) ** -60                       # stands for 0 where g has a removable singularity


def horner(c, t):
    r = mpf(0)
    for a in reversed(c):
        r = r * t + a
    return r


def remez(g, w, lo, hi, m, n, rounds=12):
    """Coefficients of P (degree m) and Q (degree n, constant term 1) and the weighted maximum error."""
    lo, hi = mpf(lo), mpf(hi)
    count = m + n + 2
    grid = [(lo + hi) / 2 - (hi - lo) / 2 * cos(pi * k / 1200) for k in range(1201)]
    gs, ws = [g(t) for t in grid], [w(t) for t in grid]
    pick = [round(1200 * (2 * k + 1) / (2 * count)) for k in range(count)]
    q = [mpf(1)] + [mpf(0)] * n
    for _ in range(rounds):
        for _ in range(8 if n else 1):
            a, b = matrix(count, count), matrix(count, 1)
            for row, k in enumerate(pick):
                t = grid[k]
                for j in range(m + 1):
                    a[row, j] = t ** j
                for j in range(1, n + 1):
                    a[row, m + j] = -gs[k] * t ** j
                a[row, count - 1] = (-1) ** row * horner(q, t) / ws[k]
                b[row] = gs[k]
            x = lu_solve(a, b)
            p, q = [x[j] for j in range(m + 1)], [mpf(1)] + [x[m + j] for j in range(1, n + 1)]
        e = [(horner(p, t) / horner(q, t) - gk) * wk for t, gk, wk in zip(grid, gs, ws)]
        runs = [0]                      # one extremum of each run of equal sign
        for k in range(1, len(e)):
            if (e[k] > 0) != (e[runs[-1]] > 0):
                runs.append(k)
            elif abs(e[k]) > abs(e[runs[-1]]):
                runs[-1] = k
        if len(runs) < count:
            break
        while len(runs) > count:
            runs.pop(0 if abs(e[runs[0]]) < abs(e[runs[-1]]) else -1)
        if runs == pick:
            break
        pick = runs
    return p, q, max(abs(v) for v in e)


def erfcx_like(y, k=mpf(4)):
    """(1 + 2x) exp(x^2) erfc(x) with x = k (1 + y) / (1 - y) (Shepherd and Laframboise 1981)."""
    x = k * (1 + y) / (1 - y)
    return (1 + 2 * x) * exp(x * x) * erfc(x)


def y_of(x, k=4):
    return (mpf(x) - k) / (mpf(x) + k)


H, R = mpf("0.3466"), sqrt(mpf(2))
FITS = [
    ("EXP_F", 32, -H, H, 4, 0, lambda r: (expm1(r + Z) - r - Z) / (r + Z) ** 2, lambda r: (r + Z) ** 2 / abs(expm1(r + Z))),
    ("EXP2_F", 32, -0.5, 0.5, 5, 0, lambda r: expm1((r + Z) * mp.ln2) / (r + Z), lambda r: abs(r + Z)),
    ("LOG_F", 32, 1 / R - 1, R - 1, 7, 0, lambda f: (log1p(f + Z) - f - Z + (f + Z) ** 2 / 2) / (f + Z) ** 3, lambda f: abs((f + Z) ** 3 / log1p(f + Z))),
    ("SIN_F", 32, Z, (pi / 4) ** 2, 2, 0, lambda z: (sin(sqrt(z)) - sqrt(z)) / z ** 1.5, lambda z: z ** 1.5 / sin(sqrt(z))),
    ("COS_F", 32, Z, (pi / 4) ** 2, 2, 0, lambda z: (cos(sqrt(z)) - 1 + z / 2) / z ** 2, lambda z: z ** 2 / cos(sqrt(z))),
    ("TANH_F", 32, Z, mpf("9.02") ** 2, 6, 3, lambda z: tanh(sqrt(z)) / sqrt(z), lambda z: sqrt(z) / tanh(sqrt(z))),
    ("ERF_F", 32, Z, mpf("3.93") ** 2, 5, 5, lambda z: erf(sqrt(z)) / sqrt(z), lambda z: sqrt(z) / erf(sqrt(z))),
    ("EXP_D", 64, -H, H, 9, 0, lambda r: (expm1(r + Z) - r - Z) / (r + Z) ** 2, lambda r: (r + Z) ** 2 / abs(expm1(r + Z))),
    ("LOG_D", 64, Z, ((R - 1) / (R + 1)) ** 2, 6, 0, lambda z: 2 * (atanh(sqrt(z)) - sqrt(z)) / z ** 1.5, lambda z: z ** 1.5 / 2 / atanh(sqrt(z))),
    ("SIN_D", 64, Z, (pi / 4) ** 2, 5, 0, lambda z: (sin(sqrt(z)) - sqrt(z)) / z ** 1.5, lambda z: z ** 1.5 / sin(sqrt(z))),
    ("COS_D", 64, Z, (pi / 4) ** 2, 5, 0, lambda z: (cos(sqrt(z)) - 1 + z / 2) / z ** 2, lambda z: z ** 2 / cos(sqrt(z))),
    ("ATAN_D", 64, Z, (R - 1) ** 2, 10, 0, lambda z: (atan(sqrt(z)) - sqrt(z)) / z ** 1.5, lambda z: z ** 1.5 / atan(sqrt(z))),
    ("ERF_D", 64, Z, 1, 11, 0, lambda z: erf(sqrt(z)) / sqrt(z), lambda z: sqrt(z) / erf(sqrt(z))),
    ("ERFC_D", 64, y_of(0.9), y_of(28), 20, 0, erfcx_like, lambda y: 1 / erfcx_like(y)),
]


def rounded(v, bits):
    """The nearest float or double, as the shortest hexadecimal C literal."""
    mant, e = frexp(v)
    p = 24 if bits == 32 else 53
    d = float(ldexp(floor(ldexp(mant, p) + mpf(1) / 2), int(e) - p))
    head, tail = d.hex().split("p")
    head = head.rstrip("0").rstrip(".") if "." in head else head
    return f"{head}p{tail}" + ("f" if bits == 32 else "")


def main():
    for name, bits, lo, hi, m, n, g, w in FITS:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        p, q, err = remez(g, w, lo, hi, m, n)
        print(f"/* relative error {mp.nstr(err, 3)} */")
        for part, c in (("P", p), ("Q", q))[:2 if n else 1]:
            print(f"#define {name}{'_' + part if n else ''} " + ", ".join(rounded(v, bits) for v in c))


if __name__ == "__main__":
    main()
