/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

int checks_failed;

int main(void)
{
    test_arithmetic();
    test_windows();
    test_dense_and_tables();
    test_float_functions();
    test_groups_and_moves();
    test_recurrent();
    printf("%d failed\n", checks_failed);
    return checks_failed ? 1 : 0;
}
