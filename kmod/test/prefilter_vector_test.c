// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_vector_test.c - the test module's copy of the vectors; by itself,
 * because sparse does not know them.
 */
#include "../prefilter_vector.c"
