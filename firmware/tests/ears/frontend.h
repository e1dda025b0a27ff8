/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HIL_TESTS_EARS_FRONTEND_H
#define HIL_TESTS_EARS_FRONTEND_H

#define HIL_FRONTEND_STREAM_BYTES 64u

#endif
