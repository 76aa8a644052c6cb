// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of MLC, see the LICENSE file.
#ifndef MLC_DIALECTS_PLAN_PLAN_H
#define MLC_DIALECTS_PLAN_PLAN_H

#include "dialects/Graph/Graph.h"

#include "dialects/Plan/PlanDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.h.inc"

#endif
