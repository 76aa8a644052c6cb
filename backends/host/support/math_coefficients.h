/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Part of MLC, see the LICENSE file.
 *
 * Polynomial coefficients of math_f32.inc.c and math_f64.inc.c, lowest degree first, as fit.py prints them.
 */
/* relative error 1.32e-8 */
#define EXP_F 0x1.fffffep-2f, 0x1.5554bp-3f, 0x1.555674p-5f, 0x1.122772p-7f, 0x1.6bec08p-10f
/* relative error 1.89e-9 */
#define EXP2_F 0x1.62e43p-1f, 0x1.ebfbep-3f, 0x1.c6aedp-5f, 0x1.3b29aap-7f, 0x1.5f47bp-10f, 0x1.448fbcp-13f
/* relative error 5.83e-9 */
#define LOG_F 0x1.555554p-2f, -0x1.000226p-2f, 0x1.99a008p-3f, -0x1.547244p-3f, 0x1.22da1cp-3f, -0x1.0d853ep-3f, \
  0x1.055b6ap-3f, -0x1.38b58cp-4f
/* relative error 3.79e-9 */
#define SIN_F -0x1.555546p-3f, 0x1.11073ap-7f, -0x1.9943ep-13f
/* relative error 1.16e-10 */
#define COS_F 0x1.55554ap-5f, -0x1.6c0c34p-10f, 0x1.99eb9cp-16f
/* relative error 6.78e-9 */
#define TANH_F_P 0x1p+0f, 0x1.0bf16ap-3f, 0x1.96b762p-9f, 0x1.75f042p-17f, -0x1.5ac1b6p-26f, 0x1.ce79f6p-35f, \
  -0x1.7bec3p-44f
#define TANH_F_Q 0x1p+0f, 0x1.db4e06p-2f, 0x1.914444p-6f, 0x1.0ad612p-12f
/* relative error 1.93e-8 */
#define ERF_F_P 0x1.20dd74p+0f, 0x1.86b9ecp-3f, 0x1.b07562p-5f, 0x1.ef674ep-9f, 0x1.2aa4d4p-12f, 0x1.12116ep-19f
#define ERF_F_Q 0x1p+0f, 0x1.013cp-1f, 0x1.d3ffe6p-4f, 0x1.eb6ff6p-7f, 0x1.31746ap-10f, 0x1.3ecd12p-15f
/* relative error 1.8e-17 */
#define EXP_D 0x1.0000000000005p-1, 0x1.5555555555539p-3, 0x1.55555555522bap-5, 0x1.1111111118fa8p-7, \
  0x1.6c16c17edaf39p-10, 0x1.a01a01751523ap-13, 0x1.a019a77187b38p-16, 0x1.71de880794b1fp-19, \
  0x1.28a1dda2c853fp-22, 0x1.ae6ba3d138f0cp-26
/* relative error 1.23e-18 */
#define LOG_D 0x1.5555555555592p-1, 0x1.999999997fee9p-2, 0x1.24924941e0beap-2, 0x1.c71c52164fd0dp-3, \
  0x1.74663c52cdc0bp-3, 0x1.39a1fbaedd716p-3, 0x1.2f02e4f3d041ep-3
/* relative error 3.62e-18 */
#define SIN_D -0x1.5555555555548p-3, 0x1.111111110f7dp-7, -0x1.a01a019bfdf0ap-13, 0x1.71de3567d4dedp-19, \
  -0x1.ae5e5a92cabe1p-26, 0x1.5d8fd20b3882dp-33
/* relative error 5.56e-20 */
#define COS_D 0x1.555555555554bp-5, -0x1.6c16c16c14f91p-10, 0x1.a01a019c84502p-16, -0x1.27e4f7eac52a3p-22, \
  0x1.1ee9d7b51ba9ep-29, -0x1.8fa49a1d65d32p-37
/* relative error 1.28e-18 */
#define ATAN_D -0x1.555555555553dp-2, 0x1.99999999957cdp-3, -0x1.24924922aa4eep-3, 0x1.c71c70e50e6c7p-4, \
  -0x1.745cf8c37558ep-4, 0x1.3b1117951441fp-4, -0x1.10eba8c69d87bp-4, 0x1.df0e8009194a4p-5, -0x1.9ccf7e4c2a608p-5, \
  0x1.37ce1e610353fp-5, -0x1.255b3bcbd9607p-6
/* relative error 7.3e-18 */
#define ERF_D 0x1.20dd750429b6dp+0, -0x1.812746b0379bdp-2, 0x1.ce2f21a040d16p-4, -0x1.b82ce311fa948p-6, \
  0x1.565bccf92b40cp-8, -0x1.c02db03dd9404p-11, 0x1.f9a2baa92930bp-14, -0x1.f4ca4d7157c71p-17, \
  0x1.b97fd3eaabcc5p-20, -0x1.5c07274683743p-23, 0x1.d71b11045784bp-27, -0x1.abae4dc4327cdp-31
/* relative error 2.12e-18 */
#define ERFC_D 0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a28ep-3, 0x1.f7f5df66fda7fp-7, 0x1.16ecefcfa52f8p-4, \
  -0x1.9ddb23c3eabcep-4, 0x1.7fee004e1484ep-4, -0x1.0fb06dfe1646fp-4, 0x1.3079edf60bb79p-5, -0x1.0962389150de3p-6, \
  0x1.49c672be74e84p-8, -0x1.8d4a8c67f3936p-11, -0x1.a1df65797568cp-13, 0x1.3bdf1c2352158p-13, \
  -0x1.994de8b3e6efp-16, -0x1.78493e2c1ca3dp-17, 0x1.7e86d44b34828p-18, 0x1.2b1a249fc5f46p-22, \
  -0x1.b00992b0dbd91p-21, 0x1.8417057ad0928p-24, 0x1.6c34a912c4f68p-24, -0x1.9090a06409e41p-26
